// NATs in simulated worlds: their types as a prober sees them, who can punch whom, and what happens when they
// change while the world runs.
#include "warren/sim/router.hpp"

#include <doctest/doctest.h>

#include <memory>
#include <string>

#include "warren/sim/nat_probe.hpp"

namespace warren::sim {
namespace {

using enum NatBehavior;

NatOptions router_of_type(const char* name) {
  return NatOptions::of_type(name).value();
}
IpAddress ip(const char* text) {
  return value_or_throw(IpAddress::parse(text));
}

struct Type {
  const char* name;
  NatBehavior mapping;
  NatBehavior filtering;
};
constexpr Type kTypes[] = {
    {"full-cone", kEndpointIndependent, kEndpointIndependent},
    {"address-restricted", kEndpointIndependent, kAddressDependent},
    {"port-restricted", kEndpointIndependent, kAddressAndPortDependent},
    {"symmetric-sequential", kAddressAndPortDependent, kAddressAndPortDependent},
    {"symmetric-random", kAddressAndPortDependent, kAddressAndPortDependent},
};

TEST_CASE("each type is what a probe finds") {
  for (const Type& type : kTypes) {
    CAPTURE(type.name);
    World world(7);
    NatProbe probe(world);
    Router& home = world.add_router("home", router_of_type(type.name), ip("203.0.113.1"));
    Machine& alice = world.add_machine_behind(home, "alice");
    CHECK(alice.address() == ip("192.168.1.2"));
    const auto found = probe.examine(alice);
    REQUIRE(found.has_value());
    CHECK(found->mapping == type.mapping);
    CHECK(found->filtering == type.filtering);
    for (const Endpoint& seen : found->seen) CHECK(seen.address == home.outside());
  }
}

TEST_CASE("behind a carrier's NAT the stricter behaviors are found, and the outermost address") {
  World world(7);
  NatProbe probe(world);
  Router& carrier = world.add_router("carrier", router_of_type("port-restricted"), ip("203.0.113.1"));
  Router& home = world.add_router("home", router_of_type("full-cone"), ip("100.64.0.2"), &carrier);
  Machine& alice = world.add_machine_behind(home, "alice");
  const auto found = probe.examine(alice);
  REQUIRE(found.has_value());
  CHECK(found->mapping == kEndpointIndependent);
  CHECK(found->filtering == kAddressAndPortDependent);
  CHECK(found->seen[0].address == carrier.outside());
  carrier.set_options(router_of_type("symmetric-random"));
  carrier.reboot();
  CHECK(probe.examine(alice)->mapping == kAddressAndPortDependent);
}

TEST_CASE("without UDP nothing is found") {
  World world(7);
  NatProbe probe(world);
  Router& home = world.add_router("home", router_of_type("udp-blocked"), ip("203.0.113.1"));
  CHECK_FALSE(probe.examine(world.add_machine_behind(home, "alice")).has_value());
}

// A home and somebody in it; with no type, somebody public.
Machine& add_home(World& world, const std::string& name, const char* type, const char* outside) {
  if (!type) return world.add_machine(name);
  return world.add_machine_behind(world.add_router(name + "'s", router_of_type(type), ip(outside)), name);
}

Task<void> send_now(DatagramSocket& from, Endpoint to) {
  const Bytes payload = {1};
  const IpAddress any = IpAddress::v4({});
  co_await from.send(any, to, payload, payload.size(), Ecn::kNotCapable);
}

// Whether two can speak over UDP when both send to where the other was seen, at the same time, three times.
bool punch(const char* type, const char* other_type) {
  World world(7);
  NatProbe probe(world);
  Machine& alice = add_home(world, "alice", type, "203.0.113.1");
  Machine& bob = add_home(world, "bob", other_type, "203.0.113.2");
  const auto at_alice = NatProbe::bind(alice, 4001);
  const auto at_bob = NatProbe::bind(bob, 4001);
  const Endpoint one = probe.seen(*at_alice).value();
  const Endpoint other = probe.seen(*at_bob).value();
  for (int attempt = 0; attempt < 3; ++attempt) {
    world.run(send_now(*at_alice, other));
    world.run(send_now(*at_bob, one));
    world.loop().advance(100ms);
  }
  // What has come shows where answers go.
  const auto heard = probe.drain(*at_alice);
  if (heard && probe.sent(*at_alice, *heard, *at_bob)) return true;
  const auto other_heard = probe.drain(*at_bob);
  return other_heard && probe.sent(*at_bob, *other_heard, *at_alice).has_value();
}

TEST_CASE("UDP punches through as the table says") {
  // Without prediction: a symmetric NAT's port is known to those only whom its filtering lets in.
  constexpr const char* kNames[] = {nullptr,           "full-cone",        "address-restricted",
                                    "port-restricted", "symmetric-random", "symmetric-sequential"};
  constexpr std::string_view kThrough[] = {
      "++++++",  // public
      "++++++",  // full cone
      "++++++",  // address-restricted
      "++++--",  // port-restricted
      "+++---",  // symmetric
      "+++---",
  };
  for (std::size_t row = 0; row < std::size(kNames); ++row) {
    for (std::size_t column = 0; column < std::size(kNames); ++column) {
      CAPTURE(row);
      CAPTURE(column);
      CHECK(punch(kNames[row], kNames[column]) == (kThrough[row][column] == '+'));
    }
  }
}

// Both dial from the port that the other was told; nothing when it was in vain.
Task<std::unique_ptr<TcpStream>> dial(Machine& from, Endpoint to) {
  const Endpoint local{from.address(), 4001};
  return from.env().network.connect_tcp(to, local);
}
Task<void> keep(Task<std::unique_ptr<TcpStream>> dialing, std::unique_ptr<TcpStream>& stream) {
  auto dialed = co_await as_result(std::move(dialing));
  if (dialed) stream = std::move(*dialed);
}
Task<std::string> say(TcpStream& from, TcpStream& to, std::string text) {
  co_await from.write(as_bytes(text));
  Bytes buffer(100);
  const std::size_t count = co_await to.read_some(buffer);
  co_return to_text(BytesView(buffer).first(count));
}

struct Both {
  std::unique_ptr<TcpStream> one;
  std::unique_ptr<TcpStream> other;
};
Both dial_each_other(World& world, Machine& alice, Machine& bob, Duration bob_waits) {
  Both both;
  TaskGroup group(world.loop().executor(), "test");
  group.spawn(keep(dial(alice, {bob.router()->outside(), 4001}), both.one));
  world.loop().advance(bob_waits);
  group.spawn(keep(dial(bob, {alice.router()->outside(), 4001}), both.other));
  world.loop().advance(200s);
  world.run(group.close());
  return both;
}

TEST_CASE("TCP punches by simultaneous open, even when one is late") {
  for (const Duration late : {Duration{0}, Duration{3ms}, Duration{15ms}, Duration{2500ms}}) {
    CAPTURE(to_ms(late));
    World world(7);
    Machine& alice = add_home(world, "alice", "port-restricted", "203.0.113.1");
    Machine& bob = add_home(world, "bob", "port-restricted", "203.0.113.2");
    const auto listener = value_or_throw(bob.env().network.listen_tcp({bob.address(), 4001}));
    const Both both = dial_each_other(world, alice, bob, late);
    REQUIRE(both.one);
    REQUIRE(both.other);
    CHECK(both.one->remote_endpoint() == Endpoint{bob.router()->outside(), 4001});
    CHECK(world.run(say(*both.one, *both.other, "from alice")) == "from alice");
    CHECK(world.run(say(*both.other, *both.one, "from bob")) == "from bob");
  }
}

TEST_CASE("TCP does not punch through symmetric NATs") {
  World world(7);
  Machine& alice = add_home(world, "alice", "symmetric-random", "203.0.113.1");
  Machine& bob = add_home(world, "bob", "port-restricted", "203.0.113.2");
  const Both both = dial_each_other(world, alice, bob, Duration{});
  CHECK_FALSE(both.one);
  CHECK_FALSE(both.other);
}

Task<Both> meet(Machine& from, Machine& to, std::optional<Endpoint> local = {}) {
  const auto listener = value_or_throw(to.env().network.listen_tcp({to.address(), 80}));
  Both both;
  const Endpoint remote = listener->local_endpoint();
  both.one = co_await from.env().network.connect_tcp(remote, local);
  both.other = co_await listener->accept();
  co_return both;
}

TEST_CASE("TCP from inside: the server sees the outside address; what dials in vain is silent or refused") {
  World world(7);
  Router& home = world.add_router("home", router_of_type("full-cone"), ip("203.0.113.1"));
  Machine& alice = world.add_machine_behind(home, "alice");
  Machine& server = world.add_machine("server");
  const Endpoint local{alice.address(), 4001};
  const Both both = world.run(meet(alice, server, local));
  CHECK(both.other->remote_endpoint() == Endpoint{home.outside(), 4001});
  CHECK(world.run(say(*both.other, *both.one, "hello")) == "hello");

  const auto dial_in = [&](std::uint16_t port) {
    const Endpoint to{home.outside(), port};
    return world.run(as_result(server.env().network.connect_tcp(to, std::nullopt)));
  };
  CHECK(dial_in(9).error() == Errc::kTimedOut);
  NatOptions options = home.options();
  options.resets_unwanted_tcp = true;
  home.set_options(options);
  const Instant start = world.loop().now();
  CHECK(dial_in(9).error() == Errc::kRefused);
  CHECK(world.loop().now() - start == 20ms);
  // The mapping that the connection made lets others in, as the filtering says.
  const auto listener = value_or_throw(alice.env().network.listen_tcp(local));
  CHECK(dial_in(4001).has_value());
}

TEST_CASE("a reboot ends what it carried, silently") {
  World world(7);
  Machine& alice = add_home(world, "alice", "port-restricted", "203.0.113.1");
  Machine& server = world.add_machine("server");
  const Both both = world.run(meet(alice, server));
  alice.router()->reboot();
  auto heard = with_timeout(world.clock(), 10min, say(*both.other, *both.one, "lost"));
  CHECK(world.run(as_result(std::move(heard))).error() == Errc::kTimedOut);
  CHECK(world.run(meet(alice, server)).one->remote_endpoint().address == server.address());
}

TEST_CASE("another address from the provider is what servers see then") {
  World world(7);
  NatProbe probe(world);
  Machine& alice = add_home(world, "alice", "full-cone", "203.0.113.1");
  const auto socket = NatProbe::bind(alice, 4001);
  const Endpoint first = probe.seen(*socket).value();
  const auto stranger = NatProbe::bind(world.add_machine("stranger"), 9);
  CHECK(probe.sent(*stranger, first, *socket).has_value());
  alice.router()->set_outside(ip("203.0.113.77"));
  CHECK_FALSE(probe.sent(*stranger, first, *socket).has_value());
  CHECK(probe.seen(*socket) == Endpoint{ip("203.0.113.77"), 4001});
  CHECK(probe.sent(*stranger, {ip("203.0.113.77"), 4001}, *socket).has_value());
}

TEST_CASE("mappings time out in virtual time") {
  World world(7);
  NatProbe probe(world);
  Machine& alice = add_home(world, "alice", "full-cone", "203.0.113.1");
  const auto socket = NatProbe::bind(alice, 4001);
  const Endpoint outer = probe.seen(*socket).value();
  const auto stranger = NatProbe::bind(world.add_machine("stranger"), 9);
  world.loop().advance(100s);
  CHECK(probe.sent(*stranger, outer, *socket).has_value());
  world.loop().advance(20s);
  CHECK_FALSE(probe.sent(*stranger, outer, *socket).has_value());
}

TEST_CASE("a machine that moves to another network keeps its sockets, and not its mappings") {
  World world(7);
  NatProbe probe(world);
  Machine& alice = add_home(world, "alice", "full-cone", "203.0.113.1");
  Router& cafe = world.add_router("cafe", router_of_type("symmetric-random"), ip("203.0.113.9"));
  world.add_machine_behind(cafe, "guest");
  const auto bound = value_or_throw(alice.env().network.bind_udp({IpAddress::v4({}), 4001}));
  CHECK(probe.seen(*bound)->address == ip("203.0.113.1"));
  world.move_behind(alice, &cafe);
  CHECK(alice.address() == ip("192.168.1.3"));
  CHECK(probe.seen(*bound)->address == ip("203.0.113.9"));
  world.move_behind(alice, nullptr);
  CHECK(probe.seen(*bound) == Endpoint{alice.address(), 4001});
}

TEST_CASE("two behind one router: in their own network, and through its outside address if it hairpins") {
  for (const bool hairpin : {false, true}) {
    World world(7);
    NatProbe probe(world);
    NatOptions options = router_of_type("full-cone");
    options.hairpin = hairpin;
    Router& home = world.add_router("home", options, ip("203.0.113.1"));
    const auto alice = NatProbe::bind(world.add_machine_behind(home, "alice"), 4001);
    const auto bob = NatProbe::bind(world.add_machine_behind(home, "bob"), 4001);
    const Endpoint outer = probe.seen(*bob).value();
    CHECK(outer.port != probe.seen(*alice)->port);
    CHECK(probe.sent(*alice, bob->local_endpoint(), *bob) == alice->local_endpoint());
    const auto through = probe.sent(*alice, outer, *bob);
    CHECK(through.has_value() == hairpin);
    if (through) CHECK(through->address == home.outside());
  }
}

TEST_CASE("two homes of one carrier reach each other by its hairpinning only") {
  for (const bool hairpin : {false, true}) {
    World world(7);
    NatProbe probe(world);
    NatOptions options = router_of_type("full-cone");
    options.hairpin = hairpin;
    Router& carrier = world.add_router("carrier", options, ip("203.0.113.1"));
    Router& one = world.add_router("one's", router_of_type("full-cone"), ip("100.64.0.2"), &carrier);
    Router& two = world.add_router("two's", router_of_type("full-cone"), ip("100.64.0.3"), &carrier);
    const auto alice = NatProbe::bind(world.add_machine_behind(one, "alice"), 4001);
    const auto bob = NatProbe::bind(world.add_machine_behind(two, "bob"), 4001);
    CHECK(alice->local_endpoint() == bob->local_endpoint());
    const Endpoint outer = probe.seen(*bob).value();
    CHECK(probe.sent(*alice, outer, *bob).has_value() == hairpin);
    CHECK(probe.sent(*alice, {two.outside(), 4001}, *bob).has_value());
  }
}

TEST_CASE("IPv6 is not translated, and a firewall is in front of it") {
  World world(7);
  Router& carrier = world.add_router("carrier", router_of_type("full-cone"), ip("203.0.113.1"));
  Router& home = world.add_router("home", router_of_type("port-restricted"), ip("100.64.0.2"), &carrier);
  Machine& alice = world.add_machine_behind(home, "alice", {ip("192.168.1.2"), ip("2001:db8:1::2")});
  Machine& server = world.add_machine("server", {ip("2001:db8:9::1")});
  NatProbe probe(world);
  const auto bound = value_or_throw(alice.env().network.bind_udp({ip("2001:db8:1::2"), 4001}));
  const auto remote = NatProbe::bind(server, 3478);
  CHECK_FALSE(probe.sent(*remote, bound->local_endpoint(), *bound).has_value());
  CHECK(probe.sent(*bound, remote->local_endpoint(), *remote) == bound->local_endpoint());
  CHECK(probe.sent(*remote, bound->local_endpoint(), *bound) == remote->local_endpoint());
}

TEST_CASE("a datagram ends at the router that takes its last hop off, before its NAT sees it") {
  World world(7);
  NatProbe probe(world);
  Router& carrier = world.add_router("carrier", router_of_type("full-cone"), ip("203.0.113.1"));
  Router& home = world.add_router("home", router_of_type("full-cone"), ip("100.64.0.2"), &carrier);
  Router& other = world.add_router("other", router_of_type("port-restricted"), ip("203.0.113.2"));
  const auto alice = NatProbe::bind(world.add_machine_behind(home, "alice"), 4001);
  const auto bob = NatProbe::bind(world.add_machine_behind(other, "bob"), 4001);
  const Endpoint bobs = probe.seen(*bob).value();
  // Each packet opens the NATs that it crosses, and no other.
  const auto mapped = [&] { return std::pair(home.nat().mappings(), carrier.nat().mappings()); };
  REQUIRE(alice->set_hop_limit(1));
  CHECK_FALSE(probe.sent(*alice, bobs, *bob).has_value());
  CHECK(mapped() == std::pair<std::size_t, std::size_t>(0, 0));
  REQUIRE(alice->set_hop_limit(2));
  CHECK_FALSE(probe.sent(*alice, bobs, *bob).has_value());
  CHECK(mapped() == std::pair<std::size_t, std::size_t>(1, 0));
  REQUIRE(alice->set_hop_limit(3));
  CHECK_FALSE(probe.sent(*alice, bobs, *bob).has_value());
  CHECK(mapped() == std::pair<std::size_t, std::size_t>(1, 1));
  // Now both are open, and a packet that reaches the other side is let in there, too.
  REQUIRE(probe.sent(*bob, {carrier.outside(), 4001}, *alice).has_value());
  CHECK_FALSE(probe.sent(*alice, bobs, *bob).has_value());
  REQUIRE(alice->set_hop_limit(4));
  CHECK(probe.sent(*alice, bobs, *bob).has_value());
}

TEST_CASE("a link between a machine behind a router and another counts for the whole way") {
  World world(7);
  Machine& alice = add_home(world, "alice", "port-restricted", "203.0.113.1");
  Machine& server = world.add_machine("server");
  world.set_delay(alice, server, 35ms);
  const Instant start = world.loop().now();
  const Both both = world.run(meet(alice, server));
  CHECK(world.loop().now() - start == 3 * 35ms);
  world.cut(alice, server);
  auto heard = with_timeout(world.clock(), 10s, say(*both.other, *both.one, "late"));
  CHECK(world.run(as_result(std::move(heard))).error() == Errc::kTimedOut);
}

TEST_CASE("the same seed, the same trace") {
  const auto trace = [](std::uint64_t seed) {
    World world(seed);
    NatProbe probe(world);
    Machine& alice = add_home(world, "alice", "symmetric-random", "203.0.113.1");
    for (const Endpoint& seen : probe.examine(alice)->seen) world.trace(seen.to_string());
    alice.router()->reboot();
    return world.trace();
  };
  CHECK(trace(7) == trace(7));
  CHECK(trace(7) != trace(8));
}

}  // namespace
}  // namespace warren::sim
