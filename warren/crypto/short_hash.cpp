#include "warren/crypto/short_hash.hpp"

#include "warren/crypto/sodium.hpp"

namespace warren {

std::uint64_t short_hash(const ShortHashKey& key, BytesView bytes) {
  static_assert(crypto_shorthash_BYTES == 8 && crypto_shorthash_KEYBYTES == 16);
  std::array<std::uint8_t, crypto_shorthash_BYTES> hash{};
  crypto_shorthash(hash.data(), sodium_data(bytes), bytes.size(), key.data());
  std::uint64_t value = 0;
  for (std::size_t i = hash.size(); i > 0; --i) value = value << 8 | hash[i - 1];
  return value;
}

}  // namespace warren
