#include "warren/transport/tcp/address.hpp"

#include "warren/core/ip_address.hpp"

namespace warren::tcp {

Result<Endpoint> endpoint_of(const Multiaddr& address) {
  const auto endpoint = warren::endpoint_of(address, Protocol::kTcp);
  if (!endpoint || address.components().size() != 2) return fail(Errc::kBadAddress);
  return *endpoint;
}

Multiaddr multiaddr_of(const Endpoint& endpoint) {
  return warren::multiaddr_of(endpoint, Protocol::kTcp);
}

}  // namespace warren::tcp
