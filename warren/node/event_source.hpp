// Joins what the parts of a node tell into one stream of NodeEvents.
#pragma once

#include <functional>
#include <vector>

#include "warren/core/host.hpp"
#include "warren/messaging/messaging.hpp"
#include "warren/node/discovery.hpp"
#include "warren/node/event.hpp"
#include "warren/node/reachability.hpp"
#include "warren/protocols/identify/identify.hpp"

namespace warren {

class EventSource {
 public:
  // Both outlive it. Made before messaging is, so that it hears of a lost connection while the binding that
  // came over it is still known.
  EventSource(Host& host, identify::Identify& identify);

  // From now on nodes are named and refused messages are told. Nothing is told once `messaging` is gone.
  void watch(Messaging& messaging);
  // From now on who comes and goes is told, too.
  void watch(Discovery::Parts& discovery);
  // From now on what others see of this node is told, too, and its relays.
  void watch(Reachability::Parts& reachability);

  [[nodiscard]] Subscription subscribe(std::function<void(const NodeEvent&)> handler) {
    return events_.subscribe(std::move(handler));
  }

 private:
  NodeEvent event(NodeEvent::Kind kind, const std::optional<PeerId>& peer) const;
  NodeEvent event(NodeEvent::Kind kind, const Connection& connection) const;
  void connected(const Connection& connection);
  void disconnected(const Connection& connection);
  void identified(const Connection& connection);
  void path_changed(const PathChange& change);
  void refused(const HostRefusal& refusal);
  void came_or_went(NodeEvent::Kind kind, const PeerId& peer, const std::optional<NodeId>& node,
                    std::error_code reason);
  void refused_message(const MessageRefusal& refusal);

  Host& host_;
  const Messaging* messaging_ = nullptr;
  Signal<const NodeEvent&> events_;
  std::vector<Subscription> subscriptions_;
};

}  // namespace warren
