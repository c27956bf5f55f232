// What a store has for who asks to repair a topic: pure but for the store, so it runs on the offload pool.
#pragma once

#include <vector>

#include "warren/broadcast/repair_message.hpp"

namespace warren::repair {

// Reads of the store for one answer. An asker whose holes are so many that these do not do asks again.
inline constexpr std::size_t kReadsMax = 2048;

struct Answer {
  // Of what the asker does not hold, per origin:
  std::vector<OriginRanges> known;  // what the store holds or remembers
  std::vector<OriginRanges> gone;   // of these, what it does not hold any more, as far as it was looked for
  std::vector<Bytes> envelopes;     // what it holds, in the order of origins and numbers
  bool more = false;                // there was no room for all
};

// Nothing that was sent before request.since_ms, or has expired. Since an origin numbers its messages in the
// order of time, what is only remembered counts as sent after `since` when the asker holds an earlier one, or
// an earlier one is kept that was sent after; else nothing is said of it. kStorage.
Result<Answer> collect_answer(BroadcastStore& store, const Request& request, WallTime now,
                              const BroadcastLimits& limits);

// The answer in frames of kFrameSizeWanted, or little more; the last has a status.
std::vector<Bytes> to_frames(Answer answer);

}  // namespace warren::repair
