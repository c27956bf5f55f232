// Who holds a reservation at this relay, until when, and who may have one more. Policy only: the time is an
// argument. https://github.com/libp2p/specs/blob/master/relay/circuit-v2.md#reservation
#pragma once

#include <optional>
#include <set>
#include <vector>

#include "warren/base/time.hpp"
#include "warren/crypto/peer_id.hpp"
#include "warren/env/endpoint.hpp"
#include "warren/protocols/relay/keyed_account.hpp"

namespace warren::relay {

class ReservationTable {
 public:
  // The limits bound all reservations, those from one address and those from one network, and outlive this.
  ReservationTable(Limit& total, Limit& per_ip, Limit& per_network)
      : total_(total), per_ip_(per_ip), per_network_(per_network) {}

  // Grants a reservation until `expires`, or renews the peer's own, which is always possible. `from`: where
  // the peer is, when that counts; a peer that has moved is counted where it is now if there is room, else
  // where it was. kLimitReached: the limit in question has counted a refusal. Expired ones count as long as
  // nobody calls expire().
  Result<> reserve(const PeerId& peer, std::optional<IpAddress> from, Instant expires);

  bool holds(const PeerId& peer, Instant now) const;
  // False when there was none.
  bool drop(const PeerId& peer);
  // Drops what has expired, and says whose it was.
  std::vector<PeerId> expire(Instant now);
  // When the first one expires.
  std::optional<Instant> next_expiry() const;

  std::size_t size() const { return held_.size(); }
  std::vector<PeerId> holders() const;

 private:
  struct Held {
    Instant expires;
    std::optional<IpAddress> from;
  };

  bool has_room_at(const IpAddress& from) const;
  void count(const std::optional<IpAddress>& from);
  void discount(const std::optional<IpAddress>& from);
  void set_expiry(const PeerId& peer, Held& held, Instant expires);

  Limit& total_;
  KeyedAccount<IpAddress> per_ip_;
  KeyedAccount<IpAddress> per_network_;
  std::map<PeerId, Held> held_;
  std::set<std::pair<Instant, PeerId>> by_expiry_;
};

}  // namespace warren::relay
