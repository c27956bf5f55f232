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
      with_timeout(env_.clock, limits_.dial_timeout, dial_each(std::move(peer), failures)));
  if (upgraded) co_return std::move(*upgraded);
  failures.code = upgraded.error();
  co_return std::unexpected(std::move(failures));
}

Task<UpgradedConnection> Dialer::dial_each(PeerInfo peer, DialError& failures) {
  if (peer.addresses.size() > limits_.dial_addresses_max) peer.addresses.resize(limits_.dial_addresses_max);
  for (const Multiaddr& address : peer.addresses) {
    auto upgraded = co_await as_result(
        with_timeout(env_.clock, limits_.dial_attempt_timeout, dial_address(address, peer.id)));
    if (upgraded) co_return std::move(*upgraded);
    add_failure(failures, address, upgraded.error());
  }
  throw_error(failures.code);
}

Task<UpgradedConnection> Dialer::dial_address(Multiaddr address, PeerId peer) {
  Transport* transport = transport_for(address);
  if (transport == nullptr) throw_error(Errc::kNoTransport);
  auto raw = co_await transport->dial(std::move(address));
  auto upgraded = co_await upgrader_.upgrade_outbound(std::move(raw), std::move(peer));
  co_return upgraded;
}

}  // namespace warren
