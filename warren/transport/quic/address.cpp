#include "warren/transport/quic/address.hpp"

#include "warren/core/ip_address.hpp"

namespace warren::quic {

Result<Endpoint> endpoint_of(const Multiaddr& address) {
  const auto endpoint = warren::endpoint_of(address, Protocol::kUdp);
  const auto components = address.components();
  if (!endpoint || components.size() != 3) return fail(Errc::kBadAddress);
  if (components[2].code != Protocol::kQuicV1) return fail(Errc::kBadAddress);
  return *endpoint;
}

Multiaddr multiaddr_of(const Endpoint& endpoint) {
  return warren::multiaddr_of(endpoint, Protocol::kUdp).with(Protocol::kQuicV1);
}

}  // namespace warren::quic
