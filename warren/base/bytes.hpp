// Byte strings: the owning and the borrowed form that every layer passes around, and hex for people.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "warren/base/error.hpp"

namespace warren {

using Bytes = std::vector<std::uint8_t>;
using BytesView = std::span<const std::uint8_t>;  // borrowed; the owner outlives the call
using MutableBytes = std::span<std::uint8_t>;     // borrowed and written to

// The same memory seen as bytes, or as text. Nothing is copied.
inline BytesView as_bytes(std::string_view text) {
  return {reinterpret_cast<const std::uint8_t*>(text.data()), text.size()};
}
inline std::string_view as_text(BytesView bytes) {
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

inline Bytes to_bytes(BytesView bytes) {
  return {bytes.begin(), bytes.end()};
}
inline Bytes to_bytes(std::string_view text) {
  return to_bytes(as_bytes(text));
}
inline std::string to_text(BytesView bytes) {
  return std::string(as_text(bytes));
}

// The part of `whole` that this view into it shows, in the same memory.
inline Bytes keep_part(Bytes whole, BytesView part) {
  const auto begin = part.data() - whole.data();
  whole.resize(static_cast<std::size_t>(begin) + part.size());
  whole.erase(whole.begin(), whole.begin() + begin);
  return whole;
}

inline void append(Bytes& to, BytesView more) {
  to.insert(to.end(), more.begin(), more.end());
}

bool equal(BytesView a, BytesView b);

// Lower-case hexadecimal, and back. from_hex takes either case; odd length or another character is
// Errc::kBadEncoding.
std::string to_hex(BytesView bytes);
Result<Bytes> from_hex(std::string_view hex);

}  // namespace warren
