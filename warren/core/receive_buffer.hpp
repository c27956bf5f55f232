// Bytes of a stream that were received and not read yet, in blocks: memory follows what is in it, whatever
// size the pieces came in and however the windows are set.
#pragma once

#include <memory>
#include <vector>

#include "warren/base/bytes.hpp"

namespace warren {

class ReceiveBuffer {
 public:
  void append(BytesView bytes);

  // Moves the oldest bytes to `to`; returns how many.
  std::size_t read(MutableBytes to);

  void clear();

  std::size_t size() const { return size_; }
  bool empty() const { return size_ == 0; }
  // Of all blocks: at most twice size(), and the two blocks at the ends.
  std::size_t memory() const;

 private:
  struct Block {
    std::unique_ptr<std::uint8_t[]> bytes;
    std::size_t capacity = 0;
    std::size_t begin = 0;
    std::size_t end = 0;
  };

  std::vector<Block> blocks_;  // those before front_ are read and empty
  std::size_t front_ = 0;
  std::size_t size_ = 0;
};

}  // namespace warren
