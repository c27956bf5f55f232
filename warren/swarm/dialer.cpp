#include "warren/swarm/dialer.hpp"

#include "warren/async/as_result.hpp"

namespace warren {

namespace {

void add_failure(DialError& failures, const Multiaddr& address, std::error_code error) {
  failures.code = failures.attempts.empty() || failures.code == error ? error : Errc::kUnreachable;
  if (!failures.attempts.empty()) failures.attempts += "; ";
  failures.attempts += address.to_string() + ": " + error.message();
}

}  // namespace

Transport* Dialer::transport_for(const Multiaddr& address) const {
  const auto found = std::ranges::find_if(transports_, [&](Transport* t) { return t->handles(address); });
  return found == transports_.end() ? nullptr : *found;
}

Task<std::expected<UpgradedConnection, DialError>> Dialer::dial(PeerInfo peer) {
  DialError failures;
  if (peer.addresses.empty()) co_return std::unexpected(DialError{Errc::kNoAddresses, {}});
  auto upgraded = co_await as_result(
      with_timeout(env_.clock, state_.limits.dial_timeout, dial_each(std::move(peer), failures)));
  if (upgraded) co_return std::move(*upgraded);
  failures.code = upgraded.error();
  co_return std::unexpected(std::move(failures));
}

Task<UpgradedConnection> Dialer::dial_each(PeerInfo peer, DialError& failures) {
  if (peer.addresses.size() > state_.limits.dial_addresses_max)
    peer.addresses.resize(state_.limits.dial_addresses_max);
  for (const Multiaddr& address : peer.addresses) {
    auto upgraded = co_await as_result(
        with_timeout(env_.clock, state_.limits.dial_attempt_timeout, dial_address(address, peer.id)));
    if (upgraded) co_return std::move(*upgraded);
    add_failure(failures, address, upgraded.error());
  }
  throw_error(failures.code);
}

Task<UpgradedConnection> Dialer::dial_address(Multiaddr address, PeerId peer) {
  Transport* transport = transport_for(address);
  if (transport == nullptr) throw_error(Errc::kNoTransport);
  const std::vector<ProtocolId> proposals = proposals_for(peer);
  for (std::size_t i = 0;; ++i) {
    auto raw = co_await transport->dial(address);
    auto upgraded = co_await as_result(upgrader_.upgrade_outbound(std::move(raw), peer, proposals[i]));
    if (upgraded) {
      remember(peer, upgraded->security);
      co_return std::move(*upgraded);
    }
    const bool last = i + 1 == proposals.size();
    if (last || upgraded.error() != Errc::kSecurityNotSupported) throw_error(upgraded.error());
    ++state_.counters.security_redials;
  }
}

std::vector<ProtocolId> Dialer::proposals_for(const PeerId& peer) const {
  std::vector<ProtocolId> proposals = upgrader_.securities();
  if (const auto known = peerstore_.security(peer)) {
    std::ranges::stable_partition(proposals, [&](const ProtocolId& id) { return id == *known; });
  }
  return proposals;
}

void Dialer::remember(const PeerId& peer, const ProtocolId& security) {
  const ProtocolId known = peerstore_.security(peer).value_or(upgrader_.securities().front());
  if (security != known) peerstore_.set_security(peer, security);
}

}  // namespace warren
