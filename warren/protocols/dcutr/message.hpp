// The one message of DCUtR: CONNECT with the sender's addresses, then SYNC.
// https://github.com/libp2p/specs/blob/master/relay/DCUtR.md#rpc-messages
#pragma once

#include <vector>

#include "warren/base/bytes.hpp"
#include "warren/multiformats/multiaddr.hpp"

namespace warren::dcutr {

// Without the length before it. Nobody reads longer ones.
inline constexpr std::size_t kMessageSizeMax = 4096;
// Further addresses of a message are ignored, and so are those that are no multiaddrs.
inline constexpr std::size_t kMessageAddressesMax = 128;

struct Message {
  enum class Type : std::uint32_t { kConnect = 100, kSync = 300 };

  Type type = Type::kConnect;
  std::vector<Multiaddr> addresses;
  bool operator==(const Message&) const = default;
};

Bytes encode(const Message& message);

// kMalformed: not such a message, or of no known type. The type is required, so one that is left out is no
// CONNECT.
Result<Message> decode(BytesView bytes);

// How many of the addresses, from the first on, a CONNECT of the allowed size has room for.
std::size_t count_that_fit(const std::vector<Multiaddr>& addresses);

}  // namespace warren::dcutr
