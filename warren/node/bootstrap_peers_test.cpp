// Bootstrap peers of all sources at once: whoever answers is connected to, whatever the others do.
#include <doctest/doctest.h>

#include <algorithm>

#include "warren/node/bootstrap.hpp"
#include "warren/sim/dns.hpp"
#include "warren/swarm/test_node.hpp"

using namespace warren;

namespace {

struct GuestHost {
  GuestHost(sim::World& in, const std::string& name)
      : world(in), node(in.add_machine(name)), info(node.listen()) {}
  ~GuestHost() { world.run(node.host.close()); }

  Multiaddr address() const { return info.addresses.front().with(Protocol::kP2p, info.id.bytes()); }
  std::string text() const { return "dnsaddr=" + address().to_string(); }

  sim::World& world;
  TestNode node;
  PeerInfo info;
};

// The node that begins.
struct Beginner {
  Beginner() : node(world.add_machine("beginner"), {}, kBoth, {}, &dns), bootstrap(node.host) {}
  ~Beginner() {
    world.run(bootstrap.close());
    world.run(node.host.close());
  }

  bool is_connected(const GuestHost& guest) { return !node.host.connections(guest.info.id).empty(); }
  // How long it takes until this guest is connected; `most` when it is not.
  Duration time_to(const GuestHost& guest, Duration most) {
    const Instant begin = world.clock().now();
    while (!is_connected(guest) && world.clock().now() - begin < most) world.loop().advance(10ms);
    return world.clock().now() - begin;
  }
  // The guest closes its connections; until that has arrived.
  bool lose(const GuestHost& guest) {
    world.loop().advance(1s);  // the last message of the handshake has arrived, too
    for (const ConnectionPtr& connection : guest.node.host.connections()) connection->close();
    for (int i = 0; i < 1000 && is_connected(guest); ++i) world.loop().advance(10ms);
    return !is_connected(guest);
  }
  // A peer behind a cable that is pulled.
  std::unique_ptr<GuestHost> unreachable(const std::string& name) {
    auto guest = std::make_unique<GuestHost>(world, name);
    world.cut(node.machine, guest->node.machine);
    return guest;
  }

  static inline const std::vector<TestNode::Security> kBoth = {TestNode::Security::kNoise,
                                                               TestNode::Security::kTls};
  sim::World world{7};
  sim::Dns dns{world.clock()};
  TestNode node;
  Bootstrap bootstrap;
};

}  // namespace

TEST_CASE_FIXTURE(Beginner, "sources that are silent do not hold up the one that answers") {
  const auto config = unreachable("config");
  CHECK(bootstrap.add(config->address()));
  dns.set_error("_warren._udp.silent.example", Errc::kTimedOut);
  dns.set_error("_dnsaddr.silent.example", Errc::kTimedOut);
  CHECK(bootstrap.add_domain("silent.example"));
  std::vector<std::unique_ptr<GuestHost>> dead;
  for (int i = 0; i < 12; ++i) {
    dead.push_back(unreachable("dead" + std::to_string(i)));
    bootstrap.offer(dead.back()->info, "known");
  }
  GuestHost alive(world, "alive");
  SUBCASE("an earlier run's") {
    bootstrap.offer(alive.info, "known");
  }
  SUBCASE("one of the peerstore, which this node has never dialed") {
    node.peerstore.add_addresses(alive.info.id, alive.info.addresses, AddressSource::kPeerRecord,
                                 world.clock().now() + 1h);
  }
  SUBCASE("a neighbour") {
    bootstrap.offer(alive.info, "mdns");
  }
  SUBCASE("a domain's") {
    dns.set_text("_warren._udp.example.com", {alive.text()});
    CHECK(bootstrap.add_domain("example.com"));
  }
  SUBCASE("the configuration's") {
    CHECK(bootstrap.add(alive.address()));
  }
  bootstrap.start();
  CHECK(time_to(alive, 10s) <= 1s);
}

TEST_CASE_FIXTURE(Beginner, "a domain is followed when its record changes") {
  GuestHost first(world, "first"), second(world, "second");
  dns.set("first.example.com", {first.node.machine.address()});
  dns.set_srv("_warren._tcp.example.com", {{.port = first.info.addresses.front().components()[1].port(),
                                            .target = "first.example.com",
                                            .ttl = 1h}});
  dns.set_text("_warren._tcp.example.com", {"dnsaddr=/p2p/" + first.info.id.to_string()}, 1h);
  CHECK(bootstrap.add_domain("example.com"));
  CHECK(bootstrap.add_domain("example.com.").error() == Errc::kExists);
  bootstrap.start();
  CHECK(time_to(first, 5s) <= 1s);
  REQUIRE(bootstrap.peers().size() == 1);
  CHECK(bootstrap.peers()[0].source == "dns example.com");
  CHECK(bootstrap.peers()[0].connected);

  // It moves, while its records have most of their hour left: who lost it asks again.
  world.loop().advance(1min);
  dns.set_srv("_warren._tcp.example.com", {{.port = second.info.addresses.front().components()[1].port(),
                                            .target = "second.example.com",
                                            .ttl = 1h}});
  dns.set("second.example.com", {second.node.machine.address()});
  dns.set_text("_warren._tcp.example.com", {"dnsaddr=/p2p/" + second.info.id.to_string()}, 1h);
  world.loop().advance(1min);
  CHECK_FALSE(is_connected(second));
  CHECK(lose(first));
  CHECK(time_to(second, 60s) <= 10s);
  REQUIRE(bootstrap.peers().size() == 1);
  CHECK(PeerId::of(bootstrap.peers()[0].address) == second.info.id);
}

TEST_CASE_FIXTURE(Beginner, "a domain is read again when its records have had their time") {
  GuestHost first(world, "first"), second(world, "second");
  dns.set_text("_dnsaddr.example.com", {first.text()}, 2min);
  CHECK(bootstrap.add_domain("example.com"));
  bootstrap.start();
  CHECK(time_to(first, 5s) <= 1s);
  dns.set_text("_dnsaddr.example.com", {first.text(), second.text()}, 2min);
  CHECK(time_to(second, 5min) <= 2min + 1s);
}

TEST_CASE_FIXTURE(Beginner, "a domain that nobody answers for is asked again, and shown as it is") {
  CHECK(bootstrap.add_domain("example.com"));
  CHECK(bootstrap.add_domain("not a domain").error() == Errc::kBadAddress);
  bootstrap.start();
  world.loop().advance(5s);
  REQUIRE(bootstrap.peers().size() == 1);
  CHECK(bootstrap.peers()[0].address.to_string() == "/dnsaddr/example.com");
  CHECK(bootstrap.peers()[0].error == make_error_code(Errc::kNotFound).message());
  GuestHost late(world, "late");
  dns.set_srv("_warren._tcp.example.com", {{.port = 1, .target = "late.example.com", .ttl = 1min}});
  world.loop().advance(10s);
  CHECK(bootstrap.peers()[0].error.contains("add a TXT record"));
  dns.set_text("_warren._tcp.example.com", {late.text()});
  CHECK(time_to(late, 5min) <= 61s);
}

TEST_CASE_FIXTURE(Beginner, "kept peers are connected again, protected, and let go when they are removed") {
  GuestHost guest(world, "guest");
  bootstrap.start();
  CHECK(bootstrap.add(guest.info.addresses.front()).error() == Errc::kBadAddress);
  CHECK(bootstrap.add(guest.address()));
  CHECK(bootstrap.add(guest.address()).error() == Errc::kExists);
  CHECK(time_to(guest, 5s) <= 1s);
  CHECK(lose(guest));
  CHECK(time_to(guest, 5s) <= 2s);
  CHECK(node.host.unprotect(guest.info.id, "other"));  // still protected by us

  CHECK(bootstrap.remove(guest.address()));
  CHECK(bootstrap.remove(guest.address()).error() == Errc::kNotFound);
  CHECK_FALSE(node.host.unprotect(guest.info.id, "other"));
  CHECK(is_connected(guest));
  CHECK(lose(guest));
  CHECK(time_to(guest, 10min) >= 10min);
  CHECK(bootstrap.peers().empty());
}

TEST_CASE_FIXTURE(Beginner, "a tree without a PeerID names peers, until it is removed") {
  GuestHost guest(world, "guest");
  const Multiaddr tree = value_or_throw(Multiaddr::parse("/dnsaddr/tree.example"));
  dns.set_text("_dnsaddr.tree.example", {"dnsaddr=/dnsaddr/leaf.example"});
  dns.set_text("_dnsaddr.leaf.example", {guest.text()});
  CHECK(bootstrap.add(tree));
  bootstrap.start();
  CHECK(time_to(guest, 5s) <= 1s);
  CHECK(bootstrap.remove(guest.address()).error() == Errc::kNotFound);  // the tree would name it again
  CHECK(bootstrap.remove(tree));
  CHECK(bootstrap.remove(tree).error() == Errc::kNotFound);
  world.loop().advance(1h);
  CHECK(bootstrap.peers().empty());
}

TEST_CASE_FIXTURE(Beginner, "names are bounded, and the node itself is nobody to connect to") {
  for (std::size_t i = 0; i < Bootstrap::kNamesMax; ++i)
    CHECK(bootstrap.add_domain("d" + std::to_string(i) + ".example"));
  CHECK(bootstrap.add_domain("one-more.example").error() == Errc::kLimitReached);
  const PeerInfo self = node.listen();
  bootstrap.offer(self, "mdns");
  CHECK(bootstrap.add(self.addresses.front().with(Protocol::kP2p, self.id.bytes())));
  bootstrap.start();
  world.loop().advance(1min);
  CHECK(bootstrap.peers().size() == Bootstrap::kNamesMax);
}
