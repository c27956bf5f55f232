// Message ids as 64-bit numbers, for tables: a hash under a key of this router. Nobody outside can find two
// ids that fall together, neither to fill a bucket nor to make one message pass for another.
#pragma once

#include <cstdint>
#include <string_view>

#include "warren/crypto/short_hash.hpp"
#include "warren/env/random.hpp"

namespace warren::pubsub {

using Fingerprint = std::uint64_t;

class Fingerprints {
 public:
  explicit Fingerprints(Random& random) : key_(random.bytes<sizeof(ShortHashKey)>()) {}
  explicit Fingerprints(const ShortHashKey& key) : key_(key) {}

  Fingerprint of(std::string_view id) const { return short_hash(key_, as_bytes(id)); }

 private:
  ShortHashKey key_;
};

// Of a table: fingerprints are as good as random already.
struct FingerprintHash {
  std::size_t operator()(Fingerprint fingerprint) const { return fingerprint; }
};

}  // namespace warren::pubsub
