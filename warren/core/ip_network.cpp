#include "warren/core/ip_network.hpp"

#include <algorithm>

namespace warren {

IpAddress masked(const IpAddress& address, unsigned prefix_bits) {
  std::array<std::uint8_t, 16> bytes{};
  std::size_t i = 0;
  for (const std::uint8_t byte : address.bytes()) {
    const unsigned kept = std::clamp<unsigned>(prefix_bits, 8 * i, 8 * i + 8) - 8 * i;
    bytes[i++] = static_cast<std::uint8_t>(byte & (0xff00u >> kept));
  }
  if (!address.is_v4()) return IpAddress::v6(bytes);
  return IpAddress::v4({bytes[0], bytes[1], bytes[2], bytes[3]});
}

IpAddress site_of(const IpAddress& address) {
  return masked(address, address.is_v4() ? 24 : 48);
}

IpAddress operator_network_of(const IpAddress& address) {
  return masked(address, address.is_v4() ? 16 : 32);
}

}  // namespace warren
