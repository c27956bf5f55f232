// RPCs behind their varint lengths, as they come: one read brings many small ones, and memory follows what
// has come of a large one, not what was announced.
#pragma once

#include <optional>

#include "warren/core/stream.hpp"

namespace warren::pubsub {

// Bytes that all readers together may hold beyond their small buffers.
class ReadBudget {
 public:
  explicit ReadBudget(std::size_t bytes) : left_(bytes) {}
  bool take(std::size_t bytes) {
    if (left_ < bytes) return false;
    left_ -= bytes;
    return true;
  }
  void give(std::size_t bytes) { left_ += bytes; }
  std::size_t left() const { return left_; }

 private:
  std::size_t left_;
};

class RpcReader {
 public:
  // A buffer begins small and grows up to the second size while much comes; beyond that only for one large
  // RPC.
  static constexpr std::size_t kBufferMin = 4 * 1024;
  static constexpr std::size_t kBufferMax = 64 * 1024;

  // `stream` and `budget` outlive it. An RPC is at most `size_max` bytes.
  RpcReader(ByteStream& stream, std::size_t size_max, ReadBudget& budget)
      : stream_(stream), size_max_(size_max), budget_(budget) {}
  ~RpcReader() { resize(0); }
  RpcReader(const RpcReader&) = delete;
  RpcReader& operator=(const RpcReader&) = delete;

  // The next RPC without its length, if all of it is here; the view is good until fill(). Throws kTooLarge,
  // kNotMinimal.
  std::optional<BytesView> take();
  // Whether a part of an RPC is here.
  bool in_rpc() const { return read_ < have_; }
  // Waits for more. False: the other side has ended its half; throws kEndOfStream when that is in an RPC,
  // kLimitReached when the budget of all is used up.
  Task<bool> fill();

 private:
  bool resize(std::size_t size);
  void make_room();

  ByteStream& stream_;
  std::size_t size_max_;
  ReadBudget& budget_;
  Bytes buffer_;
  std::size_t read_ = 0;  // the part of the buffer that holds something
  std::size_t have_ = 0;
  std::size_t needed_ = 0;     // of the RPC that is here in part, with its length
  std::size_t last_read_ = 0;  // bytes
};

}  // namespace warren::pubsub
