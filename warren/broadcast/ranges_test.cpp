#include "warren/broadcast/ranges.hpp"

#include <doctest/doctest.h>

#include <set>
#include <tuple>

#include "warren/broadcast/gap_reports.hpp"
#include "warren/broadcast/test_repair.hpp"
#include "warren/sim/random.hpp"

namespace warren {
namespace {

using test::kAlice;
using test::kBob;
using Numbers = std::set<std::pair<BroadcastOrigin, std::uint64_t>>;

Numbers numbers(const BroadcastRanges& ranges) {
  Numbers all;
  for (const auto& range : ranges) {
    for (std::uint64_t seq = range.first; seq <= range.last; ++seq) all.emplace(range.origin, seq);
  }
  return all;
}

std::string lettered(const BroadcastRanges& ranges) {
  std::string text;
  for (const auto& range : ranges) {
    text += range.origin == kAlice ? " a" : " b";
    text += std::to_string(range.first) + "-" + std::to_string(range.last);
  }
  return text;
}

// Both origins in one order, whichever is first.
BroadcastRanges some_ranges(sim::SeededRandom& random) {
  std::vector<BroadcastRange> ranges;
  for (std::uint64_t n = random.below(6); n > 0; --n) {
    const std::uint64_t first = 1 + random.below(12);
    ranges.push_back({random.below(2) == 0 ? kAlice : kBob, first, first + random.below(5) - 1});
  }
  return normalized(std::move(ranges));
}

TEST_CASE("ranges are put in order and joined") {
  CHECK(lettered(
            normalized({{kAlice, 5, 6}, {kAlice, 1, 2}, {kAlice, 3, 3}, {kAlice, 2, 1}, {kAlice, 6, 9}})) ==
        " a1-3 a5-9");
  CHECK(lettered(normalized({{kAlice, 1, UINT64_MAX}, {kAlice, 2, 3}})) == " a1-18446744073709551615");
  CHECK(count({{kAlice, 1, 3}, {kBob, 7, 7}}) == 4);
  CHECK(count({{kAlice, 1, UINT64_MAX}, {kBob, 1, 10}}) == UINT64_MAX);
}

TEST_CASE("ranges are sets of numbers") {
  sim::SeededRandom random(1);
  for (int i = 0; i < 2000; ++i) {
    const BroadcastRanges a = some_ranges(random);
    const BroadcastRanges b = some_ranges(random);
    CAPTURE(lettered(a));
    CAPTURE(lettered(b));
    Numbers left = numbers(a), both;
    for (const auto& number : numbers(b)) {
      if (left.erase(number) > 0) both.insert(number);
    }
    CHECK(numbers(without(a, b)) == left);
    CHECK(numbers(common(a, b)) == both);
    CHECK(count(a) == numbers(a).size());
    CHECK(lettered(without(a, b)) == lettered(normalized(without(a, b))));
  }
}

TEST_CASE("a gap is told of once, and of its end") {
  using State = TopicGap::State;
  GapReports reports;
  const auto told = [](const std::vector<GapReport>& all) {
    std::string text;
    for (const auto& [range, state] : all) {
      text += state == State::kOpen ? " open" : state == State::kClosed ? " closed" : " lost";
      text += std::to_string(range.first) + "-" + std::to_string(range.last);
    }
    return text;
  };
  CHECK(told(reports.update({})).empty());
  CHECK(told(reports.update({{kAlice, 5, 9}})) == " open5-9");
  CHECK(told(reports.update({{kAlice, 5, 9}})).empty());
  CHECK(told(reports.update({{kAlice, 5, 6}, {kAlice, 8, 12}})) == " closed7-7 open10-12");
  CHECK(lettered(reports.open()) == " a5-6 a8-12");
  CHECK(told(reports.lose({{kAlice, 8, 12}})) == " lost8-12");
  CHECK(told(reports.update({{kAlice, 5, 6}})).empty());
  CHECK(told(reports.lose({{kAlice, 50, 60}})) == " lost50-60");  // there was no room to follow it
  CHECK(told(reports.update({})) == " closed5-6");
}

}  // namespace
}  // namespace warren
