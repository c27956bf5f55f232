// For tests only: a network of peers with ideal routing tables, that answers FIND_NODE without sending
// anything, and a clock and a queue to run a lookup in it.
#pragma once

#include <algorithm>
#include <queue>
#include <random>
#include <set>
#include <vector>

#include "warren/protocols/kad/routing/lookup.hpp"

namespace warren::kad::test {

inline constexpr Instant kStart = Instant{} + 24h;

// An Ed25519 PeerID with `number` in the place of its key.
inline PeerId numbered_peer(std::uint64_t number) {
  std::array<std::uint8_t, 38> bytes{0x00, 0x24, 0x08, 0x01, 0x12, 0x20};
  for (std::size_t i = 0; i < 8; ++i) bytes[6 + i] = static_cast<std::uint8_t>(number >> 8 * i);
  return value_or_throw(PeerId::from_bytes(bytes));
}

inline Key random_key(std::mt19937_64& random) {
  std::array<std::uint8_t, 32> bytes;
  for (std::uint8_t& byte : bytes) byte = static_cast<std::uint8_t>(random());
  return Key::from_hash(bytes);
}

class TestNetwork {
 public:
  struct Node {
    PeerId id;
    Key key;
    bool dead = false;   // in the others' tables all the same
    bool sybil = false;  // names nobody but sybils
    PeerInfo info() const { return {id, {}}; }
  };

  TestNetwork(std::size_t size, double dead, std::uint64_t seed) : seed_(seed) {
    std::mt19937_64 random(seed);
    for (std::size_t i = 0; i < size; ++i) {
      Node node{.id = numbered_peer(seed << 32 | i), .key = {}};
      node.key = Key::of(node.id);
      node.dead = std::uniform_real_distribution<>(0, 1)(random) < dead;
      nodes_.push_back(node);
    }
    std::ranges::sort(nodes_, {}, &Node::key);
  }

  // Sybils that share at least `common_prefix` bits with the target.
  void add_sybils(const Key& target, std::size_t count, std::size_t common_prefix) {
    for (std::uint64_t number = 1ULL << 63; sybils_.size() < count; ++number) {
      Node node{.id = numbered_peer(number), .key = {}};
      node.key = Key::of(node.id);
      node.sybil = true;
      if (node.key.common_prefix(target) < common_prefix) continue;
      sybils_.push_back(node);
      nodes_.push_back(node);
    }
    std::ranges::sort(nodes_, {}, &Node::key);
  }

  const std::vector<Node>& nodes() const { return nodes_; }
  const Node& node(const PeerId& id) const {
    return *std::ranges::lower_bound(nodes_, Key::of(id), {}, &Node::key);
  }
  const Node& any(std::mt19937_64& random) const { return nodes_[random() % nodes_.size()]; }

  // What `node`'s table has nearest to the target.
  std::vector<PeerInfo> answer(const Node& node, const Key& target, std::size_t count = 20) const {
    std::vector<const Node*> known;
    if (node.sybil) {
      for (const Node& sybil : sybils_) known.push_back(&sybil);
    } else {
      const std::size_t common = std::min<std::size_t>(node.key.common_prefix(target), kKeyBits - 1);
      const std::size_t depth = deepest(node);
      for (std::size_t i = common; i <= depth; ++i) add_bucket(node, i, known);
      for (std::size_t i = common; i-- > 0 && known.size() < count;) add_bucket(node, i, known);
    }
    return nearest(known, target, count);
  }

  // The nearest honest ones that live.
  std::vector<PeerInfo> honest(const Key& target, std::size_t count = 20) const {
    std::vector<const Node*> living;
    for (const Node& node : nodes_) {
      if (!node.dead && !node.sybil) living.push_back(&node);
    }
    return nearest(living, target, count);
  }

 private:
  static constexpr std::size_t kBucket = 20;

  static std::vector<PeerInfo> nearest(const std::vector<const Node*>& nodes, const Key& target,
                                       std::size_t count) {
    std::vector<std::pair<Distance, const Node*>> sorted;
    for (const Node* node : nodes) sorted.emplace_back(target.distance(node->key), node);
    count = std::min(count, sorted.size());
    std::ranges::partial_sort(sorted, sorted.begin() + static_cast<std::ptrdiff_t>(count));
    std::vector<PeerInfo> infos;
    for (std::size_t i = 0; i < count; ++i) infos.push_back(sorted[i].second->info());
    return infos;
  }

  // The last bucket of the node that has anybody.
  std::size_t deepest(const Node& node) const {
    const auto at = std::ranges::lower_bound(nodes_, node.key, {}, &Node::key);
    std::size_t common = 0;
    if (at != nodes_.begin()) common = std::prev(at)->key.common_prefix(node.key);
    if (std::next(at) != nodes_.end()) common = std::max(common, std::next(at)->key.common_prefix(node.key));
    return common;
  }

  void add_bucket(const Node& node, std::size_t index, std::vector<const Node*>& to) const {
    std::array<std::uint8_t, 32> low = node.key.with_bit_flipped(index).bytes();
    std::array<std::uint8_t, 32> high = low;
    for (std::size_t bit = index + 1; bit < kKeyBits; ++bit) {
      const auto mask = static_cast<std::uint8_t>(0x80 >> bit % 8);
      low[bit / 8] &= static_cast<std::uint8_t>(~mask);
      high[bit / 8] |= mask;
    }
    const auto first = std::ranges::lower_bound(nodes_, Key::from_hash(low), {}, &Node::key);
    const auto last = std::ranges::upper_bound(nodes_, Key::from_hash(high), {}, &Node::key);
    const auto size = static_cast<std::size_t>(last - first);
    if (size <= kBucket) {
      for (auto at = first; at != last; ++at) to.push_back(&*at);
      return;
    }
    std::mt19937_64 random(seed_ ^ std::hash<PeerId>{}(node.id) ^ index);
    std::set<std::size_t> chosen;
    while (chosen.size() < kBucket) chosen.insert(random() % size);
    for (const std::size_t i : chosen) to.push_back(&first[static_cast<std::ptrdiff_t>(i)]);
  }

  std::uint64_t seed_;
  std::vector<Node> nodes_;  // by key
  std::vector<Node> sybils_;
};

struct LookupRun {
  Duration took{};
  std::size_t questions = 0;
  std::size_t hops = 0;
  std::vector<PeerInfo> closest;
};

// The living answer after a time from a lognormal distribution of median 80 ms, the dead fail after 5 s.
template <class Policy>
LookupRun run_lookup(Policy& lookup, const TestNetwork& network, std::mt19937_64& random) {
  using Event = std::pair<Instant, PeerId>;
  std::priority_queue<Event, std::vector<Event>, std::greater<>> events;
  std::lognormal_distribution<> latency_ms(std::log(80.0), 0.5);
  Instant now{};
  while (!lookup.done(now)) {
    while (const auto peer = lookup.next(now)) {
      const auto latency = std::chrono::microseconds(static_cast<std::int64_t>(latency_ms(random) * 1000));
      events.emplace(now + (network.node(peer->id).dead ? Duration(5s) : Duration(latency)), peer->id);
    }
    const auto wake = lookup.wake_at();
    if (lookup.done(now) || (events.empty() && !wake)) break;
    if (events.empty() || (wake && *wake < events.top().first)) {
      now = *wake;
      continue;
    }
    const auto [at, peer] = events.top();
    events.pop();
    now = at;
    const auto& node = network.node(peer);
    if (node.dead) {
      lookup.failed(peer, now);
    } else {
      lookup.answered(peer, network.answer(node, lookup.target()), now);
    }
  }
  return {now - Instant{}, lookup.steps().size(), lookup.hops(), lookup.closest()};
}

// The share of `expected` that is in `found`.
inline double share_found(const std::vector<PeerInfo>& found, const std::vector<PeerInfo>& expected) {
  const auto count = std::ranges::count_if(expected, [&](const PeerInfo& one) {
    return std::ranges::find(found, one.id, &PeerInfo::id) != found.end();
  });
  return static_cast<double>(count) / static_cast<double>(expected.size());
}

}  // namespace warren::kad::test
