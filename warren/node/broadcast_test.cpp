// Nodes broadcast on topics: signed, each message once, also through nodes that are not subscribed, and after
// a time away.
#include <doctest/doctest.h>

#include "warren/async/as_result.hpp"
#include "warren/node/test_town.hpp"
#include "warren/storage/test_folder.hpp"

using namespace warren;
using test::Pair;
using test::Town;

namespace {

// What a node hears on a topic.
struct Ear {
  Ear(Node& node, const std::string& topic, TopicOptions options = {})
      : subscription(node.subscribe(
            topic,
            {.on_message = [this](const TopicMessage& message) { messages.push_back(message); },
             .on_gap = [this](const TopicGap& gap) { gaps.push_back(gap); }},
            std::move(options))) {}

  std::vector<std::string> texts() const {
    std::vector<std::string> all;
    for (const TopicMessage& message : messages) all.push_back(to_text(message.payload));
    return all;
  }

  std::vector<TopicMessage> messages;
  std::vector<TopicGap> gaps;
  Subscription subscription;
};

BroadcastReport say(Town& town, Node& node, const std::string& topic, std::string_view text,
                    BroadcastOptions options = {}) {
  return town.world.run(node.broadcast(topic, to_bytes(text), options));
}

}  // namespace

TEST_CASE("a broadcast reaches each subscriber once, signed by its node, and the publisher's own") {
  Town town(4);
  std::vector<std::unique_ptr<Ear>> ears;
  for (const auto& node : town.nodes) ears.push_back(std::make_unique<Ear>(*node, "news"));
  town.world.loop().advance(10s);
  const BroadcastReport report = say(town, *town.nodes[2], "news", "hello");
  town.world.loop().advance(2s);
  CHECK(report.queued > 0);
  CHECK(report.sent + report.spared == report.queued);
  CHECK(report.dropped == 0);
  for (const auto& ear : ears) {
    REQUIRE(ear->messages.size() == 1);
    const TopicMessage& message = ear->messages.front();
    CHECK(to_text(message.payload) == "hello");
    CHECK(message.from_node == town.nodes[2]->node_id());
    CHECK(message.seq == 1);
    CHECK(message.id == report.id);
    CHECK_FALSE(message.fetched);
  }
}

TEST_CASE("subscribers that only share a node which is not subscribed find each other") {
  Town town(1);
  const auto client = [](Config& config) {
    config.discovery.profile = Profile::kHome;
    config.discovery.mdns = false;
  };
  Node& alice = town.add("alice", {}, client);
  Node& bob = town.add("bob", {}, client);
  town.world.loop().advance(15s);
  REQUIRE(alice.host().connections(bob.peer_id()).empty());
  Ear first(alice, "rare");
  Ear second(bob, "rare");
  town.world.loop().advance(20s);
  CHECK_FALSE(alice.host().connections(bob.peer_id()).empty());
  say(town, alice, "rare", "found you");
  town.world.loop().advance(2s);
  CHECK(first.texts() == std::vector<std::string>{"found you"});
  CHECK(second.texts() == std::vector<std::string>{"found you"});
}

TEST_CASE("who was away gets what it missed on a reliable topic, and nothing twice") {
  TemporaryFolder folder;
  Town town(3);
  Node& away = town.add("away", folder.file(""));
  const TopicOptions reliable{.reliable = true};
  const BroadcastOptions kept{.reliable = true};
  Ear there(*town.nodes[1], "ledger", reliable);
  auto ear = std::make_unique<Ear>(away, "ledger", reliable);
  town.world.loop().advance(10s);
  say(town, *town.nodes[2], "ledger", "one", kept);
  town.world.loop().advance(2s);
  CHECK(ear->texts() == std::vector<std::string>{"one"});
  ear.reset();
  town.world.run(away.stop());
  say(town, *town.nodes[2], "ledger", "two", kept);
  say(town, *town.nodes[2], "ledger", "three", kept);
  town.world.loop().advance(5s);

  Node& back = town.start(3, folder.file(""));
  Ear again(back, "ledger", reliable);
  town.world.loop().advance(30s);
  say(town, *town.nodes[2], "ledger", "four", kept);
  town.world.loop().advance(5s);
  std::vector<std::string> texts = again.texts();
  std::ranges::sort(texts);
  CHECK(texts == std::vector<std::string>{"four", "three", "two"});
  CHECK(std::ranges::count_if(again.messages, &TopicMessage::fetched) == 2);
  CHECK(there.texts() == std::vector<std::string>{"one", "two", "three", "four"});
}

TEST_CASE("plain and warren topics of one name do not mix, and topics() tells of both") {
  Town town(3);
  Ear plain(*town.nodes[1], "both", {.kind = TopicKind::kPlain});
  Ear warren(*town.nodes[2], "both");
  Ear plain_too(*town.nodes[2], "both", {.kind = TopicKind::kPlain});
  town.world.loop().advance(10s);
  say(town, *town.nodes[0], "both", "raw", {.kind = TopicKind::kPlain});
  say(town, *town.nodes[0], "both", "signed");
  town.world.loop().advance(2s);
  CHECK(plain.texts() == std::vector<std::string>{"raw"});
  CHECK(plain_too.texts() == std::vector<std::string>{"raw"});
  CHECK(warren.texts() == std::vector<std::string>{"signed"});
  CHECK_FALSE(plain.messages.front().from_node.has_value());
  CHECK(plain.messages.front().from_peer == town.nodes[0]->peer_id());
  const std::vector<TopicStatus> topics = town.nodes[2]->topics();
  REQUIRE(topics.size() == 2);
  for (const TopicStatus& topic : topics) {
    CHECK(topic.topic == "both");
    CHECK(topic.subscribed);
    CHECK(topic.delivered == 1);
  }
}

TEST_CASE("where topics are off, subscribing says so") {
  Town town(1);
  Node& deaf = town.add("deaf", {}, [](Config& config) { config.broadcast.enabled = false; });
  CHECK_THROWS_AS((void)deaf.subscribe("news", {}), std::system_error);
  CHECK_FALSE(town.world.run(as_result(deaf.broadcast("news", {}))).has_value());
  CHECK(deaf.topics().empty());
}
