// Where broadcasts that must not get lost are kept, so that others can fetch what they missed, and a restart
// takes none twice. The interface turns an arrow round: broadcast/ writes to it and the store lives in
// storage/.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "warren/base/time.hpp"
#include "warren/core/inbox.hpp"

namespace warren {

// Who numbered a message: a node, in one run of its process, on one topic.
struct BroadcastOrigin {
  NodeId node;
  std::array<std::uint8_t, 8> epoch{};  // Header::epoch

  auto operator<=>(const BroadcastOrigin&) const = default;
};

struct StoredBroadcast {
  std::string topic;
  BroadcastOrigin origin;
  std::uint64_t seq = 0;  // from 1
  MessageId id{};
  WallTime expires{};
  Bytes envelope;  // as it was signed; empty for one that is only remembered as seen
};

// Sequence numbers `first` to `last` of one origin, both included.
struct BroadcastRange {
  BroadcastOrigin origin;
  std::uint64_t first = 1;
  std::uint64_t last = 0;
};

struct BroadcastUsage {
  std::uint64_t messages = 0;
  std::uint64_t bytes = 0;
};

// Bounded. Its calls may block on the disk: make them on the offload pool. Any one thread at a time.
class BroadcastStore {
 public:
  virtual ~BroadcastStore() = default;

  // Keeps it until it expires. kExists: one of this topic, origin and seq is held or remembered; kStorage.
  // Over the bound, the envelopes that expire first make room; that they were seen stays known.
  virtual Result<> put(const StoredBroadcast& message) = 0;
  // Takes back a put(): it is as if the message had never come. Not an error when it is not there.
  virtual Result<> forget(const std::string& topic, const BroadcastOrigin& origin, std::uint64_t seq) = 0;
  // The messages of a topic in this range that are held with their envelope, in order; at most `bytes_max` of
  // envelopes, but one if there is one.
  virtual Result<std::vector<StoredBroadcast>> read(const std::string& topic, const BroadcastRange& range,
                                                    std::size_t bytes_max) = 0;
  // What is held or remembered of a topic, as ranges in the order of origins and numbers.
  virtual Result<std::vector<BroadcastRange>> seen(const std::string& topic) = 0;
  // When this node first subscribed to the topic for good: nothing older is fetched. Sets it when it is not.
  virtual Result<WallTime> subscribed_since(const std::string& topic, WallTime now) = 0;
  // Forgets what has expired; how many.
  virtual Result<std::size_t> expire(WallTime now) = 0;
  virtual Result<BroadcastUsage> usage() = 0;
};

}  // namespace warren
