// Bytes of a stream on their way: until they are acknowledged they stay where they are, because the QUIC
// library refers to them and sends them again when they are lost.
#pragma once

#include <array>
#include <cstdint>
#include <deque>
#include <memory>
#include <span>

#include "warren/base/bytes.hpp"

namespace warren::quic {

//   acknowledged_          sent_              end_           offsets in the stream
//        |  in flight        |     unsent       |
class SendBuffer {
 public:
  static constexpr std::size_t kPiecesMax = 4;

  // Copies them to the end.
  void append(BytesView bytes);

  // The oldest unsent bytes, in pieces, as many as `room` holds; returns that part of it.
  std::span<const BytesView> unsent(std::span<BytesView> room) const;
  // The first so many of them were sent.
  void mark_sent(std::size_t bytes) { sent_ += bytes; }
  // Everything below this offset has arrived.
  void acknowledge(std::uint64_t offset);
  // Nothing more will be sent. The memory stays: what is in flight may still be referred to.
  void drop_unsent() { end_ = sent_; }

  std::size_t unsent_size() const { return static_cast<std::size_t>(end_ - sent_); }
  // In flight and unsent.
  std::size_t size() const { return static_cast<std::size_t>(end_ - acknowledged_); }
  std::size_t memory() const;

 private:
  struct Block {
    std::unique_ptr<std::uint8_t[]> bytes;
    std::size_t capacity = 0;
    std::size_t size = 0;
    std::uint64_t offset = 0;  // of its first byte
  };

  std::deque<Block> blocks_;
  std::uint64_t acknowledged_ = 0;
  std::uint64_t sent_ = 0;
  std::uint64_t end_ = 0;
};

}  // namespace warren::quic
