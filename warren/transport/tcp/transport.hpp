// TCP: /ip4/.../tcp/... and /ip6/.../tcp/... Dials leave from the listening port, so that a NAT shows others
// the same mapping for both (relay/DCUtR.md, RFC 5382).
#pragma once

#include <set>

#include "warren/core/transport.hpp"
#include "warren/env/env.hpp"

namespace warren::tcp {

class TcpTransport final : public Transport {
 public:
  explicit TcpTransport(Env& env) : env_(env) {}

  bool handles(const Multiaddr& address) const override;
  Task<RawConnection> dial(Multiaddr address) override;
  // The listeners must not outlive the transport.
  Result<std::unique_ptr<TransportListener>> listen(const Multiaddr& address) override;

 private:
  class Listener;

  // The endpoint to dial from: a listener's of the same family, at an address that can reach the remote one.
  std::optional<Endpoint> dial_from(const Endpoint& remote) const;

  Env& env_;
  std::set<Endpoint> listening_;
};

}  // namespace warren::tcp
