// Topics as applications see them: who gets what, how often, and in which order.
#include "warren/broadcast/broadcasts.hpp"

#include <doctest/doctest.h>

#include "warren/broadcast/test_crier.hpp"

namespace warren {
namespace {

using test::Crier;
using test::kNews;
using test::Town;

TEST_CASE("a broadcast reaches each subscriber once, signed, numbered and in order") {
  constexpr std::size_t kCriers = 6;
  Town town(kCriers);
  town.subscribe("news");
  for (int round = 1; round <= 2; ++round) {
    for (const auto& crier : town.criers) {
      const auto report = crier->say("news", std::to_string(round));
      CHECK(report.seq == static_cast<std::uint64_t>(round));
      CHECK(report.queued == kCriers - 1);
      CHECK(report.sent + report.spared == kCriers - 1);
      CHECK(report.dropped == 0);
      CHECK(report.id.size() == 32);
      town.pass(1s);
    }
  }
  for (const auto& hearer : town.criers) {
    CHECK(hearer->got.size() == 2 * kCriers);
    CHECK(hearer->gaps.empty());
    std::set<Bytes> ids;
    std::map<NodeId, std::uint64_t> last;
    for (const TopicMessage& message : hearer->got) {
      CHECK(message.topic == "news");
      REQUIRE(message.from_node);
      CHECK(message.seq == ++last[*message.from_node]);
      CHECK(to_text(message.payload) == std::to_string(message.seq));
      CHECK_FALSE(message.fetched);
      ids.insert(message.id);
      const auto crier = std::ranges::find(town.criers, *message.from_node, &Crier::node);
      REQUIRE(crier != town.criers.end());
      CHECK((*crier)->id() == message.from_peer);
      CHECK(message.sent_at);
      CHECK(message.received_at >= *message.sent_at);
    }
    CHECK(ids.size() == 2 * kCriers);
    CHECK(last.size() == kCriers);
  }
}

TEST_CASE("what is said at once has numbers in the order of the calls, and all of it arrives") {
  Town town(3);
  town.subscribe("news");
  std::vector<std::uint64_t> numbers(20);
  TaskGroup calls(town[0].host->env().executor, "calls");
  const auto say = [](Crier& crier, std::string text, std::uint64_t& number) -> Task<void> {
    const auto report = co_await crier.broadcasts->broadcast("news", to_bytes(text));
    number = report.seq;
  };
  for (std::size_t i = 0; i < numbers.size(); ++i)
    calls.spawn(say(town[0], std::to_string(i + 1), numbers[i]));
  town.crowd.loop().run(calls.join());
  town.pass(5s);
  for (std::size_t i = 0; i < numbers.size(); ++i) CHECK(numbers[i] == i + 1);
  for (const auto& hearer : town.criers) {
    std::set<std::string> texts;
    for (const TopicMessage& message : hearer->got) {
      CHECK(to_text(message.payload) == std::to_string(message.seq));
      texts.insert(to_text(message.payload));
    }
    CHECK(hearer->got.size() == 20);
    CHECK(texts.size() == 20);
  }
  CHECK(std::ranges::is_sorted(town[0].got, {}, &TopicMessage::seq));
}

TEST_CASE("a call that is canceled leaves no hole in the numbers") {
  Town town(2);
  town.subscribe("news");
  {
    TaskGroup calls(town[0].host->env().executor, "calls");
    const auto say = [](Crier& crier) -> Task<void> {
      co_await crier.broadcasts->broadcast("news", to_bytes("canceled"));
    };
    for (int i = 0; i < 5; ++i) calls.spawn(say(town[0]));
    town.crowd.loop().run_until_idle();
    calls.cancel();
    town.crowd.loop().run(calls.close());
  }
  CHECK(town[0].say("news", "last").seq == town[0].got.size());
  town.pass(5s);
  CHECK(town[1].got.size() == town[0].got.size());
  CHECK(town[1].gaps.empty());
}

TEST_CASE("who publishes need not subscribe") {
  Town town(3);
  town[1].subscribe("news");
  town[2].subscribe("news");
  town.pass(3s);
  CHECK(town[0].say("news", "a").queued == 2);
  CHECK(town[0].say("news", "b").seq == 2);
  town.pass(1s);
  CHECK(town[0].got.empty());
  CHECK(town[1].texts() == "a b");
  CHECK(town[2].texts() == "a b");
  CHECK(town[0].say("nobody is here", "c").queued == 0);
  // And may do so later.
  town[0].subscribe("news");
  town.pass(3s);
  CHECK(town[0].say("news", "d").seq == 3);
  CHECK(town[0].texts() == "d");
}

TEST_CASE("who comes late hears what comes then, and misses nothing of it") {
  Town town(3);
  town[0].subscribe("news");
  town[1].subscribe("news");
  town.pass(3s);
  for (const auto* text : {"1", "2", "3"}) town[0].say("news", text);
  town.pass(10s);  // until nobody gossips of them any more
  town[2].subscribe("news");
  town.pass(3s);
  for (const auto* text : {"4", "5"}) town[0].say("news", text);
  town.pass(20s);
  CHECK(town[1].texts() == "1 2 3 4 5");
  CHECK(town[2].texts() == "4 5");
  CHECK(town[2].gaps.empty());
}

TEST_CASE("subscriptions to a topic share it, and the last one leaves it") {
  Town town(2);
  std::vector<std::string> joined;
  const auto watch = town[0].broadcasts->joined().subscribe(
      [&](const std::string& topic, bool is_joined) { joined.push_back((is_joined ? "+" : "-") + topic); });
  town[0].subscribe("news");
  town[0].subscribe("news");
  town.pass(3s);
  CHECK(joined == std::vector<std::string>{"+" + kNews});
  town[1].say("news", "a");
  town.pass(1s);
  CHECK(town[0].texts() == "a a");
  town[0].subscriptions.pop_back();
  town[1].say("news", "b");
  town.pass(1s);
  CHECK(town[0].texts() == "a a b");
  CHECK(joined.size() == 1);
  town[0].subscriptions.clear();
  town.pass(1s);
  CHECK(joined.back() == "-" + kNews);
  CHECK(town[1].say("news", "c").queued == 0);
  town.pass(1s);
  CHECK(town[0].texts() == "a a b");
  CHECK(town[0].broadcasts->topics().empty());
  // A new beginning: what came meanwhile is not missing.
  town[0].subscribe("news");
  town.pass(3s);
  town[1].say("news", "d");
  town.pass(20s);
  CHECK(town[0].texts() == "a a b d");
  CHECK(town[0].gaps.empty());
}

TEST_CASE("a handler that fails hurts nobody, and one may unsubscribe itself") {
  Town town(2);
  const auto fail_always = [](const TopicMessage&) { throw_error(Errc::kIo); };
  town[0].subscriptions.push_back(town[0].broadcasts->subscribe("news", {}, {fail_always, nullptr}));
  Subscription once;
  int times = 0;
  const auto leave = [&](const TopicMessage&) {
    ++times;
    once.reset();
  };
  once = town[0].broadcasts->subscribe("news", {}, {leave, nullptr});
  town[0].subscribe("news");
  town.pass(3s);
  town[1].say("news", "a");
  town[1].say("news", "b");
  town.pass(1s);
  CHECK(town[0].texts() == "a b");
  CHECK(times == 1);
}

TEST_CASE("topics of the two kinds and of other networks do not mix") {
  Town town(2);
  const TopicOptions plain{.kind = TopicKind::kPlain};
  town[0].subscribe("news");
  town[1].subscribe("news", plain);
  town.pass(3s);
  town[0].say("news", "signed");
  town[1].say("news", "plain", {.kind = TopicKind::kPlain});
  town.pass(1s);
  CHECK(town[0].texts() == "signed");
  CHECK(town[1].texts() == "plain");
}

TEST_CASE("a plain topic carries payloads as they are, to peers of any make") {
  Town town(2);
  const BroadcastOptions plainly{.kind = TopicKind::kPlain};
  town.subscribe("news", {.kind = TopicKind::kPlain});
  test::Gossiper stock(town.crowd);
  std::string heard;
  REQUIRE(
      stock.gossip->join("news", {}, [&](const auto& message) { heard += to_text(message->data) + ' '; }));
  stock.connect(town[0]);
  town.pass(3s);
  const auto report = town[0].say("news", "hello", plainly);
  CHECK(report.seq == 0);
  CHECK(report.queued == 2);
  town.pass(1s);
  stock.publish("news", to_bytes("hi"));
  town.pass(1s);
  CHECK(heard == "hello hi ");
  CHECK(town[0].texts() == "hello hi");
  CHECK(town[1].texts() == "hello hi");
  const TopicMessage& message = town[1].got.at(1);
  CHECK(message.kind == TopicKind::kPlain);
  CHECK_FALSE(message.from_node);
  CHECK(message.from_peer == stock.id());
  CHECK_FALSE(message.sent_at);
  CHECK(message.seq == 0);
  CHECK_FALSE(message.id.empty());
}

TEST_CASE("what can't be broadcast or subscribed is refused") {
  Town town(1);
  Crier& crier = town[0];
  const BroadcastOptions plain{.kind = TopicKind::kPlain};
  CHECK(crier.try_to_say("", {}) == Errc::kBadTopic);
  CHECK(crier.try_to_say("a\nb", {}) == Errc::kBadTopic);
  CHECK(crier.try_to_say(kNews, {}, plain) == Errc::kBadTopic);
  CHECK(crier.try_to_say("news", Bytes(crier.limits.payload_max + 1)) == Errc::kTooLarge);
  CHECK(crier.try_to_say("news", {}, {.kind = TopicKind::kPlain, .reliable = true}) == Errc::kBadConfig);
  CHECK(crier.try_to_say("news", {}, {.reliable = true, .ttl = std::chrono::days(8)}) == Errc::kBadConfig);
  CHECK(crier.try_to_say("news", {}, {.reliable = true, .ttl = 0ms}) == Errc::kBadConfig);
  CHECK_THROWS_AS(crier.subscribe(""), std::system_error);
  CHECK_THROWS_AS(crier.subscribe("news", {.kind = TopicKind::kPlain, .reliable = true}), std::system_error);
  const auto deaf = [&] { return crier.broadcasts->subscribe("news", {}, {.on_message = {}, .on_gap = {}}); };
  CHECK_THROWS_WITH_AS(deaf(), doctest::Contains("on_message"), std::system_error);
  CHECK_FALSE(crier.try_to_say("news", Bytes(crier.limits.payload_max)));
  CHECK_FALSE(crier.try_to_say("news", {}));
}

TEST_CASE("the largest payload reaches all") {
  Town town(3);
  town.subscribe("news");
  const Bytes payload(town[0].limits.payload_max, 0x5a);
  CHECK_FALSE(town[0].try_to_say("news", payload));
  town.pass(5s);
  for (const auto& hearer : town.criers) {
    REQUIRE(hearer->got.size() == 1);
    CHECK(hearer->got[0].payload == payload);
  }
}

TEST_CASE("a validator decides over others' messages and over own ones") {
  Town town(3);
  const auto judge = [](const TopicMessage& message) -> Task<TopicVerdict> {
    const std::string text = to_text(message.payload);
    if (text == "bad") co_return TopicVerdict::kReject;
    if (text == "dull") co_return TopicVerdict::kIgnore;
    if (text == "broken") throw_error(Errc::kIo);
    co_return TopicVerdict::kAccept;
  };
  town[0].subscribe("news");
  town[1].subscribe("news", {.validator = judge});
  town[2].subscribe("news", {.validator = judge});
  town.pass(3s);
  for (const auto* text : {"good", "dull", "broken", "bad", "better"}) town[0].say("news", text);
  town.pass(20s);
  CHECK(town[0].texts() == "good dull broken bad better");
  CHECK(town[1].texts() == "good better");
  CHECK(town[2].texts() == "good better");
  CHECK(town[1].gaps.empty());  // they came
  CHECK(town[1].status("news").rejected == 1);

  CHECK(town[1].try_to_say("news", to_bytes("bad")) == Errc::kNotAccepted);
  CHECK(town[1].try_to_say("news", to_bytes("dull")) == Errc::kNotAccepted);
  CHECK(town[1].say("news", "fine").seq == 1);
  town.pass(1s);
  CHECK(town[0].got.back().seq == 1);
  CHECK(to_text(town[1].got.back().payload) == "fine");
}

TEST_CASE("topics() tells what a topic is and does") {
  Town town(3);
  CHECK(town[0].broadcasts->topics().empty());
  town[0].subscribe("news", test::kReliableTopic);
  town[1].subscribe("news");
  town.pass(3s);
  town[0].say("news", "a");
  town[1].say("news", "b");
  town.pass(1s);
  const TopicStatus status = town[0].status("news");
  CHECK(status.kind == TopicKind::kWarren);
  CHECK(status.subscribed);
  CHECK(status.reliable);
  REQUIRE(status.peers.size() == 1);
  CHECK(status.peers[0].peer == town[1].id());
  CHECK(status.peers[0].version.starts_with("/meshsub/1."));
  CHECK(status.peers[0].in_mesh);
  CHECK(status.published == 1);
  CHECK(status.delivered == 2);
  CHECK(status.bytes_in > 0);
  CHECK(status.bytes_out > 0);
  CHECK(status.messages_per_second == doctest::Approx(2.0 / 60));
  CHECK(status.gaps.empty());
  town[2].say("news", "c");
  CHECK_FALSE(town[2].status("news").subscribed);
  CHECK(town[2].status("news").published == 1);
}

}  // namespace
}  // namespace warren
