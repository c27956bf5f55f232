// The pre-shared key of a private network, in the file format that IPFS calls swarm.key.
// https://github.com/libp2p/specs/blob/master/pnet/Private-Networks-PSK-V1.md
#pragma once

#include <array>

#include "warren/base/bytes.hpp"

namespace warren::pnet {

using PreSharedKey = std::array<std::uint8_t, 32>;

// "/key/swarm/psk/1.0.0/", then "/base16/", "/base64/" or "/bin/", then the 32 bytes in that form; each on a
// line of its own. kBadEncoding: another header or encoding; kBadKey: not 32 bytes.
Result<PreSharedKey> parse_key_file(std::string_view text);

// In base16, as others write it.
std::string format_key_file(const PreSharedKey& key);

}  // namespace warren::pnet
