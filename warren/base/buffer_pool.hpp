// Large buffers that are lent to secured channels while bytes pass through, so that a busy connection does
// not ask the allocator for one per read, and an idle one holds none.
#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "warren/base/bytes.hpp"

namespace warren {

// Two Noise records, or eight TLS records, of the largest size, with what they add, and some room for a
// message besides: enough to make system calls cheap, and still within a core's own cache.
inline constexpr std::size_t kLargeBufferSize = 128 * 1024 + 768;
// Buffers that wait for their next user. One suffices when connections take turns.
inline constexpr std::size_t kIdleBuffersMax = 4;

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
  using Memory = std::unique_ptr<std::uint8_t[]>;
  using Idle = std::vector<Memory>;
  void swap(Buffer& other) noexcept {
    memory_.swap(other.memory_);
    std::swap(size_, other.size_);
    idle_.swap(other.idle_);
  }

  Memory memory_;
  std::size_t size_ = 0;
  std::shared_ptr<Idle> idle_;  // where a large one goes back to
};

// One for all channels of a transport. Copies share their buffers, because channels may outlive the
// transport.
class BufferPool {
 public:
  // At least `size` bytes, which is at most kLargeBufferSize.
  Buffer take(std::size_t size);

 private:
  std::shared_ptr<Buffer::Idle> idle_ = std::make_shared<Buffer::Idle>();
};

}  // namespace warren
