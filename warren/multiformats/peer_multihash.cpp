#include "warren/multiformats/peer_multihash.hpp"

#include "warren/multiformats/cid.hpp"
#include "warren/multiformats/multibase.hpp"
#include "warren/multiformats/multihash.hpp"

namespace warren {

Result<> check_peer_multihash(BytesView bytes) {
  const auto hash = Multihash::decode(bytes);
  if (!hash) return fail(hash.error());
  const bool hashed = hash->code == kHashSha256;
  const bool inlined =
      hash->code == kHashIdentity && !hash->digest.empty() && hash->digest.size() <= kInlineKeyMax;
  if (!hashed && !inlined) return fail(Errc::kMalformed);
  return {};
}

Result<Bytes> parse_peer_multihash(std::string_view text) {
  Bytes bytes;
  if (text.starts_with("1") || text.starts_with("Qm")) {
    auto decoded = base58_decode(text);
    if (!decoded) return fail(decoded.error());
    bytes = std::move(*decoded);
  } else {
    auto cid = Cid::parse(text);
    if (!cid) return fail(cid.error());
    if (cid->codec != kCodecLibp2pKey) return fail(Errc::kMalformed);
    bytes = std::move(cid->multihash);
  }
  if (const auto checked = check_peer_multihash(bytes); !checked) return fail(checked.error());
  return bytes;
}

}  // namespace warren
