#include "warren/protocols/kad/routing/key.hpp"

#include <bit>

#include "warren/crypto/hash.hpp"

namespace warren::kad {

double Distance::share() const {
  double share = 0;
  for (std::size_t i = bytes.size(); i-- > 0;) share = (share + bytes[i]) / 256;
  return share;
}

std::size_t Distance::leading_zeros() const {
  std::size_t bits = 0;
  for (const std::uint8_t byte : bytes) {
    if (byte != 0) return bits + static_cast<std::size_t>(std::countl_zero(byte));
    bits += 8;
  }
  return bits;
}

Key Key::of(BytesView preimage) {
  return from_hash(sha256(preimage));
}

Key Key::from_hash(const std::array<std::uint8_t, 32>& hash) {
  Key key;
  key.bytes_ = hash;
  return key;
}

bool Key::bit(std::size_t index) const {
  return (bytes_[index / 8] >> (7 - index % 8) & 1) != 0;
}

Key Key::with_bit_flipped(std::size_t index) const {
  Key flipped = *this;
  flipped.bytes_[index / 8] ^= static_cast<std::uint8_t>(0x80 >> index % 8);
  return flipped;
}

std::uint64_t Key::head() const {
  std::uint64_t head = 0;
  for (std::size_t i = 0; i < sizeof head; ++i) head = head << 8 | bytes_[i];
  return head;
}

Distance Key::distance(const Key& other) const {
  Distance distance;
  for (std::size_t i = 0; i < bytes_.size(); ++i) distance.bytes[i] = bytes_[i] ^ other.bytes_[i];
  return distance;
}

std::size_t Key::common_prefix(const Key& other) const {
  return distance(other).leading_zeros();
}

}  // namespace warren::kad
