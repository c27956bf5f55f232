// Machines on one simulated network, and what comes to them from others there.
#include "warren/protocols/mdns/mdns.hpp"

#include <doctest/doctest.h>

#include "warren/async/as_result.hpp"
#include "warren/core/ip_address.hpp"
#include "warren/protocols/mdns/membership.hpp"
#include "warren/protocols/mdns/test_values.hpp"
#include "warren/swarm/test_node.hpp"

namespace warren::mdns {
namespace {

const Endpoint kGroup4{ip("224.0.0.251"), 5353};
const Endpoint kGroup6{ip("ff02::fb"), 5353};

// A host with mDNS, and what that has told.
struct Node : TestNode {
  explicit Node(sim::Machine& machine, Limits limits = {}) : TestNode(machine), mdns(host, limits) {
    subscriptions.push_back(mdns.found().subscribe([this](const PeerInfo& peer) { found.push_back(peer); }));
    subscriptions.push_back(mdns.lost().subscribe([this](const PeerId& peer) { lost.push_back(peer); }));
    mdns.start();
  }
  Task<void> close() {
    co_await mdns.close();
    co_await host.close();
  }
  std::size_t times_found(const PeerId& peer) const {
    return static_cast<std::size_t>(std::ranges::count(found, peer, &PeerInfo::id));
  }
  // With all addresses that mean something to others.
  bool knows(const Node& other) const {
    auto addresses = other.host.addresses();
    std::erase_if(addresses, [](const Multiaddr& it) { return is_loopback(it); });
    const auto neighbors = mdns.neighbors();
    const auto it = std::ranges::find(neighbors, other.host.peer_id(), &PeerInfo::id);
    return it != neighbors.end() && std::ranges::is_permutation(it->addresses, addresses);
  }

  Mdns mdns;
  std::vector<PeerInfo> found;
  std::vector<PeerId> lost;
  std::vector<Subscription> subscriptions;
};

// Nodes that come and go; those that are left are closed at the end.
struct Net {
  ~Net() {
    for (const auto& node : nodes) world.run(node->close());
  }
  Node& add(const std::string& name, std::vector<IpAddress> addresses = {}, bool listen = true,
            Limits limits = {}) {
    sim::Machine& machine = world.add_machine(name, std::move(addresses));
    nodes.push_back(std::make_unique<Node>(machine, limits));
    if (listen) nodes.back()->listen();
    return *nodes.back();
  }
  void remove(Node& node) {
    world.run(node.close());
    std::erase_if(nodes, [&](const auto& it) { return it.get() == &node; });
  }
  void pass(Duration time) { world.loop().advance(time); }

  sim::World world{5};
  std::vector<std::unique_ptr<Node>> nodes;
};

// A machine that only listens to what is said, or says what a test wants.
struct Stranger {
  Stranger(Net& net, std::vector<IpAddress> addresses = {}, Endpoint group = kGroup4)
      : net(net), machine(net.world.add_machine("stranger", std::move(addresses))), group(group) {
    Network& network = machine.env().network;
    socket = value_or_throw(network.join_multicast(group, network.interfaces().back()));
  }
  void say(Bytes bytes) { net.world.run(send(std::move(bytes))); }
  Task<void> send(Bytes bytes) {
    const IpAddress any = group.address.is_v4() ? IpAddress() : IpAddress::v6({});
    co_await socket->send(any, group, bytes, bytes.size(), Ecn::kNotCapable);
  }
  // What is understood of what comes within that time.
  std::vector<Packet> hear(Duration time) {
    std::vector<Packet> packets;
    net.world.run(listen(time, packets));
    return packets;
  }
  Task<void> listen(Duration time, std::vector<Packet>& packets) {
    Task<void> forever = receive(packets);
    co_await as_result(with_timeout(machine.env().clock, time, std::move(forever)));
  }
  Task<void> receive(std::vector<Packet>& packets) {
    for (;;) {
      const auto batch = co_await socket->receive();
      for (const Datagram& it : batch) packets.push_back(value_or_throw(parse(it.payload)));
    }
  }
  Bytes announcement(const std::string& name, std::uint8_t peer, const std::string& where,
                     Duration ttl = 120s) {
    return encode({.name = name, .ttl = ttl, .peer = peer_of(peer), .addresses = {address(where)}}).at(0);
  }

  Net& net;
  sim::Machine& machine;
  Endpoint group;
  std::unique_ptr<DatagramSocket> socket;
};

std::size_t announcements(const std::vector<Packet>& packets) {
  std::size_t count = 0;
  for (const Packet& it : packets) count += it.announcements.size();
  return count;
}

TEST_CASE("three machines on a network find each other within a second, each once") {
  Net net;
  Node& alice = net.add("alice");
  Node& bob = net.add("bob");
  Node& carol = net.add("carol");
  net.pass(1s);
  for (Node* const one : {&alice, &bob, &carol}) {
    for (Node* const other : {&alice, &bob, &carol}) {
      if (one == other) continue;
      CHECK(one->knows(*other));
      CHECK(one->times_found(other->host.peer_id()) == 1);
    }
    CHECK(one->mdns.neighbors().size() == 2);
  }
  net.pass(30min);
  CHECK(alice.found.size() == 2);
  CHECK(alice.lost.empty());
  // Each announcement that is about to expire is asked for by one of them, not by all.
  const auto queries =
      alice.mdns.counters().queries + bob.mdns.counters().queries + carol.mdns.counters().queries;
  CHECK(queries < 3 * 50);
}

TEST_CASE("IPv6 alone will do, and other networks hear nothing") {
  Net net;
  Node& alice = net.add("alice", {ip("fd00:1::1")});
  Node& bob = net.add("bob", {ip("fd00:1::2")});
  Node& carol = net.add("carol", {ip("fd00:2::1")});
  net.pass(1s);
  CHECK(alice.knows(bob));
  CHECK(bob.knows(alice));
  CHECK(carol.mdns.neighbors().empty());
}

TEST_CASE(
    "who comes later is found at once, who says goodbye is lost at once, who is silent is lost in time") {
  Net net;
  Node& alice = net.add("alice");
  net.pass(1min);
  Node& bob = net.add("bob");
  Node& carol = net.add("carol");
  net.pass(1s);
  CHECK(alice.knows(bob));
  CHECK(bob.knows(alice));
  const PeerId bobs = bob.host.peer_id();
  net.remove(bob);
  net.pass(50ms);
  CHECK(alice.lost == std::vector{bobs});

  net.world.cut(alice.machine, carol.machine);
  net.pass(100s);
  CHECK(alice.lost.size() == 1);
  net.pass(25s);
  CHECK(alice.lost.size() == 2);
  CHECK(alice.mdns.neighbors().empty());
}

TEST_CASE("nothing is sent or heard where the host does not listen") {
  Net net;
  Stranger stranger(net);
  Node& alice = net.add("alice", {}, false);
  CHECK(stranger.hear(1min).empty());
  stranger.say(encode_query());
  CHECK(alice.mdns.counters().packets == 0);
  alice.listen();
  alice.host.events().addresses_changed.emit();
  CHECK(announcements(stranger.hear(1s)) > 0);
}

TEST_CASE("a listener on the loopback card alone is nobody's neighbor") {
  Net net;
  Stranger stranger(net);
  Node& alice = net.add("alice", {}, false);
  CHECK(alice.host.listen(address("/ip4/127.0.0.1/tcp/0")));
  CHECK(stranger.hear(1min).empty());
}

TEST_CASE("a machine that moves to another network is found there") {
  Net net;
  Node& alice = net.add("alice", {ip("10.1.0.1")}, false);
  CHECK(alice.host.listen(address("/ip4/0.0.0.0/tcp/4001")));
  Node& bob = net.add("bob", {ip("10.2.0.1")});
  net.pass(2min);
  CHECK_FALSE(bob.knows(alice));
  net.world.move(alice.machine, {ip("10.2.0.2")});
  alice.host.network_changed();
  net.pass(2s);
  CHECK(bob.knows(alice));
  CHECK(alice.knows(bob));
}

TEST_CASE("a new listener is announced to those who know us") {
  Net net;
  Node& alice = net.add("alice");
  Node& bob = net.add("bob");
  net.pass(1min);
  alice.listen_quic();
  alice.host.events().addresses_changed.emit();
  net.pass(2s);
  REQUIRE(bob.knows(alice));
  CHECK(bob.times_found(alice.host.peer_id()) == 2);
}

TEST_CASE("questions of others are answered by multicast, once a second") {
  Net net;
  net.add("alice");
  Stranger stranger(net);
  stranger.hear(20s);
  std::size_t answers = 0;
  for (int i = 0; i < 50; ++i) {
    stranger.say(encode_query());
    answers += announcements(stranger.hear(100ms));
  }
  CHECK(answers >= 4);
  CHECK(answers <= 6);
}

TEST_CASE("garbage and floods change nothing for others, and memory stays bounded") {
  Net net;
  Node& alice = net.add("alice", {}, true, {.neighbors_max = 10});
  Node& bob = net.add("bob");
  net.pass(1s);
  Stranger stranger(net);
  for (int i = 0; i < 300; ++i) {
    stranger.say(stranger.announcement("flood" + std::to_string(i), static_cast<std::uint8_t>(100 + i % 100),
                                       "/ip4/10.0.0.1/tcp/1"));
  }
  stranger.say(Bytes(1400, 0xff));
  net.pass(5s);
  CHECK(alice.mdns.neighbors().size() <= 10);
  CHECK(alice.mdns.counters().limited > 200);
  CHECK(alice.knows(bob));
  stranger.say(Bytes(1400, 0xff));
  net.pass(1s);
  CHECK(alice.mdns.counters().malformed == 1);
  Node& carol = net.add("carol");
  net.pass(1s);
  CHECK(alice.knows(carol));
  CHECK(carol.knows(alice));
}

TEST_CASE("announcements of ourselves, and addresses far away, are not believed") {
  Net net;
  Node& alice = net.add("alice");
  net.pass(1s);
  Stranger stranger(net);
  stranger.say(stranger.announcement("far", 1, "/ip4/203.0.113.9/tcp/1"));
  stranger.say(encode({.name = "us",
                       .ttl = 120s,
                       .peer = alice.host.peer_id(),
                       .addresses = {address("/ip4/10.0.0.1/tcp/1")}})
                   .at(0));
  stranger.say(stranger.announcement("near", 2, "/ip4/" + stranger.machine.address().to_string() + "/tcp/1"));
  net.pass(1s);
  REQUIRE(alice.found.size() == 1);
  CHECK(alice.found[0].id == peer_of(2));
}

TEST_CASE("it ends while it is busy, and says goodbye") {
  Net net;
  Node& alice = net.add("alice");
  Stranger stranger(net);
  stranger.hear(1s);
  stranger.say(encode_query());
  net.remove(alice);
  const auto packets = stranger.hear(1s);
  REQUIRE_FALSE(packets.empty());
  REQUIRE(packets.back().announcements.size() == 1);
  CHECK(packets.back().announcements[0].ttl == 0s);
}

}  // namespace
}  // namespace warren::mdns
