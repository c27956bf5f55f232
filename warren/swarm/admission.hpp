// Which connections there is room for, by the limits alone: in total, inbound, by peer and by address. Pure
// state; who is let in whatever the limits say is the gate's affair (gate.hpp).
#pragma once

#include <expected>

#include "warren/core/connection.hpp"
#include "warren/env/endpoint.hpp"
#include "warren/swarm/keyed_limit.hpp"
#include "warren/swarm/limit_table.hpp"

namespace warren {

class Admission {
 public:
  // What a connection takes up, given back when destroyed. Holds nothing when default-constructed: for those
  // who need no place. The admission outlives it.
  class Place {
   public:
    Place() = default;

   private:
    friend Admission;
    LimitPlace total_;
    LimitPlace inbound_;
    std::optional<KeyedLimit<PeerId>::Place> peer_;
    std::optional<KeyedLimit<IpAddress>::Place> address_;  // IPv4, or the /56
    std::optional<KeyedLimit<IpAddress>::Place> site_;     // the /48
  };

  // The name of the limit that refuses.
  using Refused = std::unexpected<std::string_view>;

  // The table outlives it.
  explicit Admission(LimitTable& table);

  // Before the work of a handshake, when the peer is not known yet: an error when there is no room for it
  // now, which counts as a refusal. No address: one that is no IP address.
  std::expected<void, std::string_view> inbound_has_room(const std::optional<IpAddress>& from);
  // The same before a dial.
  std::expected<void, std::string_view> outbound_has_room();

  std::expected<Place, std::string_view> admit(Direction direction, const PeerId& peer,
                                               const std::optional<IpAddress>& address);

 private:
  bool take_for_address(Place& place, const IpAddress& address, std::string_view& knob);

  Limit& total_;
  Limit& inbound_;
  KeyedLimit<PeerId> peers_;
  KeyedLimit<IpAddress> ip4_;
  KeyedLimit<IpAddress> ip6_56_;
  KeyedLimit<IpAddress> ip6_48_;
};

// Whether the per-address limits are not meant for it: many may be behind it that are ours, and nobody else.
bool is_exempt_address(const IpAddress& address);

}  // namespace warren
