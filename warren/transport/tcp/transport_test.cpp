#include "warren/transport/tcp/transport.hpp"

#include <doctest/doctest.h>

#include "warren/env/real/loop.hpp"
#include "warren/sim/transport_contract.hpp"
#include "warren/sim/world.hpp"
#include "warren/transport/tcp/address.hpp"

namespace warren::tcp {
namespace {

using sim::contract_tests::multiaddr;
using sim::contract_tests::RawPair;

TEST_CASE("TCP over the kernel's loopback is a Transport") {
  real::Loop loop(1);
  TcpTransport one(loop.env());
  TcpTransport other(loop.env());
  sim::check_transport_contract({.executor = loop.env().executor,
                                 .clock = loop.env().clock,
                                 .run = [&](Task<void> task) { loop.run(std::move(task)); },
                                 .dialer = one,
                                 .listener = other,
                                 .free_address = multiaddr("/ip4/127.0.0.1/tcp/0"),
                                 .buffer_max = 16 * 1024 * 1024});
}

struct SimulatedTest {
  sim::World world{7};
  sim::Machine& alice = world.add_machine("alice");
  sim::Machine& bob = world.add_machine("bob");
  TcpTransport from_alice{alice.env()};
  TcpTransport from_bob{bob.env()};

  static Multiaddr address_of(const sim::Machine& machine, std::uint16_t port) {
    return multiaddr_of({machine.address(), port});
  }
  std::unique_ptr<TransportListener> listen(TcpTransport& transport, const std::string& address) {
    return value_or_throw(transport.listen(multiaddr(address)), address);
  }
  RawConnection dial(TcpTransport& transport, const Multiaddr& address) {
    return world.run(transport.dial(address));
  }
};

TEST_CASE_FIXTURE(SimulatedTest, "TCP over a simulated network is a Transport") {
  sim::check_transport_contract({.executor = world.loop().executor(),
                                 .clock = world.clock(),
                                 .run = [&](Task<void> task) { world.run(std::move(task)); },
                                 .dialer = from_alice,
                                 .listener = from_bob,
                                 .free_address = address_of(bob, 0)});
  CHECK_FALSE(world.loop().busy());
}

TEST_CASE("end points and addresses") {
  for (const char* text : {"/ip4/192.0.2.1/tcp/4001", "/ip6/2001:db8::1/tcp/0"}) {
    const auto endpoint = endpoint_of(multiaddr(text));
    REQUIRE(endpoint.has_value());
    CHECK(multiaddr_of(*endpoint).to_string() == text);
  }
  for (const char* text : {"/ip4/192.0.2.1", "/ip4/192.0.2.1/udp/1", "/dns/example.com/tcp/1", "/tcp/1",
                           "/ip4/192.0.2.1/tcp/1/ws", "/ip6zone/eth0/ip6/fe80::1/tcp/1"}) {
    CHECK(endpoint_of(multiaddr(text)).error() == Errc::kBadAddress);
  }
}

TEST_CASE_FIXTURE(SimulatedTest, "dials leave from the port that is listened on") {
  const auto at_bob = listen(from_bob, "/ip4/0.0.0.0/tcp/4001");
  SUBCASE("on all addresses") {
    const auto at_alice = listen(from_alice, "/ip4/0.0.0.0/tcp/5001");
    CHECK(dial(from_alice, address_of(bob, 4001)).local == address_of(alice, 5001));
  }
  SUBCASE("on the one address") {
    const auto at_alice = listen(from_alice, address_of(alice, 5001).to_string());
    CHECK(dial(from_alice, address_of(bob, 4001)).local == address_of(alice, 5001));
  }
  SUBCASE("unless that reaches loopback only") {
    const auto at_alice = listen(from_alice, "/ip4/127.0.0.1/tcp/5001");
    CHECK(dial(from_alice, address_of(bob, 4001)).local != address_of(alice, 5001));
  }
  SUBCASE("unless it is of the other family") {
    const auto at_alice = listen(from_alice, "/ip6/::/tcp/5001");
    CHECK(dial(from_alice, address_of(bob, 4001)).local != address_of(alice, 5001));
  }
  SUBCASE("unless that listener has gone") {
    listen(from_alice, "/ip4/0.0.0.0/tcp/5001").reset();
    CHECK(dial(from_alice, address_of(bob, 4001)).local != address_of(alice, 5001));
  }
}

TEST_CASE_FIXTURE(SimulatedTest, "a dial to our own listening port does not connect a socket to itself") {
  const auto listener = listen(from_alice, "/ip4/0.0.0.0/tcp/4001");
  for (const std::string& host : {std::string("127.0.0.1"), alice.address().to_string()}) {
    const Multiaddr own = multiaddr("/ip4/" + host + "/tcp/4001");
    const RawConnection dialed = dial(from_alice, own);
    CHECK(dialed.local != dialed.remote);
    CHECK(world.run(listener->accept()).remote == dialed.local);
  }
}

TEST_CASE("over the kernel too, a dial leaves from the listening port, but never to itself") {
  real::Loop loop(1);
  TcpTransport ours(loop.env());
  TcpTransport theirs(loop.env());
  const auto at_home = value_or_throw(ours.listen(multiaddr("/ip4/127.0.0.1/tcp/0")));
  const auto away = value_or_throw(theirs.listen(multiaddr("/ip4/127.0.0.1/tcp/0")));
  const RawConnection dialed = loop.run(ours.dial(away->address()));
  CHECK(dialed.local == at_home->address());
  CHECK(loop.run(away->accept()).remote == at_home->address());
  const RawConnection own = loop.run(ours.dial(at_home->address()));
  CHECK(own.local != own.remote);
}

}  // namespace
}  // namespace warren::tcp
