#include "warren/swarm/admission.hpp"

#include "warren/swarm/subnet.hpp"

namespace warren {

namespace {

constexpr unsigned kCustomerBits = 56;
constexpr unsigned kSiteBits = 48;

std::expected<void, std::string_view> ask(Limit& limit) {
  if (limit.used() < limit.max()) return {};
  limit.refuse();
  return Admission::Refused(limit.knob());
}

}  // namespace

bool is_exempt_address(const IpAddress& address) {
  return address.is_loopback() || address.is_private() || address.is_link_local();
}

Admission::Admission(LimitTable& table)
    : total_(table[&SwarmLimits::connections_max]),
      inbound_(table[&SwarmLimits::connections_inbound_max]),
      peers_(table[&SwarmLimits::connections_per_peer_max]),
      ip4_(table[&SwarmLimits::connections_per_ip4_max]),
      ip6_56_(table[&SwarmLimits::connections_per_ip6_56_max]),
      ip6_48_(table[&SwarmLimits::connections_per_ip6_48_max]) {}

std::expected<void, std::string_view> Admission::inbound_has_room(const std::optional<IpAddress>& from) {
  if (const auto room = ask(total_); !room) return room;
  if (const auto room = ask(inbound_); !room) return room;
  if (!from || is_exempt_address(*from)) return {};
  if (from->is_v4()) {
    if (!ip4_.has_room(*from)) return Refused(ip4_.knob());
    return {};
  }
  if (!ip6_56_.has_room(masked(*from, kCustomerBits))) return Refused(ip6_56_.knob());
  if (!ip6_48_.has_room(masked(*from, kSiteBits))) return Refused(ip6_48_.knob());
  return {};
}

std::expected<void, std::string_view> Admission::outbound_has_room() {
  return ask(total_);
}

// What was taken before a refusal is given back with `place`.
std::expected<Admission::Place, std::string_view> Admission::admit(Direction direction, const PeerId& peer,
                                                                   const std::optional<IpAddress>& address) {
  Place place;
  place.total_ = take_place(total_);
  if (!place.total_) return Refused(total_.knob());
  place.peer_ = peers_.take(peer);
  if (!place.peer_) return Refused(peers_.knob());
  if (direction == Direction::kOutbound) return place;

  place.inbound_ = take_place(inbound_);
  if (!place.inbound_) return Refused(inbound_.knob());
  std::string_view knob;
  if (address && !is_exempt_address(*address) && !take_for_address(place, *address, knob)) {
    return Refused(knob);
  }
  return place;
}

bool Admission::take_for_address(Place& place, const IpAddress& address, std::string_view& knob) {
  if (address.is_v4()) {
    knob = ip4_.knob();
    place.address_ = ip4_.take(address);
    return place.address_.has_value();
  }
  knob = ip6_56_.knob();
  place.address_ = ip6_56_.take(masked(address, kCustomerBits));
  if (!place.address_) return false;
  knob = ip6_48_.knob();
  place.site_ = ip6_48_.take(masked(address, kSiteBits));
  return place.site_.has_value();
}

}  // namespace warren
