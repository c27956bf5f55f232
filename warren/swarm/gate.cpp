#include "warren/swarm/gate.hpp"

#include "warren/core/ip_address.hpp"

namespace warren {

namespace {

std::unexpected<Refusal> denied() {
  return std::unexpected(Refusal{Errc::kDenied, {}});
}

// Nothing when a relay is between.
std::optional<IpAddress> ip_of_peer(const Multiaddr& address) {
  return is_circuit(address) ? std::nullopt : ip_address_of(address);
}

std::unexpected<Refusal> limit_reached(std::string_view knob) {
  return std::unexpected(Refusal{Errc::kLimitReached, knob});
}

}  // namespace

Access Gate::access_of(const PeerId& peer, const Multiaddr& address) const {
  return state_.access.of(peer, state_.resolve(peer), ip_of_peer(address));
}

std::expected<Access, Refusal> Gate::greet(const Multiaddr& from) {
  const auto ip = ip_of_peer(from);
  const Access access = ip ? state_.access.of(*ip) : Access::kNormal;
  if (access == Access::kAllowed || state_.access.allows_by_name()) return access;
  if (access == Access::kDenied) return denied();
  if (const auto room = admission_.inbound_has_room(ip); !room) return limit_reached(room.error());
  return access;
}

std::expected<void, Refusal> Gate::check_dial(const PeerId& peer) {
  const Access access = state_.access.of(peer, state_.resolve(peer), std::nullopt);
  if (access == Access::kDenied) return denied();
  if (access == Access::kAllowed) return {};
  if (const auto room = admission_.outbound_has_room(); !room) return limit_reached(room.error());
  return {};
}

std::expected<Admission::Place, Refusal> Gate::admit(Direction direction, const PeerId& peer,
                                                     const Multiaddr& remote) {
  const Access access = access_of(peer, remote);
  if (access == Access::kDenied) return denied();
  if (access == Access::kAllowed) return Admission::Place();
  auto place = admission_.admit(direction, peer, ip_of_peer(remote));
  if (!place) return limit_reached(place.error());
  return std::move(*place);
}

}  // namespace warren
