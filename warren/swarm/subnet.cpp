#include "warren/swarm/subnet.hpp"

#include <algorithm>
#include <charconv>

namespace warren {

namespace {

constexpr unsigned kMappedPrefixBits = 96;  // of ::ffff:0:0/96, RFC 4291, section 2.5.5.2

unsigned bits_of(const IpAddress& address) {
  return static_cast<unsigned>(address.bytes().size()) * 8;
}

bool is_mapped(const IpAddress& address) {
  if (address.is_v4()) return false;
  const BytesView bytes = address.bytes();
  return std::ranges::all_of(bytes.first(10), [](auto byte) { return byte == 0; }) && bytes[10] == 0xff &&
         bytes[11] == 0xff;
}

Result<unsigned> parse_prefix(std::string_view text) {
  unsigned bits = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), bits);
  const bool leading_zero = text.size() > 1 && text.front() == '0';
  if (error != std::errc{} || end != text.data() + text.size() || leading_zero)
    return fail(Errc::kBadAddress);
  return bits;
}

}  // namespace

IpAddress unmapped(const IpAddress& address) {
  if (!is_mapped(address)) return address;
  std::array<std::uint8_t, 4> four;
  std::ranges::copy(address.bytes().subspan(12), four.begin());
  return IpAddress::v4(four);
}

Result<Subnet> normalized(IpAddress address, unsigned prefix_bits) {
  if (prefix_bits > bits_of(address)) return fail(Errc::kBadAddress);
  if (is_mapped(address)) {
    if (prefix_bits < kMappedPrefixBits) return fail(Errc::kBadAddress);
    address = unmapped(address);
    prefix_bits -= kMappedPrefixBits;
  }
  return Subnet{masked(address, prefix_bits), prefix_bits};
}

Result<Subnet> Subnet::parse(std::string_view text) {
  const std::size_t slash = text.find('/');
  const auto address = IpAddress::parse(text.substr(0, slash));
  if (!address) return fail(address.error());
  if (slash == std::string_view::npos) return normalized(*address, bits_of(*address));
  const auto prefix_bits = parse_prefix(text.substr(slash + 1));
  if (!prefix_bits) return fail(prefix_bits.error());
  return normalized(*address, *prefix_bits);
}

std::string Subnet::to_string() const {
  if (prefix_bits == bits_of(address)) return address.to_string();
  return address.to_string() + "/" + std::to_string(prefix_bits);
}

bool Subnet::contains(const IpAddress& other) const {
  const IpAddress candidate = unmapped(other);
  return candidate.is_v4() == address.is_v4() && masked(candidate, prefix_bits) == address;
}

}  // namespace warren
