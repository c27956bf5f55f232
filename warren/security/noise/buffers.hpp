// Large buffers that are lent to channels while bytes pass through, so that a busy connection does not ask
// the allocator for one per read, and an idle one holds none.
#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "warren/base/bytes.hpp"

namespace warren::noise {

// Two records of the largest size: enough to make system calls cheap, and still within a core's own cache.
inline constexpr std::size_t kLargeBufferSize = 2 * (2 + 65535);
// Buffers that wait for their next user. One suffices when connections take turns.
inline constexpr std::size_t kIdleBuffersMax = 4;

class BufferPool;

// Memory of a channel, not initialised. Goes back to its pool, or to the allocator, when destroyed.
class Buffer {
 public:
  Buffer() = default;
  ~Buffer();
  Buffer(Buffer&& other) noexcept { swap(other); }
  Buffer& operator=(Buffer&& other) noexcept {
    Buffer(std::move(other)).swap(*this);
    return *this;
  }

  MutableBytes bytes() { return {memory_.get(), size_}; }
  std::size_t size() const { return size_; }

 private:
  friend class BufferPool;
  void swap(Buffer& other) noexcept {
    memory_.swap(other.memory_);
    std::swap(size_, other.size_);
    pool_.swap(other.pool_);
  }

  std::unique_ptr<std::uint8_t[]> memory_;
  std::size_t size_ = 0;
  std::shared_ptr<BufferPool> pool_;  // of a large one
};

// One for all channels of a transport; shared, because channels may outlive their transport.
class BufferPool : public std::enable_shared_from_this<BufferPool> {
 public:
  // At least `size` bytes, which is at most kLargeBufferSize.
  Buffer take(std::size_t size);

 private:
  friend class Buffer;
  std::vector<std::unique_ptr<std::uint8_t[]>> idle_;
};

}  // namespace warren::noise
