// The one shape of a conversation's pipe, at every level: a TCP connection, a secured channel, a multiplexed
// stream, a simulated pipe. Whatever stacks on it need not know which.
#pragma once

#include "warren/async/task.hpp"
#include "warren/base/bytes.hpp"

namespace warren {

class ByteStream {
 public:
  // An open stream that is destroyed is reset.
  virtual ~ByteStream() = default;

  // Reads at least one byte into `to` (not empty) and returns how many; 0 means that the other side ended its
  // half. Throws kReset or kClosed, or kTimedOut. One reader at a time. Cancelable; what was not returned is
  // not lost.
  virtual Task<std::size_t> read_some(MutableBytes to) = 0;

  // Returns when all bytes are taken over by the layer below, which waits while it has too many of them
  // (backpressure). Throws kReset or kClosed. One writer at a time. A canceled write may have been done in
  // part: reset the stream then.
  virtual Task<void> write(BytesView bytes) = 0;

  // Ends our half: the other side reads what was written, then 0. Reading goes on. Idempotent.
  virtual Task<void> close_write() = 0;

  // Ends both halves now; what is in flight may be lost. Pending reads and writes throw kReset. Idempotent.
  virtual void reset() = 0;
};

}  // namespace warren
