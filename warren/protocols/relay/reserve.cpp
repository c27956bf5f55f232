#include "warren/protocols/relay/reserve.hpp"

#include <algorithm>

#include "warren/core/address_scope.hpp"
#include "warren/protocols/relay/circuit_address.hpp"
#include "warren/protocols/relay/hop.hpp"
#include "warren/protocols/relay/voucher.hpp"

namespace warren::relay {

namespace {

// Names have no scope: whoever resolves them sees.
bool is_of_use(const Multiaddr& via, bool private_networks) {
  const auto scope = scope_of(via);
  if (!scope) return true;
  if (*scope == AddressScope::kUndialable) return false;
  return *scope == AddressScope::kPublic || private_networks;
}

// Where the relay says it is, without its name; empty when that makes no sense.
Multiaddr via_of(const Multiaddr& told, const PeerId& relay) {
  const auto named = told.peer_id();
  const Multiaddr via = named ? told.decapsulate_last() : told;
  const bool is_it = !named || equal(*named, relay.bytes());
  return is_it && !via.has(Protocol::kP2p) && !via.has(Protocol::kP2pCircuit) ? via : Multiaddr();
}

// Where we have reached it comes first: that is known to work.
std::vector<Multiaddr> addresses_through(const Connection& connection, const std::vector<Multiaddr>& told,
                                         bool private_networks) {
  const PeerId& relay = connection.remote_peer();
  std::vector<Multiaddr> vias;
  if (connection.direction() == Direction::kOutbound) vias.push_back(connection.remote_address());
  for (const Multiaddr& address : told) vias.push_back(via_of(address, relay));
  std::vector<Multiaddr> ours;
  for (const Multiaddr& via : vias) {
    if (ours.size() == kAddressesPerRelayMax) break;
    if (via.empty() || !is_of_use(via, private_networks)) continue;
    Multiaddr address = circuit_through(via, relay);
    if (std::ranges::find(ours, address) == ours.end()) ours.push_back(std::move(address));
  }
  return ours;
}

}  // namespace

Result<Grant> check_reservation(const Reservation& reservation, const CircuitLimits& limits,
                                const Connection& connection, const PeerId& own, bool private_networks,
                                Instant now, WallTime wall_now) {
  const auto skew = std::chrono::duration_cast<std::chrono::milliseconds>(kClockSkewMax);
  if (!reservation.voucher.empty()) {
    const auto voucher = check_voucher(reservation.voucher, connection.remote_peer(), own, wall_now - skew);
    if (!voucher && voucher.error() == Errc::kNotValidNow) return fail(Errc::kNotValidNow);
    if (!voucher) return fail(Errc::kBadSignature);
  }
  constexpr std::uint64_t kSecondsMax = 1ULL << 33;  // beyond any date that matters
  const auto seconds = static_cast<std::int64_t>(std::min(reservation.expires, kSecondsMax));
  const Duration left = from_unix_ms(seconds * 1000) - wall_now;
  if (left < -kClockSkewMax) return fail(Errc::kNotValidNow);
  Grant grant{.expires = now + std::clamp<Duration>(left, kGrantLifeMin, kGrantLifeMax),
              .limits = limits,
              .addresses = addresses_through(connection, reservation.addresses, private_networks)};
  if (grant.addresses.empty()) return fail(Errc::kNoAddresses);
  return grant;
}

Task<Grant> reserve(Host& host, ConnectionPtr relay, bool private_networks) {
  StreamPtr stream = co_await relay->open_stream(ProtocolId(kHopProtocol));
  const GrantedReservation granted = co_await ask_for_reservation(*stream);
  Clock& clock = host.env().clock;
  auto grant = check_reservation(granted.reservation, granted.limits, *relay, host.peer_id(),
                                 private_networks, clock.now(), clock.wall_now());
  if (!relay->is_open()) throw_error(Errc::kClosed);
  co_return value_or_throw(std::move(grant), "reservation");
}

}  // namespace warren::relay
