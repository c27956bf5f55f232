// Keeps a node findable: publishes its binding and its addresses in the DHTs that it is in. identity.md calls
// it the way from a NodeID to a PeerID; docs/wire.md has the records.
#pragma once

#include "warren/async/event.hpp"
#include "warren/core/host.hpp"
#include "warren/messaging/messaging.hpp"
#include "warren/protocols/kad/kad.hpp"

namespace warren {

// The key of a peer's own record of its addresses.
Bytes peer_record_key(const PeerId& peer);
// What a provider on the public DHT provides, as it takes no records of ours: sha2-256 of "warren-node" and
// the key's 33 bytes.
Bytes node_provider_key(const NodeId& node);

// A record that was published while the network was small, or not joined by its neighbours yet, is at the
// wrong peers: it is published again after these, then as often as the DHT republishes.
inline constexpr Duration kPublishAgain[] = {15s, 60s, 300s};
// After a failure.
inline constexpr Duration kPublishRetry = 5s;

class Publisher {
 public:
  // All outlive it, and so it does run(). `own` and `wide` may be null.
  Publisher(Host& host, Messaging& messaging, kad::Kad* own, kad::Kad* wide);

  // Until canceled. What is to be published waits for a first peer, and is published again when it changes.
  Task<void> run();

 private:
  Task<void> publish();
  Task<bool> publish_own();
  Task<bool> publish_wide();
  Task<void> wait_for_peers();
  Bytes sealed_addresses() const;

  Host& host_;
  Messaging& messaging_;
  kad::Kad* own_;
  kad::Kad* wide_;
  bool changed_ = false;
  Event wake_;
  std::vector<Subscription> subscriptions_;
};

}  // namespace warren
