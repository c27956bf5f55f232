// Nodes die and come back, connections break, readers come and go, and pools are slow, in many orders: on a
// reliable topic everybody ends with everything, once.
#include <doctest/doctest.h>

#include "warren/broadcast/test_crier.hpp"

namespace warren {
namespace {

using test::Crier;
using test::kReliableTopic;
using test::kReliably;
using test::Town;

constexpr std::size_t kNodes = 8;
constexpr std::size_t kSpeakers = 3;  // the first ones; the last of them does not subscribe
constexpr int kMessages = 60;

class Storm {
 public:
  explicit Storm(std::uint64_t seed) : random_(seed), town_(kNodes, {}, seed) {
    for (const auto& crier : town_.criers)
      crier->host->pool.most = std::chrono::milliseconds(random_.below(400) + 1);
    for (std::size_t i = 0; i < kNodes; ++i) {
      if (i != kSpeakers - 1) town_[i].subscribe("news", kReliableTopic);
    }
    town_.pass(5s);
  }

  void run() {
    TaskGroup calls(town_[0].host->env().executor, "calls");
    for (int i = 0; i < kMessages; ++i) {
      Crier& speaker = town_[static_cast<std::size_t>(i) % kSpeakers];
      calls.spawn(say(&speaker, std::to_string(i)));
      town_.pass(std::chrono::milliseconds(random_.below(500)));
      if (random_.below(4) == 0) happen();
    }
    town_.crowd.loop().run(calls.join());
    for (const auto& crier : town_.criers) {
      if (!crier->broadcasts) come_back(*crier);
    }
    for (std::size_t i = 0; i < kNodes; ++i) town_.reconnect(i);
    town_.pass(60s);
  }

  // What is not as it should be: "5 lacks 17", "6 has 3 twice".
  std::string complaints() const {
    std::string all;
    for (std::size_t i = 0; i < kNodes; ++i) {
      if (i == kSpeakers - 1) continue;
      std::map<std::string, int> times;
      for (const TopicMessage& message : town_.criers[i]->got) ++times[to_text(message.payload)];
      for (int number = 0; number < kMessages; ++number) {
        const int count = times[std::to_string(number)];
        if (count == 1) continue;
        all += std::to_string(i) + (count == 0 ? " lacks " : " has twice ") + std::to_string(number) + "; ";
      }
    }
    return all;
  }
  std::size_t deaths() const { return deaths_; }

 private:
  static Task<void> say(Crier* speaker, std::string text) {
    co_await speaker->broadcasts->broadcast("news", to_bytes(text), kReliably);
  }

  void happen() {
    Crier& one = town_[kSpeakers + random_.below(kNodes - kSpeakers)];
    switch (random_.below(4)) {
      case 0:
        if (one.broadcasts) {
          ++deaths_;
          one.host->die();
          one.stop();
        } else {
          come_back(one);
        }
        return;
      case 1:
        if (one.broadcasts) one.disconnect();
        return;
      case 2:  // leaves, and comes back at once
        if (one.broadcasts) {
          one.subscriptions.clear();
          town_.pass(std::chrono::milliseconds(random_.below(600)));
          one.subscribe("news", kReliableTopic);
        }
        return;
      default: town_[random_.below(kSpeakers)].disconnect(); return;
    }
  }
  void come_back(Crier& crier) {
    crier.start();
    crier.subscribe("news", kReliableTopic);
    for (const auto& other : town_.criers) {
      if (other.get() != &crier && other->broadcasts) crier.connect(*other);
    }
  }

  sim::SeededRandom random_;
  Town town_;
  std::size_t deaths_ = 0;
};

TEST_CASE("on a reliable topic everybody ends with everything, once") {
  std::size_t deaths = 0;
  for (std::uint64_t seed = 1; seed <= 12; ++seed) {
    Storm storm(seed);
    storm.run();
    CAPTURE(seed);
    CHECK(storm.complaints() == "");
    deaths += storm.deaths();
  }
  CHECK(deaths > 5);
}

}  // namespace
}  // namespace warren
