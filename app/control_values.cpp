#include "app/control_values.hpp"

#include <algorithm>

#include "app/transport_name.hpp"
#include "app/whole_ms.hpp"

namespace warren::app {
namespace {

// Of the connection that the peer's status tells of. Nothing when it has no limits.
std::optional<CircuitBudget> budget_of(const Host& host, const PeerStatus& peer) {
  for (const ConnectionPtr& connection : host.connections(peer.peer_id)) {
    if (connection->remote_address() != peer.address) continue;
    const CircuitBudget* budget = connection->circuit_budget();
    if (budget != nullptr && budget->is_limited()) return *budget;
  }
  return std::nullopt;
}

void describe_budget(const CircuitBudget& budget, Instant now, control::v1::Budget& to) {
  to.set_bytes_max(budget.bytes_each_way_max);
  to.set_sent(budget.sent);
  to.set_received(budget.received);
  if (budget.ends) to.set_ends_in_ms(std::max<std::int64_t>(0, whole_ms(*budget.ends - now)));
}

}  // namespace

CallResult<Target> parse_target(const std::string& text) {
  Result<Target> target = Target::parse(text);
  if (target) return std::move(*target);
  return std::unexpected(CallError{target.error(), "\"" + text + "\": " + target.error().message()});
}

PathPolicy policy_of(control::v1::PathPolicy policy) {
  switch (policy) {
    case control::v1::PATH_POLICY_PREFER_DIRECT: return PathPolicy::kPreferDirect;
    case control::v1::PATH_POLICY_DIRECT_ONLY: return PathPolicy::kDirectOnly;
    default: return PathPolicy::kAny;
  }
}

Bytes bytes_of(const std::string& text) {
  return to_bytes(std::string_view(text));
}

void describe_peer(Node& node, const PeerStatus& peer, control::v1::Peer& to) {
  const Instant now = node.host().env().clock.now();
  to.set_peer_id(peer.peer_id.to_string());
  if (peer.node_id) to.set_node_id(peer.node_id->to_string());
  to.set_path(peer.address.to_string());
  to.set_relayed(is_circuit(peer.address));
  to.set_inbound(peer.direction == Direction::kInbound);
  to.set_rtt_ms(to_ms(peer.round_trip_time));
  to.set_connected_ms(whole_ms(now - peer.connected_at));
  to.set_version(peer.agent_version);
  to.set_transport(std::string(transport_name(peer.address)));
  to.set_relay(relay_of(peer.address));
  if (const auto budget = budget_of(node.host(), peer)) describe_budget(*budget, now, *to.mutable_budget());
}

}  // namespace warren::app
