#include "warren/multiformats/ip_text.hpp"

#include <arpa/inet.h>

#include <array>
#include <charconv>

#include "warren/base/assert.hpp"

namespace warren {
namespace {

std::string ip4_text(BytesView bytes) {
  std::string text;
  for (const std::uint8_t byte : bytes) text += (text.empty() ? "" : ".") + std::to_string(byte);
  return text;
}

struct Run {
  std::size_t begin = 0;
  std::size_t size = 0;
};

// RFC 5952 section 4.2: the longest run of zero groups, the first of equals; a single group is not shortened.
Run longest_zeros(const std::array<unsigned, 8>& groups) {
  Run best;
  Run run;
  for (std::size_t i = 0; i < groups.size(); ++i) {
    run = groups[i] != 0 ? Run{i + 1, 0} : Run{run.begin, run.size + 1};
    if (run.size > best.size) best = run;
  }
  return best.size >= 2 ? best : Run{};
}

std::string ip6_text(BytesView bytes) {
  constexpr std::array<std::uint8_t, 12> kMappedPrefix = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff};
  if (equal(bytes.first(12), kMappedPrefix)) return "::ffff:" + ip4_text(bytes.subspan(12));

  std::array<unsigned, 8> groups{};
  for (std::size_t i = 0; i < groups.size(); ++i) groups[i] = bytes[2 * i] << 8 | bytes[2 * i + 1];
  const Run zeros = longest_zeros(groups);
  std::string text;
  for (std::size_t i = 0; i < groups.size(); ++i) {
    if (zeros.size > 0 && i == zeros.begin) {
      text += "::";
      i += zeros.size - 1;
      continue;
    }
    if (!text.empty() && text.back() != ':') text += ':';
    std::array<char, 4> digits{};
    const auto end = std::to_chars(digits.data(), digits.data() + digits.size(), groups[i], 16).ptr;
    text.append(digits.data(), end);
  }
  return text;
}

Result<Bytes> parse_ip(int family, std::size_t size, std::string_view text) {
  Bytes bytes(size);
  const std::string terminated(text);
  // The C string ends at a zero byte, the view does not.
  if (terminated.find('\0') != std::string::npos) return fail(Errc::kBadAddress);
  if (inet_pton(family, terminated.c_str(), bytes.data()) != 1) return fail(Errc::kBadAddress);
  return bytes;
}

}  // namespace

std::string ip_to_string(BytesView bytes) {
  WARREN_ASSERT(bytes.size() == 4 || bytes.size() == 16);
  return bytes.size() == 4 ? ip4_text(bytes) : ip6_text(bytes);
}

Result<Bytes> parse_ip4(std::string_view text) {
  return parse_ip(AF_INET, 4, text);
}
Result<Bytes> parse_ip6(std::string_view text) {
  return parse_ip(AF_INET6, 16, text);
}

}  // namespace warren
