#include "app/control_values.hpp"

#include "app/transport_name.hpp"

namespace warren::app {

CallResult<Target> parse_target(const std::string& text) {
  Result<Target> target = Target::parse(text);
  if (target) return std::move(*target);
  return std::unexpected(CallError{target.error(), "\"" + text + "\": " + target.error().message()});
}

void describe_peer(const PeerStatus& peer, Instant now, control::v1::Peer& to) {
  to.set_peer_id(peer.peer_id.to_string());
  if (peer.node_id) to.set_node_id(peer.node_id->to_string());
  to.set_path(peer.address.to_string());
  to.set_relayed(peer.address.has(Protocol::kP2pCircuit));
  to.set_inbound(peer.direction == Direction::kInbound);
  to.set_rtt_ms(to_ms(peer.round_trip_time));
  to.set_connected_ms(std::chrono::duration_cast<std::chrono::milliseconds>(now - peer.connected_at).count());
  to.set_version(peer.agent_version);
  to.set_transport(std::string(transport_name(peer.address)));
}

}  // namespace warren::app
