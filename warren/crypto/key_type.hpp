// The types of keys that libp2p knows, and SM2.
// https://github.com/libp2p/specs/blob/master/peer-ids/peer-ids.md#key-types; type 0x40 is ours
// (docs/wire.md).
#pragma once

#include <cstdint>
#include <string_view>

namespace warren {

// Values are those of the Type field on the wire. kEcdsa is P-256 only: libp2p's own implementations generate
// no other curve.
enum class KeyType : std::uint64_t { kRsa = 0, kEd25519 = 1, kSecp256k1 = 2, kEcdsa = 3, kSm2 = 0x40 };

std::string_view name_of(KeyType type);

}  // namespace warren
