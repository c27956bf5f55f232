// Multihash: varint(code of the hash function) || varint(size) || digest.
// https://github.com/multiformats/multihash
#pragma once

#include "warren/base/bytes.hpp"

namespace warren {

// Codes of the multicodec table.
inline constexpr std::uint64_t kHashIdentity = 0x00;  // the "digest" is the data itself
inline constexpr std::uint64_t kHashSha256 = 0x12;
inline constexpr std::uint64_t kHashSm3 = 0x534d;

inline constexpr std::size_t kDigestMax = 128;  // the longest digest in the table

struct Multihash {
  std::uint64_t code = kHashIdentity;
  Bytes digest;

  // The whole of `bytes`. kTooLarge: a digest over kDigestMax; kMalformed: trailing bytes, or a size that is
  // not the named function's. Codes that are not listed above are accepted with any size.
  static Result<Multihash> decode(BytesView bytes);
  Bytes encode() const;

  bool operator==(const Multihash&) const = default;
};

}  // namespace warren
