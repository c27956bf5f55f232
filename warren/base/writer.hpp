// The Reader's other half: appends fields to a byte string. Fixed-width integers are big-endian (network
// order).
#pragma once

#include "warren/base/bytes.hpp"

namespace warren {

class Writer {
 public:
  Writer& u8(std::uint8_t value) { return big_endian(value, 1); }
  Writer& u16(std::uint16_t value) { return big_endian(value, 2); }
  Writer& u32(std::uint32_t value) { return big_endian(value, 4); }
  Writer& u64(std::uint64_t value) { return big_endian(value, 8); }
  Writer& varint(std::uint64_t value);
  Writer& bytes(BytesView bytes);
  // A varint length, then the bytes.
  Writer& delimited(BytesView bytes);

  const Bytes& view() const { return out_; }
  Bytes take() { return std::move(out_); }

 private:
  Writer& big_endian(std::uint64_t value, int size);

  Bytes out_;
};

}  // namespace warren
