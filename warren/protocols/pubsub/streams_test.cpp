// The streams below: versions, slow peers, streams that end and begin anew, and closing in the middle of it.
#include "warren/protocols/pubsub/test_gossip.hpp"

using namespace warren;
using namespace warren::pubsub;

namespace {

// A node, and a peer that does what the test wants.
struct Pair {
  explicit Pair(GossipConfig config = {}, std::vector<ProtocolId> protocols = {"/meshsub/1.2.0"})
      : node(world, "node", std::move(config)), stranger(world, "stranger", std::move(protocols)) {
    node.join("t");
  }
  void meet() {
    stranger.connect(node);
    world.loop().advance(2s);
  }
  std::string version() const {
    const auto topics = node.gossip.topics();
    const auto& peers = topics.front().peers;
    return peers.empty() ? "none" : std::string(protocol_of(peers.front().version));
  }

  sim::World world{11};
  GossipNode node;
  Stranger stranger;
};

struct Three {
  explicit Three(const GossipConfig& config = {})
      : alice(world, "alice", config), bob(world, "bob", config), carol(world, "carol", config) {
    alice.connect(bob);
    bob.connect(carol);
    alice.connect(carol);
    for (GossipNode* node : {&alice, &bob, &carol}) node->join("t");
    world.loop().advance(3s);
  }
  sim::World world{12};
  GossipNode alice;
  GossipNode bob;
  GossipNode carol;
};

Task<void> publish_many(GossipNode* node, int count, Bytes data, Duration pause = 0s) {
  for (int i = 0; i < count; ++i) {
    data[0] = static_cast<std::uint8_t>(i);
    co_await node->gossip.publish("t", data, 0s);
    co_await node->host.env().clock.sleep_for(pause);
  }
}

}  // namespace

TEST_CASE("the newest version that the peer speaks is used") {
  const std::vector<std::pair<std::vector<ProtocolId>, std::string>> table = {
      {{"/floodsub/1.0.0"}, "/floodsub/1.0.0"},
      {{"/floodsub/1.0.0", "/meshsub/1.0.0"}, "/meshsub/1.0.0"},
      {{"/meshsub/1.1.0", "/meshsub/1.0.0"}, "/meshsub/1.1.0"},
      {{"/meshsub/1.0.0", "/meshsub/1.1.0", "/meshsub/1.2.0"}, "/meshsub/1.2.0"},
      {{"/meshsub/1.3.0", "/floodsub/1.0.0"}, "/meshsub/1.3.0"},
  };
  for (const auto& [spoken, used] : table) {
    CAPTURE(used);
    Pair pair({}, spoken);
    pair.meet();
    CHECK(pair.stranger.opened == std::vector<ProtocolId>{used});
    CHECK(pair.stranger.subscriptions == std::vector<std::string>{"t"});
    pair.stranger.open(spoken.front());
    pair.stranger.subscribe("t");
    pair.world.loop().advance(1s);
    CHECK(pair.version() == used);
    pair.node.publish("t", "hello");
    pair.world.loop().advance(1s);
    CHECK(pair.stranger.messages.size() == 1);
  }
}

TEST_CASE("a peer that tells nothing of itself is tried with one version after the other") {
  Pair pair({}, {"/meshsub/1.1.0"});
  pair.world.run(pair.stranger.identify.close());
  pair.meet();
  pair.world.loop().advance(5s);
  CHECK(pair.stranger.opened == std::vector<ProtocolId>{"/meshsub/1.1.0"});
  CHECK(pair.stranger.subscriptions == std::vector<std::string>{"t"});
  pair.stranger.open("/meshsub/1.1.0");
  pair.stranger.subscribe("t");
  pair.world.loop().advance(1s);
  CHECK(pair.version() == "/meshsub/1.1.0");
}

TEST_CASE("who speaks no pubsub is left alone until it does") {
  Pair pair({}, {});
  pair.meet();
  pair.world.loop().advance(100s);
  CHECK(pair.node.gossip.queues().empty());
  pair.stranger.host.handle("/meshsub/1.1.0", [&](ConnectionPtr, StreamPtr stream) {
    return pair.stranger.hear("/meshsub/1.1.0", std::move(stream));
  });
  pair.world.loop().advance(2s);
  CHECK(pair.stranger.subscriptions == std::vector<std::string>{"t"});
}

TEST_CASE("a stream that the peer resets is opened anew, and the peer told again what we want") {
  Pair pair;
  pair.stranger.resets = 2;
  pair.meet();
  pair.world.loop().advance(5s);
  CHECK(pair.stranger.opened.size() == 3);
  CHECK(pair.stranger.subscriptions == std::vector<std::string>{"t", "t", "t"});
  pair.stranger.open();
  pair.stranger.subscribe("t");
  pair.world.loop().advance(1s);
  CHECK(pair.node.publish("t", "after all").sent == 1);
  pair.world.loop().advance(1s);
  CHECK(pair.stranger.messages.size() == 1);
}

TEST_CASE("a peer that resets each stream is not tried without end") {
  Pair pair;
  pair.stranger.resets = 1'000'000;
  pair.meet();
  pair.world.loop().advance(60s);
  const std::size_t tries = pair.stranger.opened.size();
  CHECK(tries > 1);
  CHECK(tries < 30);
}

TEST_CASE("a second stream of a peer takes the place of the first, a third resets it") {
  Pair pair;
  pair.meet();
  pair.stranger.open();
  pair.stranger.subscribe("t");
  StreamPtr first = std::move(pair.stranger.stream);
  pair.stranger.open();
  CHECK(pair.stranger.send_message(pair.stranger.sign("t", "on the second")));
  StreamPtr second = std::move(pair.stranger.stream);
  pair.world.loop().advance(1s);
  CHECK(pair.world.run(as_result(first->write(*message_frame(pair.stranger.sign("t", "on the first"))))));
  pair.world.loop().advance(1s);
  CHECK(pair.node.texts() == std::vector<std::string>{"on the second", "on the first"});
  pair.stranger.open();
  pair.stranger.send_message(pair.stranger.sign("t", "on the third"));
  pair.world.loop().advance(2s);
  CHECK_FALSE(pair.world.run(as_result(first->write(as_bytes("x")))));
  CHECK(pair.node.got.size() == 3);
  CHECK(pair.stranger.subscriptions.size() > 1);  // it may have forgotten
}

TEST_CASE("who reads nothing costs a bounded queue, and the others nothing") {
  GossipConfig config;
  config.queue_bytes_max = 200 * 1024;
  Three net(config);
  Stranger deaf(net.world, "deaf");
  deaf.deaf = true;
  deaf.connect(net.alice);
  deaf.open();
  deaf.subscribe("t");
  net.world.loop().advance(3s);
  REQUIRE(net.alice.knows("t", deaf.info.id));

  // More than its queue and the windows on the way hold.
  net.world.run(publish_many(&net.alice, 200, Bytes(20 * 1024, 'x'), 50ms));
  net.world.loop().advance(5s);
  CHECK(net.bob.got.size() == 200);
  CHECK(net.carol.got.size() == 200);
  std::uint64_t dropped = 0;
  for (const QueueView& queue : net.alice.gossip.queues()) {
    CHECK(queue.bytes <= config.queue_bytes_max);
    if (queue.peer == deaf.info.id) {
      dropped = queue.dropped;
    } else {
      CHECK(queue.dropped == 0);
    }
  }
  CHECK(dropped > 0);
  const PublishReport report = net.alice.publish("t", std::string(20 * 1024, 'y'));
  CHECK(report.queued == 3);
  CHECK(report.sent + report.spared == 2);
  CHECK(report.dropped == 1);
  // The stream is given up when it has taken nothing for long, and another one is tried.
  CHECK(deaf.opened.size() == 1);
  net.world.loop().advance(40s);
  CHECK(deaf.opened.size() == 2);
  for (const QueueView& queue : net.alice.gossip.queues()) CHECK(queue.bytes < config.queue_bytes_max);
}

TEST_CASE("publish() returns after its patience, and says what still waits") {
  Pair pair;
  pair.stranger.deaf = true;
  pair.meet();
  pair.stranger.open();
  pair.stranger.subscribe("t");
  pair.world.loop().advance(2s);
  pair.world.run(publish_many(&pair.node, 100, Bytes(20 * 1024, 'x')));
  pair.world.loop().advance(1s);
  const Instant began = pair.world.clock().now();
  const PublishReport report = pair.node.publish("t", "late", 700ms);
  CHECK(pair.world.clock().now() - began == 700ms);
  CHECK(report.queued == 1);
  CHECK(report.sent + report.dropped + report.spared == 0);
}

TEST_CASE("a connection that ends is replaced, and messages go on") {
  Three net;
  for (int round = 0; round < 3; ++round) {
    net.alice.host.connections(net.bob.info.id).front()->close();
    net.world.loop().advance(1s);
    net.alice.connect(net.bob);
    net.world.loop().advance(3s);
    CHECK(net.alice.knows("t", net.bob.info.id));
    CHECK(net.bob.knows("t", net.alice.info.id));
    const std::size_t before = net.bob.got.size();
    CHECK(net.alice.publish("t", "round " + std::to_string(round)).sent == 2);
    net.world.loop().advance(1s);
    CHECK(net.bob.got.size() == before + 1);
  }
}

TEST_CASE("of two connections one ends: the peer is not lost") {
  sim::World world(13);
  GossipNode alice(world, "alice");
  GossipNode bob(world, "bob");
  const PeerInfo quic = bob.listen_quic();
  alice.join("t");
  bob.join("t");
  alice.connect(bob);
  world.loop().advance(2s);
  bob.connect(alice, alice.info);
  alice.world.run(alice.host.connect_over(PathPolicy::kPreferDirect, quic));
  world.loop().advance(2s);
  while (alice.host.connections(bob.info.id).size() > 1) {
    alice.host.connections(bob.info.id).front()->close();
    world.loop().advance(2s);
  }
  CHECK(alice.knows("t", bob.info.id));
  CHECK(alice.publish("t", "still here").sent == 1);
  CHECK(bob.publish("t", "me, too").sent == 1);
  world.loop().advance(1s);
  CHECK(alice.got.size() == 2);
  CHECK(bob.got.size() == 2);
}

TEST_CASE("closing in the middle of everything: nothing hangs and nothing is left") {
  for (const Duration after : {0ms, 1ms, 15ms, 35ms, 100ms, 1500ms}) {
    CAPTURE(to_ms(after));
    sim::World world(14);
    {
      GossipNode alice(world, "alice");
      GossipNode bob(world, "bob");
      const auto never = [](std::shared_ptr<const Message>) -> Task<Verdict> {
        Event event;
        co_await event.wait();
        co_return Verdict::kAccept;
      };
      alice.join("t");
      bob.join("t", {.rules = {}, .validator = never});
      alice.connect(bob);
      world.run(publish_many(&alice, 50, Bytes(5000, 'x')));
      world.loop().advance(after);
      world.run(publish_many(&alice, 50, Bytes(6000, 'x')));
      bob.close();
      alice.publish("t", "into the void", 10ms);
      alice.close();
    }
    CHECK_FALSE(world.loop().busy());
  }
}

TEST_CASE("two that meet again and again, closing and starting anew, find each other each time") {
  sim::World world(15);
  GossipNode alice(world, "alice");
  alice.join("t");
  for (int round = 0; round < 4; ++round) {
    GossipNode bob(world, "bob" + std::to_string(round));
    bob.join("t");
    bob.connect(alice);
    world.loop().advance(2s);
    CHECK(bob.publish("t", "here I am").sent == 1);
    world.loop().advance(1s);
    CHECK(alice.got.size() == static_cast<std::size_t>(round + 1));
    bob.close();
    world.loop().advance(1s);
    CHECK(alice.gossip.queues().empty());
  }
}
