#include "warren/protocols/kad/routing/preimage.hpp"

#include <algorithm>

namespace warren::kad {

std::vector<Bytes> find_preimages(std::span<const Prefix> prefixes, std::uint64_t seed) {
  constexpr std::size_t kBitsMax = 20;
  std::vector<Bytes> found(prefixes.size());
  std::size_t missing = prefixes.size();
  std::size_t bits = 0;
  for (const Prefix& prefix : prefixes) bits = std::max(bits, prefix.bits);
  const std::uint64_t tries_max = std::uint64_t{8} << std::min(bits, kBitsMax);

  Bytes peer(34);  // as a sha2-256 multihash, which every implementation takes for a PeerID
  peer[0] = 0x12;
  peer[1] = 0x20;
  for (std::size_t i = 0; i < 8; ++i) peer[2 + i] = static_cast<std::uint8_t>(seed >> 8 * i);
  for (std::uint64_t number = 0; number < tries_max && missing > 0; ++number) {
    for (std::size_t i = 0; i < 8; ++i) peer[10 + i] = static_cast<std::uint8_t>(number >> 8 * i);
    const Key key = Key::of(peer);
    for (std::size_t i = 0; i < prefixes.size(); ++i) {
      if (!found[i].empty() || !prefixes[i].contains(key)) continue;
      found[i] = peer;
      --missing;
    }
  }
  return found;
}

}  // namespace warren::kad
