// Multibase: bytes as text, with one character in front that names the base.
// https://github.com/multiformats/multibase
#pragma once

#include "warren/base/bytes.hpp"

namespace warren {

// The value is the prefix. All are unpadded, and lower case where a base has cases.
enum class Multibase : char {
  kBase16 = 'f',
  kBase32 = 'b',  // RFC 4648
  kBase36 = 'k',
  kBase58Btc = 'z',  // Bitcoin's alphabet
  kBase64Url = 'u',  // RFC 4648
};

// Base36 and base58 take quadratic time, so longer texts are kTooLarge; the longest that libp2p knows has 92
// characters.
inline constexpr std::size_t kRadixTextMax = 256;

std::string multibase_encode(Multibase base, BytesView bytes);
// kBadEncoding: an unknown prefix, a character that is not of the base, or bits left over that are not zero,
// so that there is one text for each byte string in a base.
Result<Bytes> multibase_decode(std::string_view text);

// Without a prefix, as PeerIDs are written.
std::string base58_encode(BytesView bytes);
Result<Bytes> base58_decode(std::string_view text);

}  // namespace warren
