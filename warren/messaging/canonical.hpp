// The part of our canonical form that ProtobufForm::kCanonical leaves to its user: a field that has its
// default value (0, or no bytes) is left out, so finding one is kMalformed. docs/wire.md, "Canonical".
#pragma once

#include <algorithm>
#include <array>
#include <string>

#include "warren/base/protobuf_wire.hpp"

namespace warren {

inline std::uint64_t read_number(ProtobufReader& reader) {
  const std::uint64_t value = reader.varint();
  if (value == 0) reader.fail(Errc::kMalformed);
  return value;
}

inline BytesView read_bytes(ProtobufReader& reader, std::size_t size_max) {
  const BytesView value = reader.bytes();
  if (value.empty()) reader.fail(Errc::kMalformed);
  if (value.size() <= size_max) return value;
  reader.fail(Errc::kTooLarge);
  return {};
}

inline std::string read_text(ProtobufReader& reader, std::size_t size_max) {
  return to_text(read_bytes(reader, size_max));
}

// A field of exactly N bytes.
template <std::size_t N>
std::array<std::uint8_t, N> read_array(ProtobufReader& reader) {
  std::array<std::uint8_t, N> value{};
  const BytesView bytes = reader.bytes();
  if (bytes.size() == N) {
    std::ranges::copy(bytes, value.begin());
  } else {
    reader.fail(Errc::kMalformed);
  }
  return value;
}

inline void write_number(ProtobufWriter& writer, std::uint32_t field, std::uint64_t value) {
  if (value != 0) writer.varint(field, value);
}

inline void write_bytes(ProtobufWriter& writer, std::uint32_t field, BytesView value) {
  if (!value.empty()) writer.bytes(field, value);
}

inline void write_text(ProtobufWriter& writer, std::uint32_t field, std::string_view value) {
  write_bytes(writer, field, as_bytes(value));
}

// Unix milliseconds as a number on the wire. Below 2^53 there is no overflow in any arithmetic with it, and
// languages that know only doubles can read it: the year 287396 is far enough.
inline constexpr std::uint64_t kUnixMsMax = std::uint64_t{1} << 53;

}  // namespace warren
