// Bytes of a stream that were received and not read yet. Memory follows what is in it.
#pragma once

#include <algorithm>
#include <deque>

#include "warren/base/bytes.hpp"

namespace warren::quic {

class ReceiveBuffer {
 public:
  void append(BytesView bytes) {
    size_ += bytes.size();
    while (!bytes.empty()) {
      if (blocks_.empty() || blocks_.back().size() == blocks_.back().capacity()) {
        blocks_.emplace_back().reserve(std::clamp(std::max(bytes.size(), size_), kBlockMin, kBlockMax));
      }
      Bytes& block = blocks_.back();
      const BytesView part = bytes.first(std::min(bytes.size(), block.capacity() - block.size()));
      warren::append(block, part);
      bytes = bytes.subspan(part.size());
    }
  }

  // Moves the oldest bytes to `to`; returns how many.
  std::size_t read(MutableBytes to) {
    std::size_t done = 0;
    while (done < to.size() && !blocks_.empty()) {
      const BytesView block = BytesView(blocks_.front()).subspan(begin_);
      const BytesView part = block.first(std::min(block.size(), to.size() - done));
      std::ranges::copy(part, to.begin() + static_cast<std::ptrdiff_t>(done));
      done += part.size();
      begin_ += part.size();
      if (part.size() < block.size()) break;
      blocks_.pop_front();
      begin_ = 0;
    }
    size_ -= done;
    return done;
  }

  void clear() { *this = ReceiveBuffer(); }
  std::size_t size() const { return size_; }
  bool empty() const { return size_ == 0; }

 private:
  static constexpr std::size_t kBlockMin = 512;
  static constexpr std::size_t kBlockMax = 32 * 1024;

  std::deque<Bytes> blocks_;
  std::size_t begin_ = 0;  // of what is not read in the first one
  std::size_t size_ = 0;
};

}  // namespace warren::quic
