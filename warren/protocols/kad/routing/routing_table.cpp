#include "warren/protocols/kad/routing/routing_table.hpp"

#include <algorithm>
#include <tuple>

#include "warren/base/assert.hpp"

namespace warren::kad {

namespace {

constexpr int kFailuresMax = 2;
// When nobody answers at all. With a probe each 5 s it takes a minute.
constexpr int kFailuresAloneMax = 10;
// Buckets. With a million peers the 16th is the last that is full, and further ones take long to find keys
// for.
constexpr std::size_t kRefreshMax = 16;

std::size_t count_in(const std::vector<RoutingTable::Entry>& bucket, IpGroup group) {
  return static_cast<std::size_t>(std::ranges::count_if(
      bucket, [&](const RoutingTable::Entry& entry) { return entry.groups.contains(group); }));
}

bool older_than(const std::optional<Instant>& time, Instant now, Duration age) {
  return !time || now - *time >= age;
}

}  // namespace

RoutingTable::RoutingTable(Key self, TableLimits limits) : self_(self), limits_(limits) {}

RoutingTable::Added RoutingTable::add(const PeerId& peer, std::span<const IpAddress> addresses, Instant now) {
  const IpGroups groups = IpGroups::of(addresses);
  Entry entry{.peer = peer, .key = Key::of(peer)};
  if (entry.key == self_) return {Add::kFull, {}};
  entry.added = entry.useful = entry.heard = entry.tried = now;
  entry.groups = groups;
  heard_any_ = now;
  Bucket& bucket = bucket_of(entry.key);
  if (const auto known = std::ranges::find(bucket, peer, &Entry::peer); known != bucket.end()) {
    if (!groups.empty()) known->groups = groups;
    known->heard = now;
    known->failures = 0;
    return {Add::kKnown, {}};
  }
  if (refused(groups, bucket)) return {Add::kTooManyAlike, {}};
  if (bucket.size() < limits_.bucket) {
    // Thousands of tables live in one simulation: no more room than a full bucket needs.
    if (bucket.size() == bucket.capacity()) {
      bucket.reserve(std::min(limits_.bucket, std::max<std::size_t>(4, 2 * bucket.size())));
    }
    bucket.push_back(entry);
    ++size_;
    return {Add::kNew, {}};
  }
  Entry* const old = replaceable(bucket, groups, now);
  if (!old) return {Add::kFull, {}};
  const PeerId replaced = old->peer;
  *old = entry;
  return {Add::kReplaced, replaced};
}

bool RoutingTable::remove(const PeerId& peer) {
  for (Bucket& bucket : buckets_) {
    if (std::erase_if(bucket, [&](const Entry& entry) { return entry.peer == peer; }) > 0) {
      --size_;
      return true;
    }
  }
  return false;
}

void RoutingTable::note_answer(const PeerId& peer, bool useful, Instant now) {
  heard_any_ = now;
  Entry* const entry = entry_of(peer);
  if (!entry) return;
  entry->heard = now;
  entry->failures = 0;
  if (useful) entry->useful = now;
}

bool RoutingTable::note_failure(const PeerId& peer, Instant now) {
  Entry* const entry = entry_of(peer);
  if (!entry) return false;
  const bool online = heard_any_ && *heard_any_ > entry->tried;
  ++entry->failures;
  entry->tried = now;
  return entry->failures >= (online ? kFailuresMax : kFailuresAloneMax) && remove(peer);
}

void RoutingTable::set_connected(const PeerId& peer, bool connected, Instant now) {
  Entry* const entry = entry_of(peer);
  if (!entry) return;
  entry->connected = connected;
  if (connected) note_answer(peer, false, now);
}

std::vector<PeerId> RoutingTable::closest(const Key& target, std::size_t n) const {
  std::vector<PeerId> peers;
  peers.reserve(n);
  for (const Entry* entry : nearest(target, n, false)) peers.push_back(entry->peer);
  return peers;
}

std::vector<PeerId> RoutingTable::seeds(const Key& target, std::size_t n) const {
  std::vector<PeerId> peers = closest(target, n);
  if (peers.size() == n) return peers;
  for (const Entry* entry : nearest(target, n - peers.size(), true)) peers.push_back(entry->peer);
  return peers;
}

// With c the common prefix of the target and this node, the peers of bucket c share more than c bits with the
// target, those of all later buckets c, and those of bucket i < c share i: each of these groups is nearer
// than the next, and only within them is there anything to sort.
std::vector<const RoutingTable::Entry*> RoutingTable::nearest(const Key& target, std::size_t n,
                                                              bool suspects) const {
  struct Near {
    std::uint64_t head;  // of the distance
    const Entry* entry;
  };
  const auto is_nearer = [&target](const Near& a, const Near& b) {
    if (a.head != b.head) return a.head < b.head;
    return target.distance(a.entry->key) < target.distance(b.entry->key);
  };
  const std::uint64_t target_head = target.head();
  std::vector<Near> found;
  found.reserve(n + limits_.bucket);
  const auto take = [&](std::size_t from, std::size_t to) {
    const auto sorted = static_cast<std::ptrdiff_t>(found.size());
    for (std::size_t i = from; i < to; ++i) {
      for (const Entry& entry : buckets_[i]) {
        if ((entry.failures > 0) == suspects) found.push_back({target_head ^ entry.key.head(), &entry});
      }
    }
    std::ranges::sort(found.begin() + sorted, found.end(), is_nearer);
  };
  const std::size_t all = buckets_.size();
  const std::size_t common = std::min(self_.common_prefix(target), all);
  take(common, std::min(common + 1, all));
  if (found.size() < n) take(std::min(common + 1, all), all);
  for (std::size_t i = common; i-- > 0 && found.size() < n;) take(i, i + 1);
  std::vector<const Entry*> entries;
  entries.reserve(std::min(n, found.size()));
  for (const Near& near : found) {
    if (entries.size() < n) entries.push_back(near.entry);
  }
  return entries;
}

const RoutingTable::Entry* RoutingTable::find(const PeerId& peer) const {
  const std::size_t common = self_.common_prefix(Key::of(peer));
  if (common >= buckets_.size()) return nullptr;
  const auto found = std::ranges::find(buckets_[common], peer, &Entry::peer);
  return found == buckets_[common].end() ? nullptr : &*found;
}

RoutingTable::Entry* RoutingTable::entry_of(const PeerId& peer) {
  return const_cast<Entry*>(find(peer));
}

RoutingTable::Bucket& RoutingTable::bucket_of(const Key& key) {
  const std::size_t common = self_.common_prefix(key);
  WARREN_ASSERT(common < kKeyBits);
  if (common >= buckets_.size()) buckets_.resize(common + 1);
  return buckets_[common];
}

std::vector<PeerId> RoutingTable::peers() const {
  std::vector<PeerId> peers;
  for (const Bucket& bucket : buckets_) {
    for (const Entry& entry : bucket) peers.push_back(entry.peer);
  }
  return peers;
}

std::vector<std::size_t> RoutingTable::bucket_sizes() const {
  std::vector<std::size_t> sizes;
  for (const Bucket& bucket : buckets_) sizes.push_back(bucket.size());
  return sizes;
}

// Peers of the block in the whole table.
std::size_t RoutingTable::count(IpGroup group) const {
  std::size_t sum = 0;
  for (const Bucket& bucket : buckets_) sum += count_in(bucket, group);
  return sum;
}

bool RoutingTable::at_limit(const IpGroups& groups, const Bucket& bucket) const {
  const auto [in_bucket, in_table] = limits_.alike;
  return std::ranges::any_of(groups.all(), [&](IpGroup group) {
    return (in_bucket > 0 && count_in(bucket, group) >= in_bucket) ||
           (in_table > 0 && count(group) >= in_table);
  });
}

bool RoutingTable::refused(const IpGroups& groups, const Bucket& bucket) const {
  return at_limit(groups, bucket) && std::ranges::any_of(groups.all(), [&](IpGroup group) {
           return size_ - count(group) >= limits_.bucket;
         });
}

bool RoutingTable::over_limit(const Entry& entry, const Bucket& bucket) const {
  const auto [in_bucket, in_table] = limits_.alike;
  return std::ranges::any_of(entry.groups.all(), [&](IpGroup group) {
    return (in_bucket > 0 && count_in(bucket, group) > in_bucket) ||
           (in_table > 0 && count(group) > in_table);
  });
}

// Who goes first: one of too many alike, unless the newcomer is of its kind; a suspect; the one that was
// useless for longest, when that is long enough.
RoutingTable::Entry* RoutingTable::replaceable(Bucket& bucket, const IpGroups& newcomer, Instant now) const {
  const bool better = !at_limit(newcomer, bucket);
  const auto rank = [&](const Entry& entry) {
    if (better && over_limit(entry, bucket)) return 3;
    if (entry.connected) return 0;
    if (entry.failures > 0) return 2;
    return now - entry.useful >= limits_.useful_for ? 1 : 0;
  };
  Entry* worst = nullptr;
  int worst_rank = 0;
  for (Entry& entry : bucket) {
    const int its = rank(entry);
    if (its == 0 || its < worst_rank) continue;
    if (worst && its == worst_rank && entry.useful >= worst->useful) continue;
    worst = &entry;
    worst_rank = its;
  }
  return worst;
}

std::vector<PeerId> RoutingTable::due_probes(Instant now, Duration interval, std::size_t max) {
  // Smaller goes first: the class, then the bucket from the nearest on, then the time; of equals who was
  // found first, so that the same network takes the same course.
  using Due = std::tuple<int, std::size_t, Instant, std::size_t, Entry*>;
  std::vector<Due> due;
  for (std::size_t i = 0; i < buckets_.size(); ++i) {
    const std::size_t from_nearest = buckets_.size() - i;
    for (Entry& entry : buckets_[i]) {
      const Duration waited = now - std::max(entry.heard, entry.tried);
      if (entry.failures > 0) {
        if (waited >= interval / 4) due.emplace_back(0, 0, entry.tried, due.size(), &entry);
      } else if (!entry.connected && waited >= interval) {
        const bool long_ago = waited >= 4 * interval;
        due.emplace_back(long_ago ? 1 : 2, long_ago ? 0 : from_nearest, entry.heard, due.size(), &entry);
      }
    }
  }
  const auto some = static_cast<std::ptrdiff_t>(std::min(max, due.size()));
  std::ranges::partial_sort(due, due.begin() + some);
  due.resize(static_cast<std::size_t>(some));
  std::vector<PeerId> peers;
  for (const Due& one : due) {
    std::get<Entry*>(one)->tried = now;
    peers.push_back(std::get<Entry*>(one)->peer);
  }
  return peers;
}

std::vector<std::size_t> RoutingTable::refresh_targets(Instant now, Duration interval) const {
  std::size_t end = std::min(buckets_.size(), kRefreshMax);
  std::size_t near = 0;
  for (std::size_t i = end; i < buckets_.size(); ++i) near += buckets_[i].size();
  while (end > 0 && near + buckets_[end - 1].size() <= limits_.bucket) near += buckets_[--end].size();
  std::vector<std::size_t> targets;
  if (older_than(self_refreshed_, now, interval)) targets.push_back(kKeyBits);
  for (std::size_t i = 0; i < end; ++i) {
    if (i >= refreshed_.size() || older_than(refreshed_[i], now, interval)) targets.push_back(i);
  }
  return targets;
}

Prefix RoutingTable::refresh_prefix(std::size_t common_prefix) const {
  if (common_prefix >= kKeyBits) return {self_, kKeyBits};
  return {self_.with_bit_flipped(common_prefix), common_prefix + 1};
}

void RoutingTable::note_refreshed(const Key& target, Instant now) {
  const std::size_t common = self_.common_prefix(target);
  if (common == kKeyBits) {
    self_refreshed_ = now;
  } else if (common < kRefreshMax) {
    if (common >= refreshed_.size()) refreshed_.resize(common + 1);
    refreshed_[common] = now;
  }
}

}  // namespace warren::kad
