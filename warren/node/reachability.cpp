#include "warren/node/reachability.hpp"

#include <algorithm>

#include "warren/node/reachability_parts.hpp"

namespace warren {

namespace {

using autonat::Verdict;

bool is_ip4(const Multiaddr& address) {
  return address.has(Protocol::kIp4);
}

// Of the addresses of this family and transport, the best that is said of one.
Verdict best(const std::vector<autonat::OwnAddress>& addresses, bool ip4, Protocol transport) {
  Verdict best = Verdict::kUnknown;
  for (const autonat::OwnAddress& own : addresses) {
    if (is_ip4(own.address) != ip4 || !own.address.has(transport)) continue;
    if (own.verdict == Verdict::kReachable) return Verdict::kReachable;
    if (own.verdict == Verdict::kUnreachable) best = Verdict::kUnreachable;
  }
  return best;
}

bool leads_out(const IpAddress& address) {
  return !address.is_loopback() && !address.is_unspecified() && !address.is_link_local();
}

OwnAddressRow row_of(const autonat::OwnAddress& own, bool announced) {
  return {.own = own, .relayed = false, .announced = announced};
}

OwnAddressRow row_of(const Multiaddr& circuit, const relay::ReservationStatus& reservation) {
  return {.own = {.address = circuit,
                  .source = autonat::OwnSource::kConfigured,
                  .verdict = Verdict::kReachable,
                  .confidence = 1,
                  .verified_by = {reservation.relay},
                  .verified_at = reservation.held_since,
                  .expires = reservation.expires},
          .relayed = true,
          .announced = true};
}

}  // namespace

std::string_view to_string(LifeStage stage) {
  switch (stage) {
    case LifeStage::kStarting: return "starting";
    case LifeStage::kListening: return "listening";
    case LifeStage::kBootstrapping: return "bootstrapping";
    case LifeStage::kJoined: return "joined";
    case LifeStage::kAnnounced: return "announced";
    case LifeStage::kLeaving: return "leaving";
    case LifeStage::kStopped: return "stopped";
  }
  return {};
}

std::vector<OwnAddressRow> Reachability::addresses() const {
  std::vector<OwnAddressRow> rows;
  for (const auto& own : parts_.book.addresses(parts_.now()))
    rows.push_back(row_of(own, parts_.is_announced(own)));
  for (const auto& reservation : parts_.relays.reservations()) {
    for (const Multiaddr& circuit : reservation.addresses) rows.push_back(row_of(circuit, reservation));
  }
  return rows;
}

Task<Netcheck> Reachability::netcheck(bool afresh) {
  if (afresh && parts_.surveyor) co_await parts_.surveyor->survey();
  Netcheck check;
  const auto interfaces = parts_.needs.host.env().network.interface_addresses();
  const auto addresses = parts_.book.addresses(parts_.now());
  for (const bool ip4 : {true, false}) {
    FamilyReport& family = ip4 ? check.ip4 : check.ip6;
    family.has_address = std::ranges::any_of(
        interfaces, [ip4](const IpAddress& address) { return address.is_v4() == ip4 && leads_out(address); });
    family.udp_reachable = best(addresses, ip4, Protocol::kUdp);
    family.tcp_reachable = best(addresses, ip4, Protocol::kTcp);
  }
  for (const stun::NatReport& report : parts_.nat_reports()) {
    FamilyReport& family = report.local.address.is_v4() ? check.ip4 : check.ip6;
    if (!family.udp || (report.udp && !family.udp->udp)) family.udp = report;
    if (!check.hairpin && report.hairpin) check.hairpin = report.hairpin;
  }
  check.relays = parts_.relays.reservations();
  co_return check;
}

std::vector<relay::ReservationStatus> Reachability::relays() const {
  return parts_.relays.reservations();
}

ReachabilityStatus Reachability::status() const {
  const ReachabilityFacts facts = parts_.facts();
  return {.stage = parts_.stage(),
          .reachability = facts.verdict,
          .behind_nat = facts.behind_nat,
          .relays = parts_.relays.reservations(),
          .relays_for_others = parts_.relay_service.is_offered(),
          .relayed = parts_.relay_service.counters(),
          .advice = advice(parts_.needs.config.reachability, facts)};
}

}  // namespace warren
