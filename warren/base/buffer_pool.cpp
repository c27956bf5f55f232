#include "warren/base/buffer_pool.hpp"

#include "warren/base/assert.hpp"

namespace warren {

namespace {

// From this size on a buffer comes from the pool; below, the allocator is quick.
constexpr std::size_t kPooledMin = 32 * 1024;

}  // namespace

Buffer::~Buffer() {
  if (idle_ && idle_->size() < kIdleBuffersMax) idle_->push_back(std::move(memory_));
}

Buffer BufferPool::take(std::size_t size) {
  WARREN_ASSERT(size <= kLargeBufferSize);
  Buffer buffer;
  buffer.size_ = size < kPooledMin ? size : kLargeBufferSize;
  if (size >= kPooledMin) buffer.idle_ = idle_;
  if (size >= kPooledMin && !idle_->empty()) {
    buffer.memory_ = std::move(idle_->back());
    idle_->pop_back();
  } else {
    buffer.memory_ = std::make_unique_for_overwrite<std::uint8_t[]>(buffer.size_);
  }
  return buffer;
}

}  // namespace warren
