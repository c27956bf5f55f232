#include "warren/multiformats/multibase.hpp"

#include <algorithm>
#include <array>

namespace warren {
namespace {

constexpr std::string_view kDigits16 = "0123456789abcdef";
constexpr std::string_view kDigits32 = "abcdefghijklmnopqrstuvwxyz234567";
constexpr std::string_view kDigits36 = "0123456789abcdefghijklmnopqrstuvwxyz";
constexpr std::string_view kDigits58 = "123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz";
constexpr std::string_view kDigits64 = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

// Bases that are powers of two: a digit is a group of bits.
std::string encode_groups(BytesView bytes, std::string_view digits, unsigned bits) {
  std::string text;
  text.reserve((bytes.size() * 8 + bits - 1) / bits);
  unsigned buffer = 0;
  unsigned held = 0;
  for (const std::uint8_t byte : bytes) {
    buffer = (buffer << 8 | byte) & 0xffff;
    for (held += 8; held >= bits; held -= bits) text += digits[buffer >> (held - bits) & (digits.size() - 1)];
  }
  if (held > 0) text += digits[buffer << (bits - held) & (digits.size() - 1)];
  return text;
}

Result<Bytes> decode_groups(std::string_view text, std::string_view digits, unsigned bits) {
  Bytes bytes;
  bytes.reserve(text.size() * bits / 8);
  unsigned buffer = 0;
  unsigned held = 0;
  for (const char c : text) {
    const auto digit = digits.find(c);
    if (digit == std::string_view::npos) return fail(Errc::kBadEncoding);
    buffer = (buffer << bits | static_cast<unsigned>(digit)) & 0xffff;
    held += bits;
    if (held < 8) continue;
    held -= 8;
    bytes.push_back(static_cast<std::uint8_t>(buffer >> held));
  }
  // A whole digit too many, or padding bits that are not zero.
  if (held >= bits || (buffer & ((1u << held) - 1)) != 0) return fail(Errc::kBadEncoding);
  return bytes;
}

// The other bases: the bytes are one number, and each leading zero byte is one leading zero digit.
std::string encode_number(BytesView bytes, std::string_view digits) {
  const auto first = std::ranges::find_if(bytes, [](std::uint8_t byte) { return byte != 0; });
  std::vector<unsigned> number;  // least significant digit first
  for (const std::uint8_t byte : BytesView(first, bytes.end())) {
    unsigned carry = byte;
    for (unsigned& digit : number) {
      carry += digit << 8;
      digit = carry % digits.size();
      carry /= digits.size();
    }
    for (; carry > 0; carry /= digits.size()) number.push_back(carry % digits.size());
  }
  std::string text(static_cast<std::size_t>(first - bytes.begin()), digits[0]);
  for (auto digit = number.rbegin(); digit != number.rend(); ++digit) text += digits[*digit];
  return text;
}

Result<Bytes> decode_number(std::string_view text, std::string_view digits) {
  if (text.size() > kRadixTextMax) return fail(Errc::kTooLarge);
  const std::size_t zeros = std::min(text.find_first_not_of(digits[0]), text.size());
  Bytes number;  // least significant byte first
  for (const char c : text.substr(zeros)) {
    const auto digit = digits.find(c);
    if (digit == std::string_view::npos) return fail(Errc::kBadEncoding);
    std::size_t carry = digit;
    for (std::uint8_t& byte : number) {
      carry += byte * digits.size();
      byte = static_cast<std::uint8_t>(carry);
      carry >>= 8;
    }
    if (carry > 0) number.push_back(static_cast<std::uint8_t>(carry));
  }
  number.resize(number.size() + zeros);
  std::ranges::reverse(number);
  return number;
}

std::string encode_digits(Multibase base, BytesView bytes) {
  switch (base) {
    case Multibase::kBase16: return encode_groups(bytes, kDigits16, 4);
    case Multibase::kBase32: return encode_groups(bytes, kDigits32, 5);
    case Multibase::kBase36: return encode_number(bytes, kDigits36);
    case Multibase::kBase58Btc: return encode_number(bytes, kDigits58);
    case Multibase::kBase64Url: return encode_groups(bytes, kDigits64, 6);
  }
  return {};
}

}  // namespace

std::string multibase_encode(Multibase base, BytesView bytes) {
  return static_cast<char>(base) + encode_digits(base, bytes);
}

Result<Bytes> multibase_decode(std::string_view text) {
  if (text.empty()) return fail(Errc::kBadEncoding);
  const std::string_view digits = text.substr(1);
  switch (static_cast<Multibase>(text.front())) {
    case Multibase::kBase16: return decode_groups(digits, kDigits16, 4);
    case Multibase::kBase32: return decode_groups(digits, kDigits32, 5);
    case Multibase::kBase36: return decode_number(digits, kDigits36);
    case Multibase::kBase58Btc: return decode_number(digits, kDigits58);
    case Multibase::kBase64Url: return decode_groups(digits, kDigits64, 6);
  }
  return fail(Errc::kBadEncoding);
}

std::string base58_encode(BytesView bytes) {
  return encode_number(bytes, kDigits58);
}
Result<Bytes> base58_decode(std::string_view text) {
  return decode_number(text, kDigits58);
}

}  // namespace warren
