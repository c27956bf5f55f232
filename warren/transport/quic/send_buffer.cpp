#include "warren/transport/quic/send_buffer.hpp"

#include <algorithm>
#include <cstring>

namespace warren::quic {

namespace {

// A message's first block is as large as the message; a stream that sends a lot has few blocks.
constexpr std::size_t kBlockMin = 512;
constexpr std::size_t kBlockMax = 64 * 1024;

}  // namespace

void SendBuffer::append(BytesView bytes) {
  while (!bytes.empty()) {
    if (blocks_.empty() || blocks_.back().size == blocks_.back().capacity) {
      const std::size_t capacity = std::clamp(std::max(bytes.size(), unsent_size()), kBlockMin, kBlockMax);
      blocks_.push_back({.bytes = std::make_unique_for_overwrite<std::uint8_t[]>(capacity),
                         .capacity = capacity,
                         .size = 0,
                         .offset = end_});
    }
    Block& block = blocks_.back();
    const BytesView part = bytes.first(std::min(bytes.size(), block.capacity - block.size));
    // libstdc++ 12's std::ranges::copy goes byte by byte when the source is constant.
    std::memcpy(block.bytes.get() + block.size, part.data(), part.size());
    block.size += part.size();
    end_ += part.size();
    bytes = bytes.subspan(part.size());
  }
}

std::span<const BytesView> SendBuffer::unsent(std::span<BytesView> room) const {
  std::size_t count = 0;
  auto block = std::ranges::upper_bound(blocks_, sent_, {}, &Block::offset);
  if (block != blocks_.begin()) --block;
  for (; block != blocks_.end() && count < room.size(); ++block) {
    const std::uint64_t begin = std::max(sent_, block->offset);
    const std::uint64_t end = std::min(end_, block->offset + block->size);
    if (begin >= end) continue;
    room[count++] = BytesView(block->bytes.get() + (begin - block->offset), end - begin);
  }
  return room.first(count);
}

void SendBuffer::acknowledge(std::uint64_t offset) {
  acknowledged_ = std::max(acknowledged_, std::min(offset, sent_));
  while (!blocks_.empty() && blocks_.front().offset + blocks_.front().size <= acknowledged_) {
    blocks_.pop_front();
  }
}

std::size_t SendBuffer::memory() const {
  std::size_t sum = 0;
  for (const Block& block : blocks_) sum += block.capacity;
  return sum;
}

}  // namespace warren::quic
