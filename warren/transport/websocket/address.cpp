#include "warren/transport/websocket/address.hpp"

namespace warren::websocket {

namespace {

constexpr std::uint16_t kHttpPort = 80;
constexpr std::uint16_t kHttpsPort = 443;

}  // namespace

Result<Address> Address::of(const Multiaddr& address) {
  const auto components = address.components();
  std::size_t at = 0;
  const auto next = [&](Protocol code) -> const Component* {
    const bool found = at < components.size() && components[at].code == code;
    return found ? &components[at++] : nullptr;
  };
  Address result;
  const Component* ip = next(Protocol::kIp4);
  if (ip == nullptr) ip = next(Protocol::kIp6);
  if (ip == nullptr) return fail(Errc::kBadAddress);
  const auto parsed = IpAddress::from_bytes(ip->value);
  if (!parsed) return fail(parsed.error());
  result.endpoint.address = *parsed;

  const Component* tcp = next(Protocol::kTcp);
  if (next(Protocol::kTls) != nullptr) {
    result.secure = true;
    if (const Component* sni = next(Protocol::kSni)) result.name = to_text(sni->value);
    if (next(Protocol::kWs) == nullptr) return fail(Errc::kBadAddress);
  } else if (next(Protocol::kWss) != nullptr) {
    result.secure = true;
  } else if (next(Protocol::kWs) == nullptr) {
    return fail(Errc::kBadAddress);
  }
  if (at != components.size()) return fail(Errc::kBadAddress);
  result.endpoint.port = tcp != nullptr ? tcp->port() : result.secure ? kHttpsPort : kHttpPort;
  return result;
}

Multiaddr Address::to_multiaddr() const {
  const IpAddress& ip = endpoint.address;
  Multiaddr result = Multiaddr()
                         .with(ip.is_v4() ? Protocol::kIp4 : Protocol::kIp6, ip.bytes())
                         .with_port(Protocol::kTcp, endpoint.port);
  if (secure) result = result.with(Protocol::kTls);
  if (name) result = result.with(Protocol::kSni, as_bytes(*name));
  return result.with(Protocol::kWs);
}

std::string Address::host_header() const {
  const std::string ip = endpoint.address.to_string();
  const std::string bare = name ? *name : endpoint.address.is_v4() ? ip : "[" + ip + "]";
  const bool usual = endpoint.port == (secure ? kHttpsPort : kHttpPort);
  return usual ? bare : bare + ":" + std::to_string(endpoint.port);
}

}  // namespace warren::websocket
