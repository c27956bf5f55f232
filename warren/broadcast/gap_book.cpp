#include "warren/broadcast/gap_book.hpp"

#include <algorithm>
#include <iterator>
#include <utility>

namespace warren {
namespace {

// Ranges of one origin's lost numbers that are told from had ones; older ones count as had.
constexpr std::size_t kLostSegmentsMax = 16;
// Runs of one node that are followed. A node that begins a new one with each message pushes out its own.
constexpr std::size_t kEpochsMax = 64;
// Reports of losses for want of room that wait for take_lost().
constexpr std::size_t kCrowdedOutMax = 1024;

bool is_number(std::uint64_t seq) {
  return seq >= 1 && seq <= kBroadcastSeqMax;
}

}  // namespace

bool GapBook::note(const BroadcastOrigin& origin, std::uint64_t seq, Instant now) {
  if (!is_number(seq)) return false;
  Line& line = line_heard(origin);
  if (!line.segments.empty()) {
    if (seq > line.top()) {
      if (seq - 1 > line.top()) open_gap(line, line.top() + 1, seq - 1, now);
    } else if (seq < line.base()) {
      if (seq + 1 < line.base()) open_gap(line, seq + 1, line.base() - 1, now);
    } else if (std::prev(line.segments.upper_bound(seq))->second.kind == Kind::kHad) {
      return false;
    }
  }
  assign(line, seq, {seq, Kind::kHad, {}});
  forget_old_losses(line);
  return true;
}

bool GapBook::has(const BroadcastOrigin& origin, std::uint64_t seq) const {
  const Line* line = find(origin);
  if (line == nullptr || seq < line->base() || seq > line->top()) return false;
  return std::prev(line->segments.upper_bound(seq))->second.kind == Kind::kHad;
}

void GapBook::restore(const BroadcastRange& range, Instant now) {
  const std::uint64_t first = std::max<std::uint64_t>(range.first, 1);
  const std::uint64_t last = std::min(range.last, kBroadcastSeqMax);
  if (first > last) return;
  Line& line = line_heard(range.origin);
  if (!line.segments.empty()) {
    if (first > line.top() && first - 1 > line.top()) open_gap(line, line.top() + 1, first - 1, now);
    if (last < line.base() && last + 1 < line.base()) open_gap(line, last + 1, line.base() - 1, now);
  }
  assign(line, first, {last, Kind::kHad, {}});
  forget_old_losses(line);
}

void GapBook::follow(const BroadcastRange& range, Instant now) {
  const std::uint64_t first = std::max<std::uint64_t>(range.first, 1);
  const std::uint64_t last = std::min(range.last, kBroadcastSeqMax);
  if (first > last) return;
  Line* line = line_claimed(range.origin);
  if (line == nullptr) return;
  if (line->segments.empty()) {
    const std::uint64_t count = std::min(last - first + 1, room_for_claims(line));
    assign(*line, first, {first + count - 1, Kind::kMissing, now});
    return;
  }
  if (last > line->top()) {
    const std::uint64_t top = line->top();
    const std::uint64_t count = std::min(last - top, room_for_claims(line));
    if (count > 0) assign(*line, top + 1, {top + count, Kind::kMissing, now});
  }
  if (first < line->base()) {
    const std::uint64_t base = line->base();
    const std::uint64_t count = std::min(base - first, room_for_claims(line));
    if (count > 0) assign(*line, base - count, {base - 1, Kind::kMissing, now});
  }
}

void GapBook::give_up(const BroadcastRange& range) {
  const auto found = lines_.find(range.origin);
  if (found == lines_.end()) return;
  Line& line = found->second;
  const std::uint64_t first = std::max(range.first, line.base());
  const std::uint64_t last = std::min(range.last, line.top());
  if (first > last) return;
  std::vector<std::pair<std::uint64_t, std::uint64_t>> lost;
  for (auto at = std::prev(line.segments.upper_bound(first)); at != line.segments.end() && at->first <= last;
       ++at) {
    if (at->second.kind != Kind::kMissing) continue;
    lost.emplace_back(std::max(at->first, first), std::min(at->second.last, last));
  }
  for (const auto& [from, to] : lost) assign(line, from, {to, Kind::kLost, {}});
  forget_old_losses(line);
}

std::vector<BroadcastRange> GapBook::missing(Instant now) const {
  return noticed_until(now - limits_.gap_grace);
}

std::vector<BroadcastRange> GapBook::overdue(Instant now) const {
  return noticed_until(now - limits_.gap_patience);
}

std::vector<BroadcastRange> GapBook::noticed_until(Instant latest) const {
  std::vector<BroadcastRange> ranges;
  for (const auto& [noticed, line, first] : dues_) {
    if (noticed > latest) break;
    ranges.push_back({*line->origin, first, line->segments.at(first).last});
  }
  std::ranges::sort(ranges, [](const BroadcastRange& a, const BroadcastRange& b) {
    return std::tie(a.origin, a.first) < std::tie(b.origin, b.first);
  });
  // Noticed one after the other, but one hole.
  std::vector<BroadcastRange> joined;
  for (const BroadcastRange& range : ranges) {
    if (!joined.empty() && joined.back().origin == range.origin && joined.back().last + 1 == range.first) {
      joined.back().last = range.last;
    } else {
      joined.push_back(range);
    }
  }
  return joined;
}

std::vector<BroadcastRange> GapBook::held() const {
  std::vector<BroadcastRange> ranges;
  for (const auto* ages : {&heard_, &claimed_}) {
    for (const Line* line : *ages) {
      bool goes_on = false;
      for (const auto& [first, segment] : line->segments) {
        const bool counts = segment.kind != Kind::kMissing;
        if (counts && goes_on) {
          ranges.back().last = segment.last;
        } else if (counts) {
          ranges.push_back({*line->origin, first, segment.last});
        }
        goes_on = counts;
      }
    }
  }
  return ranges;
}

std::optional<Instant> GapBook::next_change(Instant now) const {
  std::optional<Instant> earliest;
  for (const Duration wait : {limits_.gap_grace, limits_.gap_patience}) {
    // The first that was noticed after what has been waited for already.
    const auto next = dues_.lower_bound(Due{now - wait + Duration(1), nullptr, 0});
    if (next == dues_.end()) continue;
    const Instant due = std::get<0>(*next) + wait;
    if (!earliest || due < *earliest) earliest = due;
  }
  return earliest;
}

// --- origins ---

const GapBook::Line* GapBook::find(const BroadcastOrigin& origin) const {
  const auto found = lines_.find(origin);
  return found == lines_.end() ? nullptr : &found->second;
}

GapBook::Line& GapBook::line_heard(const BroadcastOrigin& origin) {
  const auto found = lines_.find(origin);
  if (found != lines_.end()) {
    Line& line = found->second;
    heard_.splice(heard_.begin(), line.heard ? heard_ : claimed_, line.age);
    line.heard = true;
    line.touched = ++clicks_;
    return line;
  }
  if (lines_.size() >= limits_.origins_max) drop_line(claimed_.empty() ? *heard_.back() : *claimed_.back());
  return add_line(origin, true);
}

GapBook::Line* GapBook::line_claimed(const BroadcastOrigin& origin) {
  const auto found = lines_.find(origin);
  if (found != lines_.end()) return &found->second;
  if (room_for_claims(nullptr) == 0) return nullptr;
  if (lines_.size() >= limits_.origins_max) {
    if (claimed_.empty()) return nullptr;
    drop_line(*claimed_.back());
  }
  return &add_line(origin, false);
}

GapBook::Line& GapBook::add_line(const BroadcastOrigin& origin, bool heard) {
  make_room_among_epochs(origin.node);
  const auto added = lines_.try_emplace(origin).first;
  Line& line = added->second;
  line.origin = &added->first;
  line.heard = heard;
  line.touched = ++clicks_;
  auto& ages = heard ? heard_ : claimed_;
  line.age = ages.insert(ages.begin(), &line);
  return line;
}

void GapBook::make_room_among_epochs(const NodeId& node) {
  std::size_t count = 0;
  Line* oldest = nullptr;
  const auto age = [](const Line& line) { return std::tuple(line.heard, line.touched); };
  for (auto at = lines_.lower_bound({node, {}}); at != lines_.end() && at->first.node == node; ++at) {
    ++count;
    if (oldest == nullptr || age(at->second) < age(*oldest)) oldest = &at->second;
  }
  if (count >= kEpochsMax) drop_line(*oldest);
}

void GapBook::drop_line(Line& line) {
  for (auto at = line.segments.begin(); at != line.segments.end();) {
    if (at->second.kind == Kind::kMissing && crowded_out_.size() < kCrowdedOutMax && line.heard)
      crowded_out_.push_back({*line.origin, at->first, at->second.last});
    at = erase(line, at);
  }
  (line.heard ? heard_ : claimed_).erase(line.age);
  lines_.erase(lines_.find(*line.origin));  // erase by key would read a key that is going
}

// --- ranges of one origin ---

void GapBook::insert(Line& line, std::uint64_t first, Segment segment) {
  if (segment.kind == Kind::kMissing) {
    line.missing += segment.last - first + 1;
    missing_count_ += segment.last - first + 1;
    dues_.emplace(segment.noticed, &line, first);
  }
  if (segment.kind == Kind::kLost) line.lost.insert(first);
  ++range_count_;
  line.segments.emplace(first, segment);
}

GapBook::Segments::iterator GapBook::erase(Line& line, Segments::iterator at) {
  const auto& [first, segment] = *at;
  if (segment.kind == Kind::kMissing) {
    line.missing -= segment.last - first + 1;
    missing_count_ -= segment.last - first + 1;
    dues_.erase({segment.noticed, &line, first});
  }
  if (segment.kind == Kind::kLost) line.lost.erase(first);
  --range_count_;
  return line.segments.erase(at);
}

// Afterwards no segment reaches over the boundary between number - 1 and number.
void GapBook::split_before(Line& line, std::uint64_t number) {
  auto at = line.segments.lower_bound(number);
  if (at == line.segments.begin()) return;
  --at;
  const auto [first, segment] = *at;
  if (segment.last < number) return;
  erase(line, at);
  insert(line, first, {number - 1, segment.kind, segment.noticed});
  insert(line, number, segment);
}

// From now on these numbers, `first` to segment.last, are of this kind; joined with equal neighbours.
void GapBook::assign(Line& line, std::uint64_t first, Segment segment) {
  split_before(line, first);
  split_before(line, segment.last + 1);
  auto at = line.segments.lower_bound(first);
  while (at != line.segments.end() && at->first <= segment.last) at = erase(line, at);
  const auto is_equal = [&](const Segment& other) {
    if (other.kind != segment.kind) return false;
    return other.kind != Kind::kMissing || other.noticed == segment.noticed;
  };
  if (at != line.segments.end() && at->first == segment.last + 1 && is_equal(at->second)) {
    segment.last = at->second.last;
    at = erase(line, at);
  }
  if (at != line.segments.begin()) {
    const auto before = std::prev(at);
    if (before->second.last + 1 == first && is_equal(before->second)) {
      first = before->first;
      erase(line, before);
    }
  }
  insert(line, first, segment);
}

// A message has shown that these exist. The latest of them are the likeliest that others still keep.
void GapBook::open_gap(Line& line, std::uint64_t first, std::uint64_t last, Instant now) {
  const std::uint64_t own_room = limits_.origin_gap_max - std::min(limits_.origin_gap_max, line.missing);
  const std::uint64_t all_room = limits_.gaps_max - std::min(limits_.gaps_max, missing_count_);
  const std::uint64_t followed = std::min({last - first + 1, own_room, all_room});
  const std::uint64_t from = last - followed + 1;
  if (from > first) {
    assign(line, first, {from - 1, Kind::kLost, {}});
    if (crowded_out_.size() < kCrowdedOutMax) crowded_out_.push_back({*line.origin, first, from - 1});
  }
  if (followed > 0) assign(line, from, {last, Kind::kMissing, now});
}

void GapBook::forget_old_losses(Line& line) {
  while (line.lost.size() > kLostSegmentsMax) {
    const std::uint64_t first = *line.lost.begin();
    assign(line, first, {line.segments.at(first).last, Kind::kHad, {}});
  }
}

std::uint64_t GapBook::room_for_claims(const Line* line) const {
  const std::uint64_t had = line == nullptr ? 0 : line->missing;
  const std::uint64_t own = limits_.origin_gap_max - std::min<std::uint64_t>(limits_.origin_gap_max, had);
  const std::uint64_t half = limits_.gaps_max / 2;
  return std::min(own, half - std::min(half, missing_count_));
}

}  // namespace warren
