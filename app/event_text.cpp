#include "app/event_text.hpp"

#include "app/errors.hpp"

namespace warren::app {
namespace {

std::string word_of(NodeEvent::Kind kind) {
  switch (kind) {
    case NodeEvent::Kind::kConnected: return "connected";
    case NodeEvent::Kind::kDisconnected: return "disconnected";
    case NodeEvent::Kind::kIdentified: return "identified";
    case NodeEvent::Kind::kArrived: return "arrived";
    case NodeEvent::Kind::kLeft: return "left";
    case NodeEvent::Kind::kReachability: return "reachability";
    case NodeEvent::Kind::kRelay: return "relay";
    case NodeEvent::Kind::kPath: return "path";
    case NodeEvent::Kind::kRefused: break;
  }
  return "refused";
}

}  // namespace

control::v1::Event describe_event(const EventFeed::Numbered& numbered) {
  const NodeEvent& from = numbered.event;
  control::v1::Event to;
  to.set_number(numbered.number);
  to.set_at_ms(unix_ms(from.at));
  to.set_event(word_of(from.kind));
  if (from.peer) to.set_peer_id(from.peer->to_string());
  if (from.node) to.set_node_id(from.node->to_string());
  if (from.address) to.set_address(from.address->to_string());
  if (from.direction) to.set_direction(*from.direction == Direction::kInbound ? "inbound" : "outbound");
  to.set_security(from.security);
  to.set_muxer(from.muxer);
  to.set_version(from.agent_version);
  to.set_protocols(static_cast<std::uint32_t>(from.protocols));
  if (from.reason) {
    to.set_reason(std::string(describe(from.reason).name));
    to.set_message(from.reason.message());
  }
  to.set_state(from.state);
  to.set_knob(from.knob);
  to.set_protocol(from.protocol);
  return to;
}

control::v1::Event describe_gap(const EventFeed::Numbered& next, std::uint64_t count) {
  control::v1::Event to;
  to.set_number(next.number);
  to.set_at_ms(unix_ms(next.event.at));
  to.set_event("dropped");
  to.set_dropped(count);
  return to;
}

}  // namespace warren::app
