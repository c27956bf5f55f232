// The multihash that names a peer, as bytes and as text. It is here, below the keys, because addresses
// contain it; crypto's PeerId is the typed form.
// https://github.com/libp2p/specs/blob/master/peer-ids/peer-ids.md
#pragma once

#include "warren/base/bytes.hpp"

namespace warren {

// Key messages up to this size are not hashed but carried whole, under the identity "hash".
inline constexpr std::size_t kInlineKeyMax = 42;

// kMalformed unless it is one multihash: sha2-256, or identity with 1 to kInlineKeyMax bytes.
Result<> check_peer_multihash(BytesView bytes);

// "1..." and "Qm..." are base58; anything else must be a CIDv1 with the codec libp2p-key.
Result<Bytes> parse_peer_multihash(std::string_view text);

}  // namespace warren
