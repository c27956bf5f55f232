#include "app/reachability_values.hpp"

#include <algorithm>

#include "app/errors.hpp"
#include "app/whole_ms.hpp"

namespace warren::app {
namespace {

namespace v1 = control::v1;

// The moment as the clock on the wall shows it.
class WallClock {
 public:
  explicit WallClock(Node& node)
      : now_(node.host().env().clock.now()), wall_(node.host().env().clock.wall_now()) {}

  std::int64_t operator()(Instant instant) const {
    return unix_ms(wall_ + std::chrono::round<std::chrono::milliseconds>(instant - now_));
  }

 private:
  Instant now_;
  WallTime wall_;
};

v1::Verdict verdict_of(autonat::Verdict verdict) {
  switch (verdict) {
    case autonat::Verdict::kReachable: return v1::VERDICT_REACHABLE;
    case autonat::Verdict::kUnreachable: return v1::VERDICT_UNREACHABLE;
    case autonat::Verdict::kUnknown: break;
  }
  return v1::VERDICT_UNKNOWN;
}

// One that others can dial: with our PeerID at its end.
std::string whole(const Node& node, const Multiaddr& address) {
  const bool has_peer = PeerId::of(address) == node.peer_id();
  return (has_peer ? address : address.with(Protocol::kP2p, node.peer_id().bytes())).to_string();
}

std::string node_id_of(const std::vector<PeerStatus>& peers, const PeerId& wanted) {
  for (const PeerStatus& peer : peers) {
    if (peer.peer_id == wanted && peer.node_id) return peer.node_id->to_string();
  }
  return {};
}

void describe_relay(const Node& node, const WallClock& wall, const relay::ReservationStatus& from,
                    v1::Relay& to) {
  to.set_peer_id(from.relay.to_string());
  to.set_state(std::string(relay::to_string(from.state)));
  to.set_configured(from.configured);
  if (from.round_trip_time) to.set_rtt_ms(to_ms(*from.round_trip_time));
  if (from.held_since) to.set_held_at_ms(wall(*from.held_since));
  if (from.expires) to.set_expires_at_ms(wall(*from.expires));
  if (from.next_try) to.set_next_try_at_ms(wall(*from.next_try));
  if (from.held_since) {
    to.mutable_limits()->set_bytes(from.limits.bytes_max);
    to.mutable_limits()->set_time_ms(static_cast<std::uint64_t>(whole_ms(from.limits.time_max)));
  }
  for (const Multiaddr& address : from.addresses) to.add_addresses(whole(node, address));
  if (!from.error) return;
  to.set_reason(std::string(describe(from.error).name));
  to.set_message(from.error.message());
}

void describe_udp(const stun::NatReport& report, const WallClock& wall, v1::Udp& to) {
  to.set_answered(report.udp);
  to.set_local_address(report.local.to_string());
  if (report.mapped) to.set_mapped_address(report.mapped->to_string());
  to.set_is_own_address(report.is_own_address);
  to.set_mapping(std::string(stun::to_string(report.mapping)));
  to.set_filtering(std::string(stun::to_string(report.filtering)));
  for (const Endpoint& server : report.servers) to.add_servers(server.to_string());
  if (report.round_trip_time) to.set_rtt_ms(to_ms(*report.round_trip_time));
  to.set_at_ms(wall(report.at));
}

void describe_family(const FamilyReport& family, const WallClock& wall, v1::Family& to) {
  to.set_has_address(family.has_address);
  if (family.udp) describe_udp(*family.udp, wall, *to.mutable_udp());
  to.set_udp_reachable(verdict_of(family.udp_reachable));
  to.set_tcp_reachable(verdict_of(family.tcp_reachable));
}

void describe_service(const ReachabilityStatus& status, v1::ReachabilityReply::RelayService& to) {
  const relay::ServiceCounters& from = status.relayed;
  to.set_offered(status.relays_for_others);
  to.set_reservations(static_cast<std::uint32_t>(from.reservations));
  to.set_circuits(static_cast<std::uint32_t>(from.circuits));
  to.set_reservations_made(from.reservations_made);
  to.set_reservations_refused(from.reservations_refused);
  to.set_circuits_opened(from.circuits_opened);
  to.set_circuits_refused(from.circuits_refused);
  to.set_circuits_ended_by_limit(from.circuits_ended_by_limit);
  to.set_bytes(from.bytes_relayed);
}

}  // namespace

void describe_relays(Node& node, const std::vector<relay::ReservationStatus>& relays,
                     google::protobuf::RepeatedPtrField<v1::Relay>& to) {
  const WallClock wall(node);
  const std::vector<PeerStatus> peers = node.peers();
  for (const relay::ReservationStatus& relay : relays) {
    v1::Relay& row = *to.Add();
    describe_relay(node, wall, relay, row);
    row.set_node_id(node_id_of(peers, relay.relay));
  }
}

void describe_reachability(Node& node, v1::ReachabilityReply& to) {
  const ReachabilityStatus status = node.reachability().status();
  to.set_stage(std::string(to_string(status.stage)));
  to.set_reachability(verdict_of(status.reachability));
  to.set_behind_nat(status.behind_nat);
  describe_relays(node, status.relays, *to.mutable_relays());
  describe_service(status, *to.mutable_relay_service());
  for (const std::string& sentence : status.advice) to.add_advice(sentence);
}

void describe_own_address(Node& node, const OwnAddressRow& row, v1::OwnAddress& to) {
  const WallClock wall(node);
  to.set_address(whole(node, row.own.address));
  to.set_source(row.relayed ? "relay" : std::string(autonat::to_string(row.own.source)));
  to.set_verdict(verdict_of(row.own.verdict));
  to.set_confidence(row.own.confidence);
  for (const PeerId& peer : row.own.verified_by) to.add_verified_by(peer.to_string());
  if (row.own.verified_at) to.set_verified_at_ms(wall(*row.own.verified_at));
  if (row.own.expires) to.set_expires_at_ms(wall(*row.own.expires));
  to.set_announced(row.announced);
}

void describe_netcheck(Node& node, const Netcheck& check, v1::NetcheckReply& to) {
  const WallClock wall(node);
  describe_family(check.ip4, wall, *to.mutable_ip4());
  describe_family(check.ip6, wall, *to.mutable_ip6());
  if (check.hairpin) to.set_hairpin(*check.hairpin);
  describe_relays(node, check.relays, *to.mutable_relays());
}

}  // namespace warren::app
