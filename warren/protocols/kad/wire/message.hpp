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

// The whole message. The largest honest one: 40 peers with 4 KiB of addresses each, and a record of 64 KiB.
inline constexpr std::size_t kMessageSizeMax = 256 * 1024;
// Of others' answers: go-libp2p-kad-dht sends up to 4 MiB, where a key has many providers.
inline constexpr std::size_t kAnswerSizeMax = 4 * 1024 * 1024;
inline constexpr std::size_t kKeySizeMax = 1024;  // a namespace and a multihash take some 50 bytes
inline constexpr std::size_t kRecordValueSizeMax = 64 * 1024;
inline constexpr std::size_t kPeersMax = 40;                // of each list: answers hold 20 (k)
inline constexpr std::size_t kPeerAddressesMax = 32;        // nodes announce 5 to 20
inline constexpr std::size_t kPeerAddressesSizeMax = 4096;  // all of one peer's

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

  // What is over the bounds of peers and addresses is left out, and so are the last peers of a message that
  // would exceed kMessageSizeMax. Precondition: key and record are within theirs.
  Bytes encode() const;
  // kMalformed, kTruncated; kTooLarge: the message, a key or the record; kUnsupported: an unknown type.
  // Unknown address protocols and peers with broken IDs are left out; peers and addresses over the bounds are
  // dropped. An address that ends in its own peer's /p2p loses that; one that leads to another is dropped.
  static Result<Message> decode(BytesView bytes);
};

}  // namespace warren::kad
