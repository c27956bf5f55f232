// CIDv1: varint(1) || varint(codec of the content) || multihash, written in a multibase. Here CIDs only name
// keys. https://github.com/multiformats/cid
#pragma once

#include "warren/base/bytes.hpp"

namespace warren {

inline constexpr std::uint64_t kCodecLibp2pKey = 0x72;

struct Cid {
  std::uint64_t codec = kCodecLibp2pKey;
  Bytes multihash;

  // Any multibase we know. kBadEncoding: not that; kUnsupported: another version; else what Multihash::decode
  // says.
  static Result<Cid> parse(std::string_view text);
  // In base32.
  std::string to_string() const;
};

}  // namespace warren
