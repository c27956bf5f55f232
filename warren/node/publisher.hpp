// Keeps a node findable: publishes its binding and its addresses in the DHTs that it is in. identity.md calls
// it the way from a NodeID to a PeerID; docs/wire.md has the records.
#pragma once

#include <map>

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

// What relays provide on the network's own DHT, so that they are found by who has none: sha2-256 of
// "warren-relay".
Bytes relay_provider_key();

// Those of a node's addresses that its record tells the network: in a private one all that other machines can
// dial, else public ones and circuits only, since everybody reads them and a private address means another
// machine in each home. Who has none but those of a lesser reach publishes these: private ones, or loopback.
std::vector<Multiaddr> worth_publishing(std::vector<Multiaddr> addresses, bool private_network);

// A record that was published while the network was small, or not joined by its neighbours yet, is at the
// wrong peers: it is published again after these, then as often as the DHT republishes.
inline constexpr Duration kPublishAgain[] = {15s, 60s, 300s};
// After a failure.
inline constexpr Duration kPublishRetry = 5s;
// While fewer have taken it than a record has copies, it is published again as soon as twice as many peers
// are known: the first of a network may be gone soon. Not more often than this.
inline constexpr std::size_t kCopies = 20;
inline constexpr Duration kPublishGrown = 1s;

class Publisher {
 public:
  // All outlive it, and so it does run(). `own` and `wide` may be null.
  Publisher(Host& host, Messaging& messaging, kad::Kad* own, kad::Kad* wide, bool private_network);

  // Until canceled. What is to be published waits for a first peer, and is published again when it changes.
  Task<void> run();

  // Whether this node provides the multihash on the network's own DHT from now on.
  void set_provided(const Bytes& multihash, bool provided);
  // Others have taken what there is to publish, or there is no DHT to publish in.
  bool has_published() const { return published_; }

 private:
  Task<bool> publish_own();
  Task<bool> provide_all();
  Task<bool> publish_wide();
  Task<void> wait_for_peers();
  // Until that time, or until there is something new to publish.
  Task<void> wait_until(Instant then);
  bool has_grown() const;
  Bytes sealed_addresses() const;

  Host& host_;
  Messaging& messaging_;
  kad::Kad* own_;
  kad::Kad* wide_;
  bool private_network_;
  std::map<Bytes, bool> provided_;
  bool changed_ = false;
  bool published_ = false;
  std::size_t copies_ = 0;      // as many have taken our record
  std::size_t peers_then_ = 0;  // known when it was published
  Event wake_;
  std::vector<Subscription> subscriptions_;
};

}  // namespace warren
