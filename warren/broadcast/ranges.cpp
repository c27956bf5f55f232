#include "warren/broadcast/ranges.hpp"

#include <algorithm>
#include <tuple>

namespace warren {
namespace {

bool ends_before(const BroadcastRange& range, const BroadcastRange& other) {
  return std::tie(range.origin, range.last) < std::tie(other.origin, other.first);
}

}  // namespace

BroadcastRanges normalized(std::vector<BroadcastRange> ranges) {
  std::erase_if(ranges, [](const BroadcastRange& range) { return range.first > range.last; });
  std::ranges::sort(ranges, [](const BroadcastRange& a, const BroadcastRange& b) {
    return std::tie(a.origin, a.first) < std::tie(b.origin, b.first);
  });
  BroadcastRanges joined;
  for (const BroadcastRange& range : ranges) {
    const bool goes_on = !joined.empty() && joined.back().origin == range.origin &&
                         (joined.back().last == UINT64_MAX || range.first <= joined.back().last + 1);
    if (goes_on) {
      joined.back().last = std::max(joined.back().last, range.last);
    } else {
      joined.push_back(range);
    }
  }
  return joined;
}

BroadcastRanges without(const BroadcastRanges& ranges, const BroadcastRanges& others) {
  BroadcastRanges left;
  auto other = others.begin();
  for (BroadcastRange range : ranges) {
    while (other != others.end() && ends_before(*other, range)) ++other;
    bool is_used_up = false;
    // One of the others may reach into the next range, too: it is not passed for good here.
    for (auto cut = other; cut != others.end() && !ends_before(range, *cut) && !is_used_up; ++cut) {
      if (cut->first > range.first) left.push_back({range.origin, range.first, cut->first - 1});
      is_used_up = cut->last >= range.last;
      if (!is_used_up) range.first = cut->last + 1;
    }
    if (!is_used_up) left.push_back(range);
  }
  return left;
}

BroadcastRanges common(const BroadcastRanges& ranges, const BroadcastRanges& others) {
  return without(ranges, without(ranges, others));
}

std::uint64_t count(const BroadcastRanges& ranges) {
  std::uint64_t total = 0;
  for (const BroadcastRange& range : ranges) {
    const std::uint64_t more = range.last - range.first;
    if (total >= UINT64_MAX - more) return UINT64_MAX;
    total += more + 1;
  }
  return total;
}

}  // namespace warren
