#include "warren/base/writer.hpp"

#include "warren/base/varint.hpp"

namespace warren {

Writer& Writer::varint(std::uint64_t value) {
  append_varint(out_, value);
  return *this;
}

Writer& Writer::bytes(BytesView bytes) {
  append(out_, bytes);
  return *this;
}

Writer& Writer::delimited(BytesView bytes) {
  return varint(bytes.size()).bytes(bytes);
}

Writer& Writer::big_endian(std::uint64_t value, int size) {
  for (int shift = 8 * (size - 1); shift >= 0; shift -= 8)
    out_.push_back(static_cast<std::uint8_t>(value >> shift));
  return *this;
}

}  // namespace warren
