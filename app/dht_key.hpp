// Keys of the DHT as people write them.
#pragma once

#include <string>

#include "warren/base/bytes.hpp"

namespace warren::app {

// The help's words for each.
inline constexpr const char* kRecordKeyHelp =
    "/NAMESPACE/REST, such as /pk/12D3KooW..., or 0x... for all of it";
inline constexpr const char* kRecordKeyRules =
    "In the key's rest, a PeerID or a NodeID stands for its bytes, and 0x... for the bytes that follow in "
    "hex; "
    "anything\nelse is taken as it is written.";
inline constexpr const char* kContentHelp = "A CID (Qm..., bafy...), or 0x... for a multihash in hex";

// The key of a value record. Throws Failure (usage).
Bytes parse_record_key(const std::string& text);

// The multihash that a CID of any version holds, or that is written in hex. Throws Failure (usage).
Bytes parse_content(const std::string& text);
// That of a text: its sha2-256.
Bytes multihash_of_text(const std::string& text);

}  // namespace warren::app
