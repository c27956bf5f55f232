#include "warren/crypto/der.hpp"

#include "warren/base/assert.hpp"

namespace warren {
namespace {

// Short form under 128; above, the number of length bytes with the top bit set, then the length.
std::size_t read_size(Reader& reader) {
  const std::uint8_t first = reader.u8();
  if (first < 0x80) return first;
  const std::size_t size = first == 0x81 ? reader.u8() : reader.u16();
  const std::size_t smallest = first == 0x81 ? 0x80 : 0x100;
  if (first > 0x82 || first == 0x80 || size < smallest) reader.fail(Errc::kMalformed);
  return size;
}

void write_size(Writer& writer, std::size_t size) {
  WARREN_ASSERT(size <= 0xffff);
  if (size < 0x80) {
    writer.u8(static_cast<std::uint8_t>(size));
  } else if (size < 0x100) {
    writer.u8(0x81).u8(static_cast<std::uint8_t>(size));
  } else {
    writer.u8(0x82).u16(static_cast<std::uint16_t>(size));
  }
}

}  // namespace

BytesView read_der(Reader& reader, DerTag tag) {
  if (reader.u8() != static_cast<std::uint8_t>(tag)) reader.fail(Errc::kMalformed);
  const std::size_t size = read_size(reader);
  return reader.ok() ? reader.bytes(size) : BytesView();
}

BytesView read_der_unsigned(Reader& reader) {
  const BytesView digits = read_der(reader, DerTag::kInteger);
  const bool negative = digits.empty() || digits[0] >= 0x80;
  const bool padded = digits.size() > 1 && digits[0] == 0;
  const bool needlessly = padded && digits[1] < 0x80;
  if (negative || needlessly) {
    reader.fail(Errc::kMalformed);
    return {};
  }
  return digits.subspan(padded ? 1 : 0);
}

void write_der(Writer& writer, DerTag tag, BytesView content) {
  writer.u8(static_cast<std::uint8_t>(tag));
  write_size(writer, content.size());
  writer.bytes(content);
}

void write_der_unsigned(Writer& writer, BytesView digits) {
  while (digits.size() > 1 && digits[0] == 0) digits = digits.subspan(1);
  const bool pad = digits[0] >= 0x80;  // the top bit is the sign
  writer.u8(static_cast<std::uint8_t>(DerTag::kInteger));
  write_size(writer, digits.size() + (pad ? 1 : 0));
  if (pad) writer.u8(0);
  writer.bytes(digits);
}

}  // namespace warren
