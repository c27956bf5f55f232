#include "warren/transport/tcp/address.hpp"

namespace warren::tcp {

Result<Endpoint> endpoint_of(const Multiaddr& address) {
  const auto components = address.components();
  if (components.size() != 2 || components[1].code != Protocol::kTcp) return fail(Errc::kBadAddress);
  if (components[0].code != Protocol::kIp4 && components[0].code != Protocol::kIp6)
    return fail(Errc::kBadAddress);
  const auto ip = IpAddress::from_bytes(components[0].value);
  if (!ip) return fail(ip.error());
  return Endpoint{*ip, components[1].port()};
}

Multiaddr multiaddr_of(const Endpoint& endpoint) {
  const Protocol family = endpoint.address.is_v4() ? Protocol::kIp4 : Protocol::kIp6;
  return Multiaddr().with(family, endpoint.address.bytes()).with_port(Protocol::kTcp, endpoint.port);
}

}  // namespace warren::tcp
