// A message of the DHT, as bytes and as values.
// https://github.com/libp2p/specs/blob/master/kad-dht/README.md#rpc-messages
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "warren/base/bytes.hpp"
#include "warren/core/peerstore.hpp"

namespace warren::kad {

// The whole message. The largest honest one: 40 peers with 32 addresses each, or a record of 64 KiB.
inline constexpr std::size_t kMessageSizeMax = 256 * 1024;

enum class MessageType : std::uint8_t {
  kPutValue = 0,
  kGetValue = 1,
  kAddProvider = 2,
  kGetProviders = 3,
  kFindNode = 4,
  kPing = 5,
};

// As it travels. `time_received` (field 5) is the receiver's own note, of no value to anybody else.
struct WireRecord {
  Bytes key;
  Bytes value;
  std::string time_received;
  bool operator==(const WireRecord&) const = default;
};

struct Message {
  MessageType type = MessageType::kFindNode;
  Bytes key;
  std::optional<WireRecord> record;
  std::vector<PeerInfo> closer;  // further peers to ask
  std::vector<PeerInfo> providers;

  Bytes encode() const;
  // kMalformed, kTruncated, kNotMinimal. Unknown address protocols and peers with broken IDs are left out;
  // peers and addresses over the bounds are dropped.
  static Result<Message> decode(BytesView bytes);
};

}  // namespace warren::kad
