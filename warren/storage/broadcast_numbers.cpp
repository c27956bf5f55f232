#include "warren/storage/broadcast_numbers.hpp"

#include <algorithm>
#include <iterator>

namespace warren {
namespace {

// More than anybody subscribes to; the others are read again.
constexpr std::size_t kTopicsMax = 256;

}  // namespace

void NumberRanges::add(std::uint64_t number) {
  auto after = ranges_.upper_bound(number);
  const auto before = after == ranges_.begin() ? ranges_.end() : std::prev(after);
  if (before != ranges_.end() && before->second >= number) return;
  std::uint64_t last = number;
  if (after != ranges_.end() && after->first == number + 1) {
    last = after->second;
    after = ranges_.erase(after);
  }
  if (before != ranges_.end() && before->second + 1 == number) {
    before->second = last;
  } else {
    ranges_.emplace_hint(after, number, last);
  }
}

void NumberRanges::remove(std::uint64_t number) {
  auto at = ranges_.upper_bound(number);
  if (at == ranges_.begin()) return;
  --at;
  const auto [first, last] = *at;
  if (last < number) return;
  ranges_.erase(at);
  if (first < number) ranges_.emplace(first, number - 1);
  if (last > number) ranges_.emplace(number + 1, last);
}

BroadcastNumbers::Origins* BroadcastNumbers::find(std::int64_t topic) {
  const auto found = topics_.find(topic);
  return found == topics_.end() ? nullptr : &found->second;
}

BroadcastNumbers::Origins& BroadcastNumbers::put(std::int64_t topic, Origins origins) {
  if (topics_.size() >= kTopicsMax) topics_.clear();
  return topics_[topic] = std::move(origins);
}

void BroadcastNumbers::add(const Place& place, const BroadcastOrigin& origin) {
  if (Origins* origins = find(place.topic))
    origins->try_emplace(place.origin, Origin{origin, {}}).first->second.numbers.add(place.seq);
}

void BroadcastNumbers::remove(const Place& place) {
  Origins* origins = find(place.topic);
  if (origins == nullptr) return;
  const auto origin = origins->find(place.origin);
  if (origin == origins->end()) return;
  origin->second.numbers.remove(place.seq);
  if (origin->second.numbers.ranges().empty()) origins->erase(origin);
}

std::vector<BroadcastRange> BroadcastNumbers::ranges_of(const Origins& origins) {
  std::vector<const Origin*> sorted;
  for (const auto& [row, origin] : origins) sorted.push_back(&origin);
  std::ranges::sort(sorted, {}, [](const Origin* each) -> const BroadcastOrigin& { return each->origin; });
  std::vector<BroadcastRange> ranges;
  for (const Origin* each : sorted) {
    for (const auto& [first, last] : each->numbers.ranges()) ranges.push_back({each->origin, first, last});
  }
  return ranges;
}

}  // namespace warren
