// Messages behind their varint lengths, read through a buffer: one read may bring many small ones.
#pragma once

#include <optional>

#include "warren/core/stream.hpp"

namespace warren::kad {

class FrameReader {
 public:
  // `stream` outlives it. A message is at most `size_max` bytes.
  FrameReader(ByteStream& stream, std::size_t size_max) : stream_(stream), size_max_(size_max) {}

  // The next message if it is here, whole; the view is good until fill(). Throws kTooLarge, kNotMinimal.
  std::optional<BytesView> take();
  // Whether a part of a message is here.
  bool in_message() const { return read_ < have_; }
  // Waits for more. False: the other side has ended its half; throws kEndOfStream when that is in a message.
  Task<bool> fill();

 private:
  ByteStream& stream_;
  std::size_t size_max_;
  Bytes buffer_;
  std::size_t read_ = 0;  // the part of the buffer that holds something
  std::size_t have_ = 0;
};

}  // namespace warren::kad
