#include "warren/node/event_source.hpp"

#include "warren/node/discovery_parts.hpp"
#include "warren/node/reachability_parts.hpp"

namespace warren {

using Kind = NodeEvent::Kind;

EventSource::EventSource(Host& host, identify::Identify& identify) : host_(host) {
  HostEvents& events = host.events();
  subscriptions_.push_back(events.connected.subscribe([this](const ConnectionPtr& c) { connected(*c); }));
  subscriptions_.push_back(
      events.disconnected.subscribe([this](const ConnectionPtr& c) { disconnected(*c); }));
  subscriptions_.push_back(
      events.refused.subscribe([this](const HostRefusal& refusal) { refused(refusal); }));
  subscriptions_.push_back(
      events.path_changed.subscribe([this](const PathChange& change) { path_changed(change); }));
  subscriptions_.push_back(
      identify.identified().subscribe([this](const ConnectionPtr& c) { identified(*c); }));
}

void EventSource::watch(Messaging& messaging) {
  messaging_ = &messaging;
  subscriptions_.push_back(
      messaging.on_refused([this](const MessageRefusal& refusal) { refused_message(refusal); }));
}

void EventSource::watch(Discovery::Parts& discovery) {
  subscriptions_.push_back(discovery.arrived.subscribe(
      [this](const Coming& who) { came_or_went(Kind::kArrived, who.peer, who.node, who.reason); }));
  subscriptions_.push_back(discovery.left.subscribe(
      [this](const Coming& who) { came_or_went(Kind::kLeft, who.peer, who.node, who.reason); }));
}

void EventSource::watch(Reachability::Parts& reachability) {
  subscriptions_.push_back(reachability.verdict_changed.subscribe([this](autonat::Verdict verdict) {
    NodeEvent what = event(Kind::kReachability, std::nullopt);
    what.state = to_string(verdict);
    events_.emit(what);
  }));
  subscriptions_.push_back(reachability.relay_changed.subscribe([this](const RelayChange& change) {
    NodeEvent what = event(Kind::kRelay, std::optional(change.relay));
    what.state = change.held ? "held" : "lost";
    what.reason = change.reason;
    events_.emit(what);
  }));
}

void EventSource::came_or_went(Kind kind, const PeerId& peer, const std::optional<NodeId>& node,
                               std::error_code reason) {
  NodeEvent what = event(kind, std::optional(peer));
  what.node = node;
  what.reason = reason;
  events_.emit(what);
}

NodeEvent EventSource::event(Kind kind, const std::optional<PeerId>& peer) const {
  NodeEvent event{.kind = kind, .at = host_.env().clock.wall_now(), .peer = peer};
  if (peer && messaging_ != nullptr) event.node = messaging_->node_of(*peer);
  return event;
}

NodeEvent EventSource::event(Kind kind, const Connection& connection) const {
  NodeEvent with_peer = event(kind, std::optional(connection.remote_peer()));
  with_peer.address = connection.remote_address();
  with_peer.direction = connection.direction();
  return with_peer;
}

void EventSource::connected(const Connection& connection) {
  NodeEvent what = event(Kind::kConnected, connection);
  what.security = connection.security();
  what.muxer = connection.muxer();
  events_.emit(what);
}

void EventSource::disconnected(const Connection& connection) {
  NodeEvent what = event(Kind::kDisconnected, connection);
  what.reason = connection.end_reason();
  events_.emit(what);
}

void EventSource::identified(const Connection& connection) {
  NodeEvent what = event(Kind::kIdentified, connection);
  if (const auto description = host_.peerstore().description(connection.remote_peer())) {
    what.agent_version = description->agent_version;
    what.protocols = description->protocols.size();
  }
  events_.emit(what);
}

void EventSource::path_changed(const PathChange& change) {
  NodeEvent what = event(Kind::kPath, std::optional(change.peer));
  what.state = "none";
  if (change.best) {
    what.address = change.best->remote_address();
    what.state = is_circuit(*what.address) ? "relayed" : "direct";
  }
  events_.emit(what);
}

void EventSource::refused(const HostRefusal& refusal) {
  NodeEvent what = event(Kind::kRefused, refusal.peer);
  what.address = refusal.from;
  what.direction = Direction::kInbound;
  what.reason = refusal.reason;
  what.knob = refusal.knob;
  events_.emit(what);
}

void EventSource::refused_message(const MessageRefusal& refusal) {
  NodeEvent what = event(Kind::kRefused, std::optional(refusal.from_peer));
  const auto connections = host_.connections(refusal.from_peer);
  if (!connections.empty()) what.address = connections.front()->remote_address();
  what.reason = refusal.reason;
  what.protocol = refusal.protocol;
  events_.emit(what);
}

}  // namespace warren
