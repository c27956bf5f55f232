// Sets of numbered messages, as ranges: what is in one and not in the other. Pure.
#pragma once

#include <vector>

#include "warren/core/broadcast_store.hpp"

namespace warren {

// Ranges in the order of origins and numbers, no two of which overlap or touch.
using BroadcastRanges = std::vector<BroadcastRange>;

// The same numbers in that form, from ranges as anybody may have written them.
BroadcastRanges normalized(std::vector<BroadcastRange> ranges);

// Preconditions: all are normalized. So are the results.
BroadcastRanges without(const BroadcastRanges& ranges, const BroadcastRanges& others);
BroadcastRanges common(const BroadcastRanges& ranges, const BroadcastRanges& others);

// How many numbers; at most 2^64 - 1.
std::uint64_t count(const BroadcastRanges& ranges);

}  // namespace warren
