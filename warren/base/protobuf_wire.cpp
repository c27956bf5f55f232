#include "warren/base/protobuf_wire.hpp"

namespace warren {
namespace {

constexpr std::uint32_t kVarint = 0;
constexpr std::uint32_t kFixed64 = 1;
constexpr std::uint32_t kDelimited = 2;
constexpr std::uint32_t kFixed32 = 5;
constexpr std::uint64_t kFieldMax = (1u << 29) - 1;

}  // namespace

void ProtobufReader::fail(Errc code) {
  if (!error_) error_ = code;
  rest_ = {};
}

// Unlike the multiformats varint this one has 64 bits in up to 10 bytes, and encoders may pad it.
std::uint64_t ProtobufReader::read_varint() {
  std::uint64_t value = 0;
  for (int shift = 0; shift < 70; shift += 7) {
    const BytesView next = read_bytes(1);
    if (next.empty()) return 0;
    const std::uint8_t byte = next.front();
    if (shift == 63 && byte > 1) break;
    value |= std::uint64_t{byte & 0x7fu} << shift;
    if (byte & 0x80) continue;
    if (byte == 0 && shift > 0 && form_ == ProtobufForm::kCanonical) fail(Errc::kNotMinimal);
    return value;
  }
  fail(Errc::kMalformed);
  return 0;
}

BytesView ProtobufReader::read_bytes(std::uint64_t size) {
  if (size > rest_.size()) {
    fail(Errc::kTruncated);
    return {};
  }
  const BytesView taken = rest_.first(size);
  rest_ = rest_.subspan(size);
  return taken;
}

bool ProtobufReader::next() {
  if (rest_.empty()) return false;
  const std::uint64_t tag = read_varint();
  if (!error_ && (tag >> 3 == 0 || tag >> 3 > kFieldMax)) fail(Errc::kMalformed);
  previous_field_ = field_;
  field_ = static_cast<std::uint32_t>(tag >> 3);
  wire_type_ = tag & 7;
  number_ = 0;
  bytes_ = {};
  if (error_) return false;
  if (form_ == ProtobufForm::kCanonical && field_ < previous_field_) fail(Errc::kMalformed);
  switch (wire_type_) {
    case kVarint: number_ = read_varint(); break;
    case kDelimited: bytes_ = read_bytes(read_varint()); break;
    case kFixed64: read_bytes(8); break;
    case kFixed32: read_bytes(4); break;
    default: fail(Errc::kMalformed);  // groups, which no protocol of libp2p uses
  }
  return !error_;
}

void ProtobufReader::expect(std::uint32_t wire_type, bool repeated) {
  if (wire_type_ != wire_type) fail(Errc::kMalformed);
  if (form_ == ProtobufForm::kCanonical && !repeated && field_ == previous_field_) fail(Errc::kMalformed);
}

std::uint64_t ProtobufReader::varint() {
  expect(kVarint, false);
  return number_;
}

BytesView ProtobufReader::bytes() {
  expect(kDelimited, false);
  return bytes_;
}

BytesView ProtobufReader::repeated_bytes() {
  expect(kDelimited, true);
  return bytes_;
}

void ProtobufReader::unknown() {
  if (form_ == ProtobufForm::kCanonical) fail(Errc::kMalformed);
}

Result<> ProtobufReader::finish() const {
  if (error_) return warren::fail(error_);
  return {};
}

void ProtobufWriter::write_varint(std::uint64_t value) {
  for (; value >= 0x80; value >>= 7) out_.push_back(static_cast<std::uint8_t>(value | 0x80));
  out_.push_back(static_cast<std::uint8_t>(value));
}

ProtobufWriter& ProtobufWriter::varint(std::uint32_t field, std::uint64_t value) {
  write_varint(std::uint64_t{field} << 3 | kVarint);
  write_varint(value);
  return *this;
}

ProtobufWriter& ProtobufWriter::bytes(std::uint32_t field, BytesView value) {
  write_varint(std::uint64_t{field} << 3 | kDelimited);
  write_varint(value.size());
  append(out_, value);
  return *this;
}

}  // namespace warren
