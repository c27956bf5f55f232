// What `/warren/repair/1.0.0` says, canonical and bounded. Origins are bytes here: whether they are keys of
// the curve costs a square root each, and who answers need not know. docs/wire.md, "Repair".
#pragma once

#include <string>
#include <vector>

#include "warren/broadcast/limits.hpp"
#include "warren/core/broadcast_store.hpp"

namespace warren::repair {

inline constexpr std::size_t kTopicSizeMax = 512;  // on the wire
// A header and a signature alone take more.
inline constexpr std::size_t kEnvelopeSizeMin = 100;
// In one message; 16 bytes each in memory, two or more on the wire.
inline constexpr std::size_t kRangesMax = 128 * 1024;
// Frames are ended when they have so much; one that holds a large envelope is larger.
inline constexpr std::size_t kFrameSizeWanted = 64 * 1024;

struct OriginKey {
  std::array<std::uint8_t, kSm2KeySize> node{};
  std::array<std::uint8_t, 8> epoch{};

  static OriginKey of(const BroadcastOrigin& origin) { return {origin.node.key_bytes(), origin.epoch}; }
  auto operator<=>(const OriginKey&) const = default;  // as BroadcastOrigin's
};

struct NumberRange {
  std::uint64_t first = 1;
  std::uint64_t last = 0;
  bool operator==(const NumberRange&) const = default;
};

// Ascending, and apart: no two overlap or touch. Within 1 to 2^63 - 1.
using NumberRanges = std::vector<NumberRange>;

struct OriginRanges {
  OriginKey origin;
  NumberRanges ranges;  // not empty
  bool operator==(const OriginRanges&) const = default;
};

struct Request {
  std::string topic;               // on the wire
  std::uint64_t since_ms{};        // what was sent before is not asked for; 0: all
  bool partial = false;            // there was no room for all origins: of others than these nothing is asked
  std::vector<OriginRanges> held;  // ascending
  bool operator==(const Request&) const = default;
};

enum class Status : std::uint64_t {
  kGoesOn = 0,  // another frame follows
  kDone = 1,
  kMore = 2,  // the end of this answer, but not all: ask again
  kUnknownTopic = 3,
  kRateLimited = 4,
  kBusy = 5,
  kFailed = 6,  // and numbers of other versions
};

// A part of an answer; one without content has another status than kGoesOn.
struct Frame {
  Status status = Status::kGoesOn;
  std::vector<OriginRanges> known;
  std::vector<OriginRanges> gone;
  std::vector<Bytes> envelopes;
  bool operator==(const Frame&) const = default;
};

std::size_t frame_size_max(const BroadcastLimits& limits);

Bytes encode(const Request& request);
Bytes encode(const Frame& frame);
// How many bytes these take in a message.
std::size_t encoded_size(const OriginRanges& ranges);

// kMalformed, kTruncated, kNotMinimal; kTooLarge: over a bound above.
Result<Request> decode_request(BytesView bytes);
Result<Frame> decode_frame(BytesView bytes);

// The request for what is not in `held`, which may be in any order and overlap. At most `size_max` bytes of
// ranges: the origins that come first in `held` have the first room.
Request make_request(std::string topic, WallTime since, const std::vector<BroadcastRange>& held,
                     std::size_t size_max);

}  // namespace warren::repair
