#include "warren/swarm/dialer.hpp"

#include "warren/async/as_result.hpp"
#include "warren/swarm/metered_stream.hpp"

namespace warren {

namespace {

void add_failure(DialError& failures, const Multiaddr& address, const std::system_error& error) {
  const std::error_code code = error.code();
  failures.code = failures.attempts.empty() || failures.code == code ? code : Errc::kUnreachable;
  if (!failures.attempts.empty()) failures.attempts += "; ";
  // Limits are told with their name.
  const std::string why = code == Errc::kLimitReached ? error.what() : code.message();
  failures.attempts += address.to_string() + ": " + why;
}

}  // namespace

Dialer::Dialer(Env& env, SwarmState& state, const Gate& gate, Upgrader& upgrader,
               const std::vector<Transport*>& transports, Peerstore& peerstore)
    : env_(env),
      state_(state),
      gate_(gate),
      upgrader_(upgrader),
      transports_(transports),
      peerstore_(peerstore),
      rate_(env.clock, state.table[&SwarmLimits::dials_per_second_max]) {}

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
  const Instant deadline = env_.clock.now() + state_.limits.dial_timeout;
  Limit& addresses = state_.table[&SwarmLimits::dial_addresses_max];
  addresses.set_used(
      std::max<std::uint64_t>(addresses.used(), std::min(peer.addresses.size(), addresses.max())));
  for (std::size_t i = 0; i < peer.addresses.size(); ++i) {
    if (i == addresses.max()) {
      addresses.refuse();
      if (i == 0) failures.code = Errc::kLimitReached;
      failures.attempts += "; further addresses: " + std::string(addresses.knob());
      break;
    }
    auto upgraded = co_await as_outcome(try_address(peer.addresses[i], peer.id, deadline));
    if (upgraded) co_return std::move(*upgraded);
    add_failure(failures, peer.addresses[i], upgraded.error());
  }
  throw_error(failures.code);
}

Task<UpgradedConnection> Dialer::try_address(Multiaddr address, PeerId peer, Instant deadline) {
  if (transport_for(address) == nullptr) throw_error(Errc::kNoTransport);
  if (gate_.is_denied(peer, address)) throw_error(Errc::kDenied);
  co_await wait_turn(deadline);
  auto upgraded = co_await with_timeout(env_.clock, state_.limits.dial_attempt_timeout,
                                        dial_address(std::move(address), std::move(peer), deadline));
  co_return upgraded;
}

// Who would begin too late to end in time need not wait.
Task<void> Dialer::wait_turn(Instant deadline) {
  const Duration left = deadline - env_.clock.now();
  return rate_.wait_turn(std::min(left, state_.limits.dial_attempt_timeout));
}

Task<UpgradedConnection> Dialer::dial_address(Multiaddr address, PeerId peer, Instant deadline) {
  Transport* const transport = transport_for(address);
  const std::vector<ProtocolId> proposals = proposals_for(peer);
  for (std::size_t i = 0;; ++i) {
    auto raw = co_await transport->dial(address);
    auto upgraded = co_await as_result(upgrade(std::move(raw), peer, proposals[i]));
    if (upgraded) {
      remember(peer, upgraded->security);
      co_return std::move(*upgraded);
    }
    const bool last = i + 1 == proposals.size();
    if (last || upgraded.error() != Errc::kSecurityNotSupported) throw_error(upgraded.error());
    ++state_.counters.security_redials;
    co_await wait_turn(deadline);
  }
}

Task<UpgradedConnection> Dialer::upgrade(RawConnection raw, PeerId peer, ProtocolId security) {
  const Instant began = env_.clock.now();
  raw.stream = metered(std::move(raw.stream), state_.counters);
  auto upgraded = co_await upgrader_.upgrade_outbound(std::move(raw), std::move(peer), std::move(security));
  state_.counters.handshakes_outbound.add(env_.clock.now() - began);
  co_return upgraded;
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
