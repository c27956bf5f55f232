// Writes protobuf into a buffer whose size was computed before. Every field number here is below 16, so that
// a tag is one byte.
#pragma once

#include <cstring>

#include "warren/base/assert.hpp"
#include "warren/base/bytes.hpp"
#include "warren/base/varint.hpp"

namespace warren::pubsub {

// What a field of bytes takes up.
inline std::size_t field_size(std::size_t size) {
  return 1 + varint_size(size) + size;
}
inline std::size_t field_size(BytesView value) {
  return field_size(value.size());
}
inline std::size_t field_size(std::string_view value) {
  return field_size(value.size());
}

class Output {
 public:
  explicit Output(std::size_t size) : bytes_(size), at_(bytes_.data()) {}

  Output& varint(std::uint64_t value) {
    for (; value >= 0x80; value >>= 7) *at_++ = static_cast<std::uint8_t>(value | 0x80);
    *at_++ = static_cast<std::uint8_t>(value);
    return *this;
  }
  Output& number(std::uint32_t field, std::uint64_t value) {
    *at_++ = static_cast<std::uint8_t>(field << 3);
    return varint(value);
  }
  // An embedded message of this size comes next.
  Output& begin(std::uint32_t field, std::size_t size) {
    *at_++ = static_cast<std::uint8_t>(field << 3 | 2);
    return varint(size);
  }
  Output& raw(BytesView value) {
    if (!value.empty()) std::memcpy(at_, value.data(), value.size());
    at_ += value.size();
    return *this;
  }
  Output& bytes(std::uint32_t field, BytesView value) { return begin(field, value.size()).raw(value); }
  Output& text(std::uint32_t field, std::string_view value) { return bytes(field, as_bytes(value)); }

  // Precondition: as much was written as was announced.
  Bytes take() {
    WARREN_ASSERT(at_ == bytes_.data() + bytes_.size());
    return std::move(bytes_);
  }

 private:
  Bytes bytes_;
  std::uint8_t* at_;
};

}  // namespace warren::pubsub
