// Keys of the DHT as people write them.
#pragma once

#include <string>

#include "warren/base/bytes.hpp"

namespace warren::app {

// The help's words for each.
inline constexpr const char* kRecordKeyHelp =
    "/NAMESPACE/REST: a PeerID or NodeID as the rest stands for its bytes (/pk/12D3KooW..., /ipns/k51..., "
    "/warren-node/zEPJ...), 0x... for the bytes that follow in hex, anything else for itself; or 0x... for "
    "the whole key";
inline constexpr const char* kContentHelp =
    "What is provided: a CID (Qm..., bafy...), or 0x... for a multihash in hex";

// The key of a value record. Throws Failure (usage).
Bytes parse_record_key(const std::string& text);

// The multihash that a CID of any version holds, or that is written in hex. Throws Failure (usage).
Bytes parse_content(const std::string& text);
// That of a text: its sha2-256.
Bytes multihash_of_text(const std::string& text);

}  // namespace warren::app
