// Nothing is lost in silence: what was missed is fetched on reliable topics, and told of on all.
#include <doctest/doctest.h>

#include "warren/broadcast/repair.hpp"
#include "warren/broadcast/test_crier.hpp"

namespace warren {
namespace {

using test::Crier;
using test::kReliableTopic;
using test::kReliably;
using test::Town;

// "1 2 3 ... count"
std::string count_up(int count) {
  std::string all = "1";
  for (int i = 2; i <= count; ++i) all += " " + std::to_string(i);
  return all;
}

// In the order of their numbers.
std::string in_order(std::vector<TopicMessage> got) {
  std::ranges::stable_sort(got, {}, &TopicMessage::seq);
  std::string all;
  for (const auto& message : got) all += (all.empty() ? "" : " ") + to_text(message.payload);
  return all;
}

TEST_CASE("who was cut off gets all that it missed on a reliable topic") {
  Town town(3);
  town.subscribe("news", kReliableTopic);
  town[0].say("news", "1", kReliably);
  town.pass(1s);
  town[2].disconnect();
  for (int i = 2; i <= 51; ++i) town[0].say("news", std::to_string(i), kReliably);
  town.pass(10s);
  CHECK(town[2].texts() == "1");
  town.reconnect(2);
  town.pass(10s);
  CHECK(in_order(town[2].got) == count_up(51));
  CHECK(std::ranges::count_if(town[2].got, &TopicMessage::fetched) == 50);
  const TopicMessage& fetched = town[2].got.back();
  CHECK(fetched.from_node == town[0].node());
  CHECK(fetched.from_peer == PeerId());
  CHECK(town[2].status("news").fetched == 50);
  CHECK(town[2].status("news").lost == 0);
  // Nobody else got anything twice: what is fetched is not published again.
  town[0].say("news", "52", kReliably);
  town.pass(20s);
  for (const auto& crier : town.criers) CHECK(in_order(crier->got) == count_up(52));
  CHECK(town[1].status("news").fetched == 0);
}

TEST_CASE("a gap is told of, and told closed when it was filled") {
  Town town(3);
  town[0].subscribe("news", kReliableTopic);
  town[2].subscribe("news", kReliableTopic);
  town.pass(3s);
  town[0].say("news", "1", kReliably);
  town.pass(1s);
  town[2].disconnect();
  for (int i = 2; i <= 4; ++i) town[0].say("news", std::to_string(i), kReliably);
  town.pass(1s);
  // The one that has it all does not serve for a while.
  town[0].host->unhandle("/warren/repair/1.0.0");
  town[2].connect(town[0]);
  town.pass(3s);
  town[0].say("news", "5", kReliably);
  town.pass(5s);
  CHECK(town[2].told() == "open 2-4");
  REQUIRE(town[2].status("news").gaps.size() == 1);
  CHECK(town[2].status("news").gaps[0].from_node == town[0].node());
  CHECK(town[2].texts() == "1 5");

  town[1].subscribe("news", kReliableTopic);  // it knows nothing either, since it comes late
  town.pass(10s);
  CHECK(town[2].told() == "open 2-4");
  // Its server is back with a new connection.
  town[0].stop();
  town.pass(25s);  // until others have noticed
  town[0].start();
  town[0].subscribe("news", kReliableTopic);
  town.reconnect(0);
  town.pass(20s);
  CHECK(town[2].told() == "open 2-4, closed 2-4");
  CHECK(in_order(town[2].got) == count_up(5));
  CHECK(town[2].status("news").gaps.empty());
}

TEST_CASE("on a topic that is not reliable a gap is told open, and lost in the end") {
  Town town(2);
  town.subscribe("news");
  town[0].say("news", "1");
  town.pass(1s);
  town[1].disconnect();
  for (int i = 2; i <= 4; ++i) town[0].say("news", std::to_string(i));
  town.pass(20s);
  town.reconnect(1);
  town.pass(3s);
  CHECK(town[1].told().empty());  // nothing has shown it yet
  town[0].say("news", "5");
  town.pass(900ms);
  CHECK(town[1].told().empty());  // it may be on its way
  town.pass(2s);
  CHECK(town[1].told() == "open 2-4");
  CHECK(town[1].gaps[0].from_node == town[0].node());
  CHECK(town[1].gaps[0].topic == "news");
  town.pass(110s);
  CHECK(town[1].told() == "open 2-4");
  town.pass(15s);
  CHECK(town[1].told() == "open 2-4, lost 2-4");
  CHECK(town[1].status("news").lost == 3);
  CHECK(town[1].status("news").gaps.empty());
  town.pass(300s);
  CHECK(town[1].gaps.size() == 2);
  CHECK(town[1].texts() == "1 5");
}

TEST_CASE("what nobody keeps any more is given up once all have said so") {
  Town town(3);
  town.subscribe("news", kReliableTopic);
  town[0].say("news", "1", kReliably);
  town.pass(1s);
  town[2].disconnect();
  for (int i = 2; i <= 4; ++i) town[0].say("news", std::to_string(i), kReliably);
  town.pass(1s);
  town[0].store.drop_envelopes();
  town[1].store.drop_envelopes();
  town.reconnect(2);
  town.pass(30s);
  CHECK(town[2].told().ends_with("lost 2-4"));
  CHECK(town[2].status("news").lost == 3);
  CHECK(town[2].status("news").gaps.empty());
  CHECK(town[2].texts() == "1");
}

TEST_CASE("a restart takes none twice, and fetches what came meanwhile") {
  Town town(3);
  town.subscribe("news", kReliableTopic);
  for (int i = 1; i <= 3; ++i) town[0].say("news", std::to_string(i), kReliably);
  town.pass(2s);
  town[2].stop();
  CHECK(town[2].texts() == "1 2 3");
  for (int i = 4; i <= 6; ++i) town[0].say("news", std::to_string(i), kReliably);
  town.pass(25s);  // until others have noticed
  town[2].start();
  town[2].subscribe("news", kReliableTopic);
  town.reconnect(2);
  town.pass(10s);
  CHECK(in_order(town[2].got) == count_up(6));
  town[0].say("news", "7", kReliably);
  town.pass(20s);
  CHECK(in_order(town[2].got) == count_up(7));
  CHECK(town[2].status("news").lost == 0);
}

TEST_CASE("the origin may restart, too: its new numbers are others") {
  Town town(3);
  town.subscribe("news", kReliableTopic);
  for (const auto* text : {"a", "b"}) town[0].say("news", text, kReliably);
  town.pass(2s);
  town[2].disconnect();
  town[0].stop();
  town.pass(25s);  // until others have noticed
  town[0].start();
  town[0].subscribe("news", kReliableTopic);
  town[0].connect(town[1]);
  town.pass(3s);
  for (const auto* text : {"c", "d"}) CHECK(town[0].say("news", text, kReliably).seq > 0);
  town.pass(2s);
  town.reconnect(2);
  town.pass(10s);
  CHECK(town[2].got.size() == 4);
  CHECK(town[1].texts() == "a b c d");
  CHECK(town[0].got.size() == 4);  // of its two lives; nothing of the first one again
  CHECK(town[2].gaps.empty());
}

TEST_CASE("who comes late to a reliable topic is not given its past") {
  Town town(3);
  town[0].subscribe("news", kReliableTopic);
  town[1].subscribe("news", kReliableTopic);
  town.pass(3s);
  for (int i = 1; i <= 3; ++i) town[0].say("news", std::to_string(i), kReliably);
  town.pass(10s);
  town[2].subscribe("news", kReliableTopic);
  town.pass(10s);
  town[0].say("news", "4", kReliably);
  town.pass(20s);
  CHECK(town[1].texts() == "1 2 3 4");
  CHECK(town[2].texts() == "4");
  CHECK(town[2].gaps.empty());
}

TEST_CASE("who only publishes reliably serves what it published") {
  Town town(2);
  town[1].subscribe("news", kReliableTopic);
  town.pass(3s);
  town[0].say("news", "1", kReliably);
  town.pass(1s);
  town[1].disconnect();
  town.pass(1s);
  CHECK(town[0].say("news", "2", kReliably).queued == 0);
  town.pass(1s);
  town[1].connect(town[0]);
  town.pass(5s);
  CHECK(in_order(town[1].got) == "1 2");
}

TEST_CASE("who only publishes takes nothing of others, and takes part as long as its messages live") {
  Town town(3);
  CHECK(town[0].say("news", "1", {.reliable = true, .ttl = 5min}).queued == 0);
  town[1].subscribe("news", kReliableTopic);
  town.pass(3s);
  town[1].say("news", "2", kReliably);
  town.pass(3s);
  CHECK(town[0].got.empty());
  CHECK_FALSE(town[0].status("news").subscribed);
  CHECK(town[0].store.usage()->messages == 1);  // its own
  // What it has forwarded it has not taken: it is not in the way of one that comes later.
  CHECK(town[1].status("news").peers.size() == 1);
  town.pass(7min);
  CHECK(town[1].status("news").peers.empty());
  town[0].subscribe("news", kReliableTopic);
  town.pass(3s);
  CHECK(town[1].status("news").peers.size() == 1);
  town[0].subscriptions.clear();
  town.pass(3s);
  CHECK(town[1].status("news").peers.empty());
}

TEST_CASE("a subscription that ends at once does no harm") {
  Town town(2);
  town[0].subscribe("news", kReliableTopic);
  town[0].subscriptions.clear();
  town[0].subscribe("news", kReliableTopic);
  town[0].subscriptions.clear();
  town[0].subscribe("news", kReliableTopic);
  town[1].subscribe("news", kReliableTopic);
  town.pass(3s);
  town[1].say("news", "1", kReliably);
  town.pass(3s);
  CHECK(town[0].texts() == "1");
}

TEST_CASE("what came to nobody, since who had subscribed was gone by then, is not counted as had") {
  int had_before = 0, had_later = 0;
  for (std::uint64_t seed = 1; seed <= 20; ++seed) {
    Town town(2, {}, seed);
    town.subscribe("news", kReliableTopic);
    town[1].host->pool.most = 100ms;
    for (int i = 1; i <= 5; ++i) town[0].say("news", std::to_string(i), kReliably);
    town.pass(std::chrono::milliseconds(45 * seed));
    town[1].subscriptions.clear();
    had_before += static_cast<int>(town[1].got.size());
    had_later += static_cast<int>(5 - town[1].got.size());
    if (seed % 2 == 0) town.pass(2s);
    town[1].subscribe("news", kReliableTopic);
    town.pass(20s);
    CAPTURE(seed);
    CHECK(in_order(town[1].got) == count_up(5));
  }
  CHECK(had_before > 0);
  CHECK(had_later > 0);
}

TEST_CASE("a peer that is silent holds up no report") {
  Town town(3);
  town.subscribe("news", kReliableTopic);
  town[0].say("news", "1", kReliably);
  town.pass(10s);
  const auto hold = [&town](const auto&, StreamPtr stream) {
    return test::say_nothing(town.crowd.clock(), std::move(stream));
  };
  for (const std::size_t silent : {0u, 2u}) town[silent].host->handle(ProtocolId(kRepairProtocol), hold);
  town[1].disconnect();
  town[0].say("news", "2");
  town.reconnect(1);
  town.pass(500ms);
  town[0].say("news", "3", kReliably);
  town.pass(4s);
  CHECK(town[1].texts() == "1 3");
  CHECK(town[1].told() == "open 2-2");
}

TEST_CASE("more than others would listen to waits, and is heard by all") {
  BroadcastLimits limits;
  limits.origin_messages_per_second = 20;
  limits.origin_messages_burst = 40;
  Town town(3, limits);
  town.subscribe("news");
  TaskGroup calls(town[0].host->env().executor, "calls");
  const auto say = [](Crier& crier, std::string text) -> Task<void> {
    co_await crier.broadcasts->broadcast("news", to_bytes(text));
  };
  const Instant began = town.crowd.now();
  for (int i = 1; i <= 200; ++i) calls.spawn(say(town[0], std::to_string(i)));
  town.crowd.loop().run(calls.join());
  // 20 at once, and 180 at 18 a second.
  CHECK(town.crowd.now() - began >= 10s);
  CHECK(town.crowd.now() - began < 13s);
  town.pass(3s);
  for (std::size_t i = 0; i < 3; ++i) {
    CHECK(in_order(town[i].got) == count_up(200));
    CHECK(town[i].gaps.empty());
  }
}

TEST_CASE("a full store is no reason to hold back what comes") {
  Town town(2);
  town.subscribe("news", kReliableTopic);
  town[1].store.is_full = true;
  town[0].say("news", "1", kReliably);
  town.pass(1s);
  CHECK(town[1].texts() == "1");
  // But what can't be kept is not promised to be reliable, and has no number.
  CHECK(town[1].try_to_say("news", to_bytes("x"), kReliably) == Errc::kStorage);
  CHECK(town[1].say("news", "y").seq == 1);
  town[1].store.is_full = false;
  CHECK(town[1].say("news", "z", kReliably).seq == 2);
  town.pass(20s);
  CHECK(town[0].texts() == "1 y z");
  CHECK(town[0].gaps.empty());
}

TEST_CASE("live and reliable messages share a topic and its numbers") {
  Town town(3);
  town.subscribe("news", kReliableTopic);
  town[0].say("news", "1", kReliably);
  town.pass(1s);
  town[2].disconnect();
  town[0].say("news", "2");
  town[0].say("news", "3", kReliably);
  town.pass(1s);
  town.reconnect(2);
  town.pass(10s);
  CHECK(town[2].texts() == "1 3");
  CHECK(town[2].told() == "open 2-2");  // nobody keeps a live one
  town.pass(150s);
  CHECK(town[2].told() == "open 2-2, lost 2-2");
}

TEST_CASE("a topic may become reliable, and be so no more") {
  Town town(2);
  town.subscribe("news");
  town[0].say("news", "1", kReliably);
  town.pass(1s);
  town[1].subscribe("news", kReliableTopic);
  town[0].subscribe("news", kReliableTopic);
  town.pass(3s);
  town[0].say("news", "2", kReliably);
  town.pass(10s);
  CHECK(town[1].texts() == "1 2 2");
  town[1].subscriptions.pop_back();
  town.pass(3s);
  CHECK_FALSE(town[1].status("news").reliable);
  town[0].say("news", "3", kReliably);
  town.pass(10s);
  CHECK(town[1].texts() == "1 2 2 3");
  CHECK(town[1].store.usage()->messages == 1);
}

TEST_CASE("more than fits into one answer is fetched in several") {
  BroadcastLimits limits;
  limits.repair_bytes_max = 64 * 1024;
  Town town(2, limits);
  town.subscribe("news", kReliableTopic);
  town[1].disconnect();
  for (int i = 1; i <= 40; ++i) town[0].say("news", std::string(10'000, 'x'), kReliably);
  town.reconnect(1);
  town.pass(15s);
  CHECK(town[1].got.size() == 40);
  CHECK(town[1].status("news").lost == 0);
}

}  // namespace
}  // namespace warren
