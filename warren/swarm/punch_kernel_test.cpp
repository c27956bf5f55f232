// Punches over TCP with the kernel's sockets, on loopback: there is no delay, so a dial always finds the
// other's listener, whoever is to begin.
#include <doctest/doctest.h>

#include "warren/async/as_result.hpp"
#include "warren/env/real/loop.hpp"
#include "warren/swarm/test_echo.hpp"
#include "warren/swarm/test_tcp_node.hpp"

using namespace warren;

namespace {

struct KernelNode : TcpNode {
  explicit KernelNode(Env& env) : TcpNode(env) {
    address = value_or_throw(host.listen(value_or_throw(Multiaddr::parse("/ip4/127.0.0.1/tcp/0"))));
    serve_echo(host);
  }

  Multiaddr address;
};

PunchCall call(const KernelNode& to, PunchRole role) {
  return {.peer = to.host.peer_id(), .role = role, .addresses = {to.address}};
}

Task<void> store(SwarmHost& host, PunchCall call, PunchOutcome& outcome) {
  outcome = co_await host.punch(std::move(call));
}

}  // namespace

TEST_CASE("over the kernel, whoever's pipe comes first, the client begins") {
  for (const bool client_first : {true, false}) {
    CAPTURE(client_first);
    real::Loop loop(1);
    KernelNode alice(loop.env());
    KernelNode bob(loop.env());
    PunchOutcome alices, bobs;
    TaskGroup group(loop.env().executor, "test");
    if (client_first) group.spawn(store(alice.host, call(bob, PunchRole::kClient), alices));
    group.spawn(store(bob.host, call(alice, PunchRole::kServer), bobs));
    if (!client_first) group.spawn(store(alice.host, call(bob, PunchRole::kClient), alices));
    loop.run(group.join());
    REQUIRE(alices.connection);
    REQUIRE(bobs.connection);
    CHECK(alices.connection->direction() == Direction::kOutbound);
    CHECK(bobs.connection->direction() == Direction::kInbound);
    CHECK(loop.run(ask_echo(alices.connection, to_bytes("one"))) == to_bytes("one"));
    CHECK(alice.host.connections().size() == 1);
    CHECK(bob.host.connections().size() == 1);
    loop.run(alice.host.close());
    loop.run(bob.host.close());
  }
}

TEST_CASE("over the kernel, a port that is closed at first is dialed again") {
  real::Loop loop(1);
  KernelNode alice(loop.env());
  auto bob = std::make_unique<KernelNode>(loop.env());
  const Multiaddr address = bob->address;
  loop.run(bob->host.close());
  bob.reset();
  PunchCall hopeless{.peer = alice.host.peer_id(), .addresses = {address}, .time_max = 600ms};
  hopeless.peer = PeerId::from_public_key(PrivateKey::generate(KeyType::kEd25519, [&](MutableBytes to) {
                                            loop.env().random.fill(to);
                                          }).public_key());
  const auto outcome = loop.run(alice.host.punch(hopeless));
  CHECK_FALSE(outcome.connection);
  CHECK(outcome.error == Errc::kRefused);
  REQUIRE(outcome.attempts.size() == 1);
  CHECK(outcome.attempts.front().took > 400ms);  // more than one try
  loop.run(alice.host.close());
}
