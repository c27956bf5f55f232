// The loop that asks, between servers and routers in a simulated world: how soon a node knows, what it
// believes behind each kind of NAT, and how it takes changes and servers that will not answer.
#include "warren/protocols/autonat/checker.hpp"

#include <doctest/doctest.h>

#include <algorithm>

#include "warren/async/as_result.hpp"
#include "warren/core/test_values.hpp"
#include "warren/protocols/autonat/test_service.hpp"

using namespace warren;
using namespace warren::autonat;
using namespace warren::testing;

namespace {

constexpr Duration kHalfTrip = 20ms;  // 40 ms from one to the other and back

Task<void> count_and_fail(std::size_t* asked) {
  ++*asked;
  throw_error(Errc::kReset);
  co_return;
}

// A node with all parts, as node/ wires them, and identify's word put in by hand.
struct TestSubject {
  TestSubject(sim::World& in, sim::Machine& machine) : world(in), node(machine), client(node.host) {
    tcp = node.listen("/tcp/4001").addresses.front();
    quic = node.listen("/udp/4001/quic-v1").addresses.front();
    client.start();
    observed.start();
    checker.start();
    changes = checker.changed().subscribe([this] { ++changed; });
  }
  ~TestSubject() {
    world.run(checker.close());
    observed.close();
    world.run(client.close());
    world.run(node.host.close());
  }

  // Connects, and knows what the other speaks and how it sees us, as after identify.
  ConnectionPtr meet(TestService& service, const PeerInfo& at, bool v2 = true) {
    const ConnectionPtr connection = world.run(node.host.connect(at));
    const std::string_view protocol = v2 ? v2::kDialRequestProtocol : v1::kProtocol;
    node.peerstore.set_description(at.id, {.protocols = {ProtocolId(protocol)}});
    world.loop().advance(2 * kHalfTrip);
    const auto theirs = service.node.host.connections(node.host.peer_id());
    if (!theirs.empty()) observed.note(connection, theirs.front()->remote_address());
    checker.wake();
    return connection;
  }
  Verdict on(const Multiaddr& address) { return verdict_on(book, address, world.clock().now()); }
  Verdict overall() { return book.overall(world.clock().now()); }

  sim::World& world;
  TestNode node;
  Client client;
  ReachabilityBook book;
  ObservedAddresses observed{node.host};
  Checker checker{node.host, client, book, &observed};
  Multiaddr tcp, quic;
  Subscription changes;
  std::size_t changed = 0;
};

struct Internet {
  explicit Internet(std::uint64_t seed) : world(seed) {}

  TestService& add_server(const std::string& ip) {
    sim::Machine& machine = world.add_machine("server" + ip, {test_ip(ip)});
    services.push_back(std::make_unique<TestService>(world, machine));
    return *services.back();
  }
  void link_all(sim::Machine& to) {
    for (const auto& service : services) world.set_delay(service->node.machine, to, kHalfTrip);
  }

  sim::World world;
  std::vector<std::unique_ptr<TestService>> services;
};

}  // namespace

TEST_CASE("a public node knows within a second, from two servers, for each transport") {
  Internet net(51);
  TestService& one = net.add_server("198.51.100.1");
  TestService& two = net.add_server("192.0.2.1");
  sim::Machine& machine = net.world.add_machine("node", {test_ip("203.0.113.5")});
  net.link_all(machine);
  TestSubject node(net.world, machine);
  const Instant began = net.world.clock().now();
  node.meet(one, one.at_quic);
  node.meet(two, two.at_tcp);
  net.world.loop().advance(began + 1s - net.world.clock().now());
  CHECK(node.overall() == Verdict::kReachable);
  CHECK(node.on(node.tcp) == Verdict::kReachable);
  CHECK(node.on(node.quic) == Verdict::kReachable);
  CHECK(node.changed >= 2);
  CHECK_FALSE(node.book.behind_nat());
  // Each is confirmed by the other one soon, and then it is quiet.
  net.world.loop().advance(30s);
  for (const OwnAddress& row : node.book.addresses(net.world.clock().now()))
    CHECK(row.verified_by.size() == 2);
  const std::uint64_t asked = one.server.counters().dialed + two.server.counters().dialed;
  net.world.loop().advance(30min);
  CHECK(node.overall() == Verdict::kReachable);
  CHECK(one.server.counters().dialed + two.server.counters().dialed - asked <= 40);
}

TEST_CASE("behind each kind of NAT, within five seconds") {
  struct Row {
    const char* type;
    Verdict quic;  // nothing else can be said of a full cone without a stranger
  };
  for (const Row& row : {Row{"full-cone", Verdict::kUnknown}, Row{"address-restricted", Verdict::kUnknown},
                         Row{"port-restricted", Verdict::kUnreachable}}) {
    CAPTURE(row.type);
    Internet net(52);
    TestService& one = net.add_server("198.51.100.1");
    TestService& two = net.add_server("192.0.2.1");
    sim::Router& router =
        net.world.add_router("home", *sim::NatOptions::of_type(row.type), test_ip("203.0.113.5"));
    sim::Machine& machine = net.world.add_machine_behind(router, "node");
    net.link_all(machine);
    TestSubject node(net.world, machine);
    const Instant began = net.world.clock().now();
    node.meet(one, one.at_quic);
    node.meet(two, two.at_quic);
    net.world.loop().advance(began + 5s - net.world.clock().now());
    const Multiaddr mapped = address("/ip4/203.0.113.5/udp/4001/quic-v1");
    CHECK(node.on(mapped) == row.quic);
    CHECK(node.overall() == row.quic);
    CHECK(node.book.behind_nat());
    CHECK(one.server.counters().dialed + two.server.counters().dialed > 0);
    net.world.loop().advance(9min);
    CHECK(node.on(mapped) == row.quic);
  }
}

TEST_CASE("a full cone is found out by a server that we have not sent anything to over UDP") {
  for (const std::string type : {"full-cone", "address-restricted"}) {
    CAPTURE(type);
    Internet net(53);
    TestService& one = net.add_server("198.51.100.1");
    TestService& two = net.add_server("192.0.2.1");
    TestService& three = net.add_server("198.18.0.1");
    sim::Router& router =
        net.world.add_router("home", *sim::NatOptions::of_type(type), test_ip("203.0.113.5"));
    sim::Machine& machine = net.world.add_machine_behind(router, "node");
    net.link_all(machine);
    TestSubject node(net.world, machine);
    const Instant began = net.world.clock().now();
    node.meet(one, one.at_quic);
    node.meet(two, two.at_quic);
    node.meet(three, three.at_tcp);
    net.world.loop().advance(began + 5s - net.world.clock().now());
    const Multiaddr mapped = address("/ip4/203.0.113.5/udp/4001/quic-v1");
    const Verdict expected = type == "full-cone" ? Verdict::kReachable : Verdict::kUnreachable;
    CHECK(node.on(mapped) == expected);
    CHECK(node.overall() == expected);
  }
}

TEST_CASE("a symmetric NAT has no address that two have seen, one that STUN names is unreachable") {
  Internet net(54);
  TestService& one = net.add_server("198.51.100.1");
  TestService& two = net.add_server("192.0.2.1");
  sim::Router& router =
      net.world.add_router("home", *sim::NatOptions::of_type("symmetric-random"), test_ip("203.0.113.5"));
  sim::Machine& machine = net.world.add_machine_behind(router, "node");
  net.link_all(machine);
  TestSubject node(net.world, machine);
  node.meet(one, one.at_quic);
  node.meet(two, two.at_quic);
  net.world.loop().advance(5s);
  CHECK(node.observed.addresses().empty());
  CHECK(node.overall() == Verdict::kUnknown);
  const Multiaddr named = address("/ip4/203.0.113.5/udp/40000/quic-v1");
  node.checker.set(OwnSource::kStun, {named});
  net.world.loop().advance(5s);
  CHECK(node.on(named) == Verdict::kUnreachable);
  CHECK(node.overall() == Verdict::kUnreachable);
}

TEST_CASE("servers of version 1 will do") {
  Internet net(55);
  TestService& one = net.add_server("198.51.100.1");
  TestService& two = net.add_server("192.0.2.1");
  sim::Machine& machine = net.world.add_machine("node", {test_ip("203.0.113.5")});
  net.link_all(machine);
  TestSubject node(net.world, machine);
  node.meet(one, one.at_tcp, false);
  node.meet(two, two.at_tcp, false);
  net.world.loop().advance(10s);
  CHECK(node.on(node.tcp) == Verdict::kReachable);
  CHECK(node.on(node.quic) == Verdict::kReachable);
  const auto rows = node.book.addresses(net.world.clock().now());
  CHECK(rows.front().confidence < 0.75);  // it is only their word
}

TEST_CASE("a server that comes later, and an address that does, are used at once") {
  Internet net(56);
  TestService& one = net.add_server("198.51.100.1");
  sim::Machine& machine = net.world.add_machine("node", {test_ip("203.0.113.5")});
  net.link_all(machine);
  TestSubject node(net.world, machine);
  net.world.loop().advance(10min);
  CHECK(node.overall() == Verdict::kUnknown);
  node.meet(one, one.at_tcp);
  net.world.loop().advance(4s);
  CHECK(node.overall() == Verdict::kReachable);
  const Multiaddr late = node.node.listen("/tcp/5001").addresses.front();
  net.world.loop().advance(3s);
  CHECK(node.on(late) == Verdict::kReachable);
}

TEST_CASE("who refuses or fails is left alone for longer and longer") {
  Internet net(57);
  TestService& one = net.add_server("198.51.100.1");
  sim::Machine& machine = net.world.add_machine("node", {test_ip("203.0.113.5")});
  net.link_all(machine);
  TestSubject node(net.world, machine);
  std::size_t asked = 0;
  one.node.host.handle(ProtocolId(v2::kDialRequestProtocol),
                       [&asked](ConnectionPtr, StreamPtr) { return count_and_fail(&asked); });
  node.meet(one, one.at_tcp);
  net.world.loop().advance(1h);
  CHECK(asked >= 3);
  CHECK(asked <= 12);
  CHECK(node.overall() == Verdict::kUnknown);
}

TEST_CASE("another network: what was known is not believed any more") {
  Internet net(58);
  TestService& one = net.add_server("198.51.100.1");
  TestService& two = net.add_server("192.0.2.1");
  sim::Machine& machine = net.world.add_machine("node", {test_ip("203.0.113.5")});
  net.link_all(machine);
  TestSubject node(net.world, machine);
  node.meet(one, one.at_tcp);
  node.meet(two, two.at_tcp);
  net.world.loop().advance(5s);
  CHECK(node.overall() == Verdict::kReachable);
  // A cable that was out comes back with the same addresses.
  node.node.host.network_changed();
  CHECK(node.overall() == Verdict::kReachable);
  net.world.move(machine, {test_ip("203.0.113.6")});
  node.node.host.network_changed();
  CHECK(node.overall() == Verdict::kUnknown);
}

TEST_CASE("the configuration wins over what is found out, and nobody is asked") {
  Internet net(59);
  TestService& one = net.add_server("198.51.100.1");
  sim::Machine& machine = net.world.add_machine("node", {test_ip("203.0.113.5")});
  net.link_all(machine);
  TestSubject node(net.world, machine);
  node.checker.set_configured(Verdict::kUnreachable);
  node.meet(one, one.at_tcp);
  net.world.loop().advance(1min);
  CHECK(node.overall() == Verdict::kUnreachable);
  CHECK(one.server.counters().dialed == 0);
}
