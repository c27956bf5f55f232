// Nodes that exchange messages: everybody gets each one once, after it was found to be good.
#include "warren/protocols/pubsub/gossipsub.hpp"

#include "warren/protocols/pubsub/test_gossip.hpp"

using namespace warren;
using namespace warren::pubsub;

namespace {

using Nodes = std::vector<std::unique_ptr<GossipNode>>;
using Edges = std::vector<std::pair<std::size_t, std::size_t>>;

struct Net {
  Net(std::size_t count, const Edges& edges, const GossipConfig& config = {}, TopicConfig topic = {}) {
    for (std::size_t i = 0; i < count; ++i)
      nodes.push_back(std::make_unique<GossipNode>(world, "n" + std::to_string(i), config));
    for (const auto& [a, b] : edges) nodes[a]->connect(*nodes[b]);
    for (const auto& node : nodes) node->join("t", topic);
    world.loop().advance(5s);
  }
  GossipNode& operator[](std::size_t i) { return *nodes[i]; }

  sim::World world{7};
  Nodes nodes;
};

Edges line(std::size_t count) {
  Edges edges;
  for (std::size_t i = 1; i < count; ++i) edges.emplace_back(i - 1, i);
  return edges;
}

Edges ring(std::size_t count) {
  Edges edges = line(count);
  edges.emplace_back(count - 1, 0);
  return edges;
}

Edges full(std::size_t count) {
  Edges edges;
  for (std::size_t a = 0; a < count; ++a) {
    for (std::size_t b = a + 1; b < count; ++b) edges.emplace_back(a, b);
  }
  return edges;
}

// Each node publishes some; all get all, each once.
void check_all_get_all(Net& net, int each) {
  std::vector<std::string> expected;
  for (int i = 0; i < each; ++i) {
    for (std::size_t n = 0; n < net.nodes.size(); ++n) {
      expected.push_back(std::to_string(n) + "/" + std::to_string(i));
      net[n].publish("t", expected.back());
    }
  }
  net.world.loop().advance(5s);
  std::ranges::sort(expected);
  for (const auto& node : net.nodes) {
    auto texts = node->texts();
    std::ranges::sort(texts);
    CHECK(texts == expected);
  }
}

Task<Verdict> judge_by_text(std::shared_ptr<const Message> message) {
  const std::string text = to_text(message->data);
  if (text.starts_with("bad")) co_return Verdict::kReject;
  if (text.starts_with("dull")) co_return Verdict::kIgnore;
  if (text.starts_with("broken")) throw_error(Errc::kStorage);
  co_return Verdict::kAccept;
}

}  // namespace

TEST_CASE("two nodes exchange messages, and the publisher's own subscriber gets its own") {
  Net net(2, {{0, 1}});
  const PublishReport report = net[0].publish("t", "hello");
  CHECK(report.queued == 1);
  CHECK(report.sent == 1);
  CHECK(report.dropped == 0);
  net.world.loop().advance(1s);
  CHECK(net[0].texts() == std::vector<std::string>{"hello"});
  REQUIRE(net[1].texts() == std::vector<std::string>{"hello"});
  const Message& message = *net[1].got.front();
  CHECK(message.topic == "t");
  CHECK(message.author == net[0].host.peer_id());
  CHECK(message.from == net[0].host.peer_id());
  CHECK(message.id == report.id);
  CHECK(message.seqno > 1'767'225'600'000'000'000);  // nanoseconds: greater after each restart
  CHECK(net[0].got.front()->id == report.id);
  net[1].publish("t", "answer");
  net.world.loop().advance(1s);
  CHECK(net[0].texts() == std::vector<std::string>{"hello", "answer"});
  CHECK(net[1].gossip.verifications().done == 1);
  CHECK(net[1].gossip.verifications().failed == 0);
}

TEST_CASE("ten nodes in a line, a ring and a full mesh: everybody gets each message once") {
  for (const Edges& edges : {line(10), ring(10), full(10)}) {
    CAPTURE(edges.size());
    Net net(10, edges);
    check_all_get_all(net, 3);
  }
}

TEST_CASE("a node that only publishes reaches the subscribers") {
  Net net(3, {{0, 1}, {1, 2}});
  GossipNode guest(net.world, "guest");
  guest.connect(net[0]);
  net.world.loop().advance(2s);
  const PublishReport report = guest.publish("t", "from outside");
  CHECK(report.sent == 1);
  net.world.loop().advance(2s);
  for (const auto& node : net.nodes) CHECK(node->texts() == std::vector<std::string>{"from outside"});
  CHECK(guest.texts().empty());
}

TEST_CASE("nobody is there: that is no error") {
  Net net(1, {});
  CHECK(net[0].publish("t", "alone").queued == 0);
  CHECK(net[0].texts() == std::vector<std::string>{"alone"});
  CHECK(net[0].publish("other", "nobody").queued == 0);
}

TEST_CASE("after leaving, nothing is delivered, and the topic can be joined anew") {
  Net net(2, {{0, 1}});
  CHECK(net[1].gossip.join("t", {}, {}).error() == Errc::kExists);
  net[1].gossip.leave("t");
  net.world.loop().advance(1s);
  CHECK_FALSE(net[0].knows("t", net[1].info.id));
  net[0].publish("t", "missed");
  net.world.loop().advance(1s);
  net.world.loop().advance(10s);  // nobody speaks of it any more
  CHECK(net[1].texts().empty());
  net[1].join("t");
  net.world.loop().advance(2s);
  net[0].publish("t", "seen");
  net.world.loop().advance(1s);
  CHECK(net[1].texts() == std::vector<std::string>{"seen"});
}

TEST_CASE("what can't be joined or published is refused") {
  sim::World world(1);
  Limit topics("topics_max", "topics", 1);
  GossipNode node(world, "node", {}, {.topics = &topics});
  node.join("one");
  CHECK(node.gossip.join("two", {}, {}).error() == Errc::kLimitReached);
  node.gossip.leave("one");
  CHECK(node.gossip.join("", {}, {}).error() == Errc::kBadTopic);
  CHECK(node.gossip.join(std::string(300, 'x'), {}, {}).error() == Errc::kBadTopic);
  CHECK(node.gossip.join("two", {}, {}));
  const auto publish = [&](Topic topic, Bytes data) {
    return world.run(as_result(node.gossip.publish(std::move(topic), std::move(data)))).error();
  };
  CHECK(publish("", {}) == Errc::kBadTopic);
  CHECK(publish("two", Bytes(1024 * 1024)) == Errc::kTooLarge);
  CHECK(publish("two", Bytes(2 * 1024 * 1024)) == Errc::kTooLarge);
  GossipConfig bad;
  bad.params.d = bad.params.d_low - 1;
  CHECK_THROWS_AS(GossipSub(node.host, bad), std::system_error);
}

TEST_CASE("a validator decides over what comes: accepted is forwarded, ignored and rejected are not") {
  Net net(3, line(3));
  net[1].gossip.leave("t");
  net[1].join("t", {.rules = {}, .validator = judge_by_text});
  net.world.loop().advance(3s);
  for (const auto* text : {"good", "dull", "broken"}) net[0].publish("t", text);
  net.world.loop().advance(3s);
  const std::vector<std::string> good{"good"};
  CHECK(net[1].texts() == good);
  CHECK(net[2].texts() == good);
  const double before = net[1].score_of(net[0].info.id);
  CHECK(before >= 0);
  for (int i = 0; i < 3; ++i) net[0].publish("t", "bad " + std::to_string(i));
  net.world.loop().advance(3s);
  CHECK(net[1].texts() == good);
  CHECK(net[2].texts() == good);
  CHECK(net[1].score_of(net[0].info.id) < 0);
}

TEST_CASE("an own message that the own validator does not accept is not sent") {
  Net net(2, {{0, 1}}, {}, {.rules = {}, .validator = judge_by_text});
  for (const auto* text : {"bad", "dull", "broken"}) {
    CHECK(net.world.run(as_result(net[0].gossip.publish("t", to_bytes(text)))).error() == Errc::kNotAccepted);
  }
  net[0].publish("t", "fine");
  net.world.loop().advance(1s);
  CHECK(net[0].texts() == std::vector<std::string>{"fine"});
  CHECK(net[1].texts() == std::vector<std::string>{"fine"});
}

TEST_CASE("a validator that never comes back is given up, and the others go on meanwhile") {
  static sim::World* world = nullptr;
  const auto slow = [](std::shared_ptr<const Message> message) -> Task<Verdict> {
    if (to_text(message->data) == "slow") co_await world->clock().sleep_for(1h);
    co_return Verdict::kAccept;
  };
  Net net(2, {{0, 1}});
  world = &net.world;
  net[1].gossip.leave("t");
  net[1].join("t", {.rules = {}, .validator = slow});
  net.world.loop().advance(3s);
  net[0].publish("t", "slow");
  net[0].publish("t", "quick");
  net.world.loop().advance(1s);
  CHECK(net[1].texts() == std::vector<std::string>{"quick"});
  net.world.loop().advance(15s);
  CHECK(net[1].texts() == std::vector<std::string>{"quick"});
  CHECK(net[1].gossip.topics().front().counters.ignored == 1);
}

TEST_CASE("a burst over the bounds of validation is read later, not lost") {
  GossipConfig config;
  config.validations_max = 8;
  config.validations_per_peer_max = 4;
  static sim::World* world = nullptr;
  const auto slow = [](std::shared_ptr<const Message>) -> Task<Verdict> {
    co_await world->clock().sleep_for(10ms);
    co_return Verdict::kAccept;
  };
  Net net(2, {{0, 1}}, config);
  world = &net.world;
  net[1].gossip.leave("t");
  net[1].join("t", {.rules = {}, .validator = slow});
  net.world.loop().advance(3s);
  for (int i = 0; i < 200; ++i) net[0].publish("t", std::to_string(i), 0s);
  net.world.loop().advance(5s);
  CHECK(net[1].got.size() == 200);
}

TEST_CASE("messages without signatures, where all agree on that") {
  GossipConfig config;
  config.unsigned_messages = true;
  Net net(4, line(4), config);
  check_all_get_all(net, 2);
  CHECK(net[3].got.front()->author.empty());
  CHECK(net[3].gossip.verifications().done == 0);
  // The same words are the same message.
  CHECK(net.world.run(as_result(net[0].gossip.publish("t", to_bytes("0/0")))).error() == Errc::kReplayed);
}

TEST_CASE("signed and unsigned networks do not take each other's messages") {
  sim::World world(5);
  GossipConfig unsigned_config;
  unsigned_config.unsigned_messages = true;
  GossipNode strict(world, "strict");
  GossipNode lax(world, "lax", unsigned_config);
  for (GossipNode* node : {&strict, &lax}) node->join("t");
  strict.connect(lax);
  world.loop().advance(3s);
  strict.publish("t", "signed");
  lax.publish("t", "unsigned");
  world.loop().advance(2s);
  CHECK(strict.texts() == std::vector<std::string>{"signed"});
  CHECK(lax.texts() == std::vector<std::string>{"unsigned"});
}

TEST_CASE("explicit peers are dialed, and connections of the mesh are protected") {
  sim::World world(6);
  GossipNode bob(world, "bob");
  GossipNode alice(world, "alice");
  alice.peerstore.add_addresses(bob.info.id, bob.info.addresses, AddressSource::kConfigured, Instant::max());
  alice.gossip.add_direct(bob.info.id);
  bob.gossip.add_direct(alice.info.id);
  alice.join("t");
  bob.join("t");
  world.loop().advance(310s);
  CHECK_FALSE(alice.host.connections(bob.info.id).empty());
  alice.publish("t", "to my friend");
  world.loop().advance(1s);
  CHECK(bob.texts() == std::vector<std::string>{"to my friend"});
}
