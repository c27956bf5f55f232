// A sticky reader over borrowed bytes: read every field, then check once. After the first failure each read
// returns a zero value and the first error stays. Fixed-width integers are big-endian (network order).
#pragma once

#include "warren/base/bytes.hpp"

namespace warren {

class Reader {
 public:
  explicit Reader(BytesView bytes) : rest_(bytes) {}

  std::uint8_t u8() { return static_cast<std::uint8_t>(big_endian(1)); }
  std::uint16_t u16() { return static_cast<std::uint16_t>(big_endian(2)); }
  std::uint32_t u32() { return static_cast<std::uint32_t>(big_endian(4)); }
  std::uint64_t u64() { return big_endian(8); }
  std::uint64_t varint();

  // The next `size` bytes, borrowed from the input.
  BytesView bytes(std::size_t size);
  // A varint length, then that many bytes; a length over `size_max` is kTooLarge before anything is read.
  BytesView delimited(std::size_t size_max);
  // All that is left.
  BytesView rest() { return bytes(rest_.size()); }

  std::size_t remaining() const { return rest_.size(); }
  bool ok() const { return !error_; }
  std::error_code error() const { return error_; }

  // Marks the input as bad for a reason only the caller can see; the first error wins.
  void fail(Errc code);
  // The verdict: no error so far, and no byte left (else kMalformed).
  Result<> finish();

 private:
  std::uint64_t big_endian(std::size_t size);

  BytesView rest_;
  std::error_code error_;
};

}  // namespace warren
