#include "warren/base/reader.hpp"

#include "warren/base/varint.hpp"

namespace warren {

void Reader::fail(Errc code) {
  if (!error_) error_ = code;
  rest_ = {};
}

BytesView Reader::bytes(std::size_t size) {
  if (size > rest_.size()) {
    fail(Errc::kTruncated);
    return {};
  }
  const BytesView taken = rest_.first(size);
  rest_ = rest_.subspan(size);
  return taken;
}

std::uint64_t Reader::big_endian(std::size_t size) {
  std::uint64_t value = 0;
  for (const std::uint8_t byte : bytes(size)) value = value << 8 | byte;
  return value;
}

std::uint64_t Reader::varint() {
  const auto varint = decode_varint(rest_);
  if (!varint) {
    if (!error_) error_ = varint.error();
    rest_ = {};
    return 0;
  }
  bytes(varint->size);
  return varint->value;
}

BytesView Reader::delimited(std::size_t size_max) {
  const std::uint64_t size = varint();
  if (size > size_max) {
    fail(Errc::kTooLarge);
    return {};
  }
  return bytes(size);
}

Result<> Reader::finish() {
  if (!rest_.empty()) fail(Errc::kMalformed);
  if (error_) return warren::fail(error_);
  return {};
}

}  // namespace warren
