// Two connected byte streams in memory: what protocols are tested over when no network is needed.
#pragma once

#include <limits>
#include <memory>
#include <utility>

#include "warren/base/time.hpp"
#include "warren/env/byte_stream.hpp"
#include "warren/sim/faults.hpp"
#include "warren/sim/loop.hpp"

namespace warren::sim {

struct PipeOptions {
  Duration delay{};                                                // one way, both ways alike
  std::size_t read_max = std::numeric_limits<std::size_t>::max();  // a read returns at most so many bytes
  std::size_t buffer = 256 * 1024;  // write() waits while so many bytes are unread
  Faults* faults = nullptr;         // counts the operations of both ends
};

using StreamPair = std::pair<std::unique_ptr<ByteStream>, std::unique_ptr<ByteStream>>;

//   auto [left, right] = sim::pipe(loop, {.delay = 10ms});
//
// A reset, and the destruction of an end of which a half is open, reach the other end after the delay and
// throw away what it has not read yet: as unkind as byte_stream.hpp allows. The loop outlives both ends.
StreamPair pipe(Loop& loop, PipeOptions options = {});

}  // namespace warren::sim
