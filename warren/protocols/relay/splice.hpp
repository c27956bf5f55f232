// Two streams joined into a circuit: what one end sends, the other one reads. One buffer a direction, written
// on straight from where it was read into; a slow reader slows the sender down (backpressure), and the end of
// one half is the end of the other's.
#pragma once

#include <array>
#include <limits>

#include "warren/async/event.hpp"
#include "warren/base/buffer_pool.hpp"
#include "warren/env/byte_stream.hpp"

namespace warren::relay {

// A direction that waits for bytes reads into this; messages of everyday size fit.
inline constexpr std::size_t kSmallBufferSize = 2 * 1024;
// While more comes at a time, it has a large one, of these at the most (32 MiB). Further ones make do with
// the small one.
inline constexpr std::size_t kLargeBuffersMax = 256;

// The large buffers of all circuits of a relay.
class SpliceBuffers {
 public:
  bool take_place() {
    if (lent_ >= kLargeBuffersMax) return false;
    ++lent_;
    taken_.notify_all();
    return true;
  }
  void give_place() { --lent_; }
  // One was lent.
  Event& taken() { return taken_; }
  Buffer buffer() { return pool_.take(kLargeBufferSize); }
  std::size_t lent() const { return lent_; }

 private:
  BufferPool pool_;
  std::size_t lent_ = 0;
  Event taken_;
};

class Splice {
 public:
  // `bytes_max`: each way, 0 for no limit. `carried` counts all bytes that were written on. All outlive this.
  Splice(ByteStream& one, ByteStream& other, std::uint64_t bytes_max, SpliceBuffers& buffers,
         std::uint64_t& carried);
  ~Splice();
  Splice(const Splice&) = delete;
  Splice& operator=(const Splice&) = delete;

  // Returns when both halves have ended in good order. Throws kLimitReached when one end sent more than
  // bytes_max, of which the other one has got exactly bytes_max; and what reading and writing throw. The
  // streams are the caller's to reset then. Once.
  Task<void> run();

  // Now and then: a direction that carried nothing since the last time gives its large buffer back.
  void sweep();

 private:
  struct Direction {
    ByteStream& from;
    ByteStream& to;
    std::uint64_t left;       // of what it may carry
    std::size_t pending = 0;  // bytes that were read and not yet written
    bool reading = false;     // waits for bytes
    bool moved = false;       // since the last sweep
    bool wants_large = false;
    bool gives_back = false;  // the large buffer, before anything else is begun
    bool ended = false;
    Event quiet;  // sweep() asks for the large buffer
    std::array<std::uint8_t, kSmallBufferSize> small;
  };

  Task<void> forward(Direction& way);
  Task<void> forward_with_large(Direction& way);
  Task<void> until_quiet(Direction& way);
  Task<void> carry(Direction& way, MutableBytes buffer);

  SpliceBuffers& buffers_;
  std::uint64_t& carried_;
  Direction there_, back_;
  int halves_ended_ = 0;
  Event half_ended_;
};

}  // namespace warren::relay
