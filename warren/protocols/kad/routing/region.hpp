// Against sybils that settle next to a key to hide its records: whether the k nearest are nearer than chance
// allows, and if so, the part of the keyspace around the key in which k honest peers live, and the lookups
// that find them in spite of those. A record then goes to all peers of the region, and is asked of all.
// CVE-2023-26248; arXiv 2307.12212 and 2505.01139
#pragma once

#include <optional>
#include <span>
#include <vector>

#include "warren/core/peerstore.hpp"
#include "warren/protocols/kad/routing/key.hpp"
#include "warren/protocols/kad/routing/network_size.hpp"
#include "warren/protocols/kad/routing/preimage.hpp"

namespace warren::kad {

// How probable it is that `count` peers or more are within this share of the keyspace, by chance: the number
// is Poisson distributed with the mean network_size * share.
double chance_of(std::size_t count, double share, double network_size);

struct Region {
  Key target;
  std::size_t common_prefix = 0;  // with the target, of who belongs to it
  std::size_t depth = 0;          // the last bit in which lookups() differ from the target

  bool contains(const PeerId& peer) const { return Key::of(peer).common_prefix(target) >= common_prefix; }

  // Where to look, six or seven places, any key of each (find_preimages()), in any order or at once: what
  // contains() of the results, and of the lookup of the target itself, are the region's peers. Three quarters
  // of the region that are not the target's, and in the target's each smaller subtree beside the target: the
  // sybils are all on the target's side, where they fill no answer but that for the target.
  std::vector<Prefix> lookups() const;
};

// The region around the target, when its k nearest (Lookup::closest()) are crowded: when chance_of() the k-th
// being so near is below 1 in 1000. That is also the rate of false alarms, or less: the estimate is taken
// two standard errors too large. A dozen sybils are noticed; fewer leave room for honest peers. Nothing also
// when there are fewer than k.
std::optional<Region> crowded_region(const Key& target, std::span<const PeerInfo> nearest,
                                     const NetworkSize::Estimate& network, std::size_t closest = 20);

// The region where k honest peers live, crowded or not. Half as many again are expected in it, up to three
// times as many, since prefixes come in powers of two.
Region region_of(const Key& target, double network_size, std::size_t closest = 20);

}  // namespace warren::kad
