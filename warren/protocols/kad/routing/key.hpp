// A place in the keyspace of the DHT, and how far two places are apart.
// https://github.com/libp2p/specs/blob/master/kad-dht/README.md#distance
#pragma once

#include <array>
#include <compare>
#include <cstddef>
#include <cstdint>

#include "warren/base/bytes.hpp"
#include "warren/crypto/peer_id.hpp"

namespace warren::kad {

inline constexpr std::size_t kKeyBits = 256;

// XOR of two keys; compares as the big-endian number that it is.
struct Distance {
  std::array<std::uint8_t, 32> bytes{};
  auto operator<=>(const Distance&) const = default;
  // As a share of the whole keyspace, 0 to 1.
  double share() const;
  // The common prefix, in bits, of the two keys that are so far apart.
  std::size_t leading_zeros() const;
};

// The sha2-256 of what is looked for: of a PeerID's bytes, of a record's key, of a multihash.
class Key {
 public:
  Key() = default;
  static Key of(BytesView preimage);
  static Key of(const PeerId& peer) { return of(peer.bytes()); }
  static Key from_hash(const std::array<std::uint8_t, 32>& hash);

  const std::array<std::uint8_t, 32>& bytes() const { return bytes_; }
  // The first 64 bits, the most significant first: enough to compare nearly all distances.
  std::uint64_t head() const;
  // `index`: 0 is the most significant; less than kKeyBits.
  bool bit(std::size_t index) const;
  Key with_bit_flipped(std::size_t index) const;

  Distance distance(const Key& other) const;
  // How many bits from the front are equal, 0 to 256.
  std::size_t common_prefix(const Key& other) const;

  auto operator<=>(const Key&) const = default;

 private:
  std::array<std::uint8_t, 32> bytes_{};
};

}  // namespace warren::kad
