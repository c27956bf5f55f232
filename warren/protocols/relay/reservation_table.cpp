#include "warren/protocols/relay/reservation_table.hpp"

#include "warren/core/ip_network.hpp"

namespace warren::relay {

bool ReservationTable::has_room_at(const IpAddress& from) const {
  return per_ip_.has_room(from) && per_network_.has_room(site_of(from));
}

void ReservationTable::count(const std::optional<IpAddress>& from) {
  if (!from) return;
  per_ip_.add(*from);
  per_network_.add(site_of(*from));
}

void ReservationTable::discount(const std::optional<IpAddress>& from) {
  if (!from) return;
  per_ip_.remove(*from);
  per_network_.remove(site_of(*from));
}

void ReservationTable::set_expiry(const PeerId& peer, Held& held, Instant expires) {
  by_expiry_.erase({held.expires, peer});
  held.expires = expires;
  by_expiry_.emplace(expires, peer);
}

Result<> ReservationTable::reserve(const PeerId& peer, std::optional<IpAddress> from, Instant expires) {
  if (const auto found = held_.find(peer); found != held_.end()) {
    Held& held = found->second;
    set_expiry(peer, held, expires);
    if (held.from == from) return {};
    discount(held.from);
    if (!from || has_room_at(*from)) held.from = from;
    count(held.from);
    return {};
  }
  if (from && !per_ip_.has_room(*from)) {
    per_ip_.refuse();
    return fail(Errc::kLimitReached);
  }
  if (from && !per_network_.has_room(site_of(*from))) {
    per_network_.refuse();
    return fail(Errc::kLimitReached);
  }
  if (!total_.take()) return fail(Errc::kLimitReached);
  count(from);
  held_.emplace(peer, Held{.expires = expires, .from = from});
  by_expiry_.emplace(expires, peer);
  return {};
}

bool ReservationTable::holds(const PeerId& peer, Instant now) const {
  const auto found = held_.find(peer);
  return found != held_.end() && now < found->second.expires;
}

bool ReservationTable::drop(const PeerId& peer) {
  const auto found = held_.find(peer);
  if (found == held_.end()) return false;
  discount(found->second.from);
  by_expiry_.erase({found->second.expires, peer});
  held_.erase(found);
  total_.give();
  return true;
}

std::vector<PeerId> ReservationTable::expire(Instant now) {
  std::vector<PeerId> expired;
  while (!by_expiry_.empty() && by_expiry_.begin()->first <= now) {
    expired.push_back(by_expiry_.begin()->second);
    drop(expired.back());
  }
  return expired;
}

std::optional<Instant> ReservationTable::next_expiry() const {
  if (by_expiry_.empty()) return std::nullopt;
  return by_expiry_.begin()->first;
}

std::vector<PeerId> ReservationTable::holders() const {
  std::vector<PeerId> holders;
  for (const auto& [peer, held] : held_) holders.push_back(peer);
  return holders;
}

}  // namespace warren::relay
