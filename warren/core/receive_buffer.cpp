#include "warren/core/receive_buffer.hpp"

#include <algorithm>
#include <cstring>

namespace warren {
namespace {

constexpr std::size_t kBlockMin = 512;
constexpr std::size_t kBlockMax = 64 * 1024;

}  // namespace

void ReceiveBuffer::append(BytesView bytes) {
  while (!bytes.empty()) {
    if (blocks_.empty() || blocks_.back().end == blocks_.back().capacity) {
      const std::size_t capacity = std::clamp(std::max(bytes.size(), size_), kBlockMin, kBlockMax);
      blocks_.push_back({std::make_unique_for_overwrite<std::uint8_t[]>(capacity), capacity});
    }
    Block& block = blocks_.back();
    const std::size_t size = std::min(bytes.size(), block.capacity - block.end);
    std::memcpy(block.bytes.get() + block.end, bytes.data(), size);
    block.end += size;
    size_ += size;
    bytes = bytes.subspan(size);
  }
}

std::size_t ReceiveBuffer::read(MutableBytes to) {
  std::size_t done = 0;
  while (done < to.size() && size_ > 0) {
    Block& block = blocks_[front_];
    const std::size_t size = std::min(to.size() - done, block.end - block.begin);
    std::memcpy(to.data() + done, block.bytes.get() + block.begin, size);
    block.begin += size;
    size_ -= size;
    done += size;
    if (block.begin == block.end) {
      block = {};
      ++front_;
    }
  }
  if (size_ == 0) {
    clear();
  } else if (front_ > blocks_.size() / 2) {
    blocks_.erase(blocks_.begin(), blocks_.begin() + static_cast<std::ptrdiff_t>(front_));
    front_ = 0;
  }
  return done;
}

void ReceiveBuffer::clear() {
  blocks_.clear();
  front_ = 0;
  size_ = 0;
}

std::size_t ReceiveBuffer::memory() const {
  std::size_t bytes = 0;
  for (const Block& block : blocks_) bytes += block.capacity;
  return bytes;
}

}  // namespace warren
