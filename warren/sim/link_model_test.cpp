#include "warren/sim/link_model.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <vector>

namespace warren::sim {
namespace {

constexpr Instant kFirstSent{5s};

// When each of `count` packets arrives that set out every `gap`.
std::vector<std::optional<Instant>> send_many(LinkModel& model, int count, Duration gap,
                                              std::size_t size = 1000) {
  std::vector<std::optional<Instant>> arrivals;
  for (int i = 0; i < count; ++i) arrivals.push_back(model.send(kFirstSent + i * gap, size));
  return arrivals;
}

long lost(const std::vector<std::optional<Instant>>& arrivals) {
  return std::ranges::count_if(arrivals, [](const auto& arrival) { return !arrival; });
}

bool in_order(const std::vector<std::optional<Instant>>& arrivals) {
  Instant last{};
  for (const auto& arrival : arrivals) {
    if (arrival && *arrival < last) return false;
    if (arrival) last = *arrival;
  }
  return true;
}

TEST_CASE("a link with nothing but a delay delivers everything after it") {
  LinkModel model(1, {.delay = 30ms});
  for (const std::size_t size : {0, 1, 1500, 65535}) CHECK(model.send(kFirstSent, size) == kFirstSent + 30ms);
  CHECK(model.send(kFirstSent + 1ms, 1500) == kFirstSent + 31ms);
}

TEST_CASE("a rate gives each packet its time on the line") {
  LinkModel model(1, {.delay = 10ms, .rate = 1'000'000});
  // 1,250 bytes are 10 ms.
  CHECK(model.send(kFirstSent, 1250) == kFirstSent + 20ms);
  CHECK(model.send(kFirstSent, 1250) == kFirstSent + 30ms);
  CHECK(model.send(kFirstSent + 5ms, 125) == kFirstSent + 31ms);
  CHECK(model.send(kFirstSent + 21ms, 1250) == kFirstSent + 41ms);  // the line is free again just now
  CHECK(model.send(kFirstSent + 1s, 1250) == kFirstSent + 1s + 20ms);
}

TEST_CASE("roundings of a rate do not add up") {
  LinkModel model(1, {.delay = 0ms, .rate = 3'000'000, .queue = 10'000'000});
  std::optional<Instant> last;
  for (int i = 0; i < 3000; ++i) last = model.send(kFirstSent, 1000);
  CHECK(last == kFirstSent + 8s);
}

TEST_CASE("what comes to a full queue is dropped, until there is room") {
  LinkModel model(1, {.delay = 0ms, .rate = 8'000'000, .queue = 10'000});
  // A millisecond each, and ten of them in the queue, the one on the line included.
  const auto arrivals = send_many(model, 15, 0ms);
  for (int i = 0; i < 10; ++i) CHECK(arrivals[i] == kFirstSent + (i + 1) * 1ms);
  for (int i = 10; i < 15; ++i) CHECK_FALSE(arrivals[i]);
  CHECK_FALSE(model.send(kFirstSent + 1ms - 1ns, 1000));
  CHECK(model.send(kFirstSent + 1ms, 1000) == kFirstSent + 11ms);
  CHECK_FALSE(model.send(kFirstSent + 1ms, 1));
  CHECK(model.send(kFirstSent + 1s, 50'000) ==
        kFirstSent + 1s + 50ms);  // larger than the queue, which is empty
  CHECK_FALSE(model.send(kFirstSent + 1s, 1));
}

TEST_CASE("twice the rate of the line: half gets through") {
  LinkModel model(1, {.rate = 8'000'000, .queue = 10'000});
  const long dropped = lost(send_many(model, 10'000, 500us));
  CHECK(dropped > 4900);
  CHECK(dropped < 5000);
}

TEST_CASE("losses are as many as asked for, and the seed says which") {
  LinkModel model(7, {.loss = 0.05});
  const auto arrivals = send_many(model, 10'000, 1ms);
  // The standard deviation is 22.
  CHECK(lost(arrivals) > 400);
  CHECK(lost(arrivals) < 600);
  LinkModel same(7, {.loss = 0.05});
  CHECK(send_many(same, 10'000, 1ms) == arrivals);
  LinkModel other(8, {.loss = 0.05});
  CHECK(send_many(other, 10'000, 1ms) != arrivals);
  LinkModel nothing(7, {.loss = 1});
  CHECK(lost(send_many(nothing, 100, 1ms)) == 100);
}

TEST_CASE("jitter is within its bounds, and keeps the order") {
  LinkModel model(1, {.delay = 10ms, .jitter = 4ms});
  const auto arrivals = send_many(model, 1000, 1ms);
  CHECK(in_order(arrivals));
  Duration least = 1h;
  Duration most{};
  for (int i = 0; i < 1000; ++i) {
    const Duration took = *arrivals[i] - (kFirstSent + i * 1ms);
    least = std::min(least, took);
    most = std::max(most, took);
  }
  CHECK(least >= 10ms);
  CHECK(least < 11ms);
  CHECK(most <= 14ms);
  CHECK(most > 13ms);
}

TEST_CASE("a packet that is held back is overtaken, and holds up none") {
  LinkModel model(1, {.delay = 10ms, .reordering = 0.1, .held_back = 5ms});
  const auto arrivals = send_many(model, 1000, 1ms);
  CHECK_FALSE(in_order(arrivals));
  int late = 0;
  for (int i = 0; i < 1000; ++i) {
    const Duration took = *arrivals[i] - (kFirstSent + i * 1ms);
    const bool held_back = took == 15ms;
    CHECK((held_back || took == 10ms));
    late += held_back ? 1 : 0;
  }
  CHECK(late > 60);
  CHECK(late < 140);
}

TEST_CASE("packets larger than the path takes are lost, the link's own MTU is the caller's affair") {
  LinkModel model(1, {.mtu = 1000, .path_mtu = 1400});
  CHECK(model.send(kFirstSent, 1400));
  CHECK_FALSE(model.send(kFirstSent, 1401));
  CHECK(model.send_reliably(kFirstSent, 1401, 20ms) == kFirstSent + 10ms);
}

TEST_CASE("new options hold from then on, and nothing is overtaken") {
  LinkModel model(1, {.delay = 30ms});
  CHECK(model.send(kFirstSent, 100) == kFirstSent + 30ms);
  model.set_options({.delay = 10ms});
  CHECK(model.send(kFirstSent + 1ms, 100) == kFirstSent + 30ms);
  CHECK(model.send(kFirstSent + 25ms, 100) == kFirstSent + 35ms);
}

TEST_CASE("what is sent again arrives late instead of never") {
  LinkModel sure(1, {.delay = 50ms});
  CHECK(sure.send_reliably(kFirstSent, 1500, 100ms) == kFirstSent + 50ms);
  LinkModel model(1, {.delay = 50ms, .loss = 0.1});
  int late = 0;
  for (int i = 0; i < 1000; ++i) {
    const Duration took = model.send_reliably(kFirstSent + i * 1s, 1500, 150ms) - (kFirstSent + i * 1s);
    // 300 ms for the first loss, 600 more for the second, and so on.
    CHECK((took - 50ms) % 300ms == Duration{});
    late += took > 50ms ? 1 : 0;
  }
  CHECK(late > 70);
  CHECK(late < 130);
  LinkModel near(1, {.delay = 0ms, .loss = 1});
  CHECK(near.send_reliably(kFirstSent, 1500, 20ms) == kFirstSent + 200ms * 1023);
}

TEST_CASE("what is sent again waits for the line, but is not dropped by its queue") {
  LinkModel model(1, {.delay = 0ms, .rate = 8'000'000, .queue = 2'000});
  for (int i = 1; i <= 10; ++i) CHECK(model.send_reliably(kFirstSent, 1000, 0ms) == kFirstSent + i * 1ms);
  CHECK(model.send(kFirstSent, 1000) == kFirstSent + 11ms);
}

}  // namespace
}  // namespace warren::sim
