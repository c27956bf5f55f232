// Multibase texts and what is written in them: one text for each byte string in a base. CIDs, multihashes and
// hex on the same input.

#include "warren/multiformats/multibase.hpp"
#include "warren/base/assert.hpp"
#include "warren/multiformats/cid.hpp"
#include "warren/multiformats/multihash.hpp"

namespace warren {
namespace {

void check_text(std::string_view text) {
  if (const auto bytes = multibase_decode(text)) {
    WARREN_ASSERT(multibase_encode(static_cast<Multibase>(text.front()), *bytes) == text);
  }
  if (const auto bytes = base58_decode(text)) WARREN_ASSERT(base58_encode(*bytes) == text);
  if (const auto bytes = from_hex(text)) WARREN_ASSERT(from_hex(to_hex(*bytes)) == *bytes);
  if (const auto cid = Cid::parse(text)) {
    const auto again = Cid::parse(cid->to_string());
    WARREN_ASSERT(again && again->codec == cid->codec && again->multihash == cid->multihash);
    WARREN_ASSERT(Multihash::decode(cid->multihash).has_value());
  }
}

void check_bytes(BytesView bytes) {
  if (const auto hash = Multihash::decode(bytes)) {
    WARREN_ASSERT(hash->digest.size() <= kDigestMax);
    WARREN_ASSERT(equal(hash->encode(), bytes));
  }
  constexpr std::size_t kShort = 128;  // in every base under kRadixTextMax
  if (bytes.size() > kShort) return;
  for (const Multibase base : {Multibase::kBase16, Multibase::kBase32, Multibase::kBase36,
                               Multibase::kBase58Btc, Multibase::kBase64Url}) {
    const auto decoded = multibase_decode(multibase_encode(base, bytes));
    WARREN_ASSERT(decoded && equal(*decoded, bytes));
  }
}

}  // namespace
}  // namespace warren

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const warren::BytesView input(data, size);
  warren::check_text(warren::as_text(input));
  warren::check_bytes(input);
  return 0;
}
