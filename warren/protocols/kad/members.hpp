// Who is in the routing table: peers that serve this protocol and lead somewhere enter it, those that are
// dead or say goodbye leave it, and are named to nobody from then on.
#pragma once

#include <unordered_map>

#include "warren/core/host.hpp"
#include "warren/protocols/kad/kad.hpp"
#include "warren/protocols/kad/routing/network_size.hpp"
#include "warren/protocols/kad/routing/routing_table.hpp"

namespace warren::kad {

class Members {
 public:
  // `host` and `config` outlive it.
  Members(Host& host, const Config& config);

  // The nearest to the key that others are told of, nearest first.
  std::vector<PeerId> nearest(const Key& key, std::size_t count) const { return table_.closest(key, count); }
  // The nearest with addresses, to begin a lookup with.
  std::vector<PeerInfo> seeds(const Key& key, std::size_t count) const;
  bool contains(const PeerId& peer) const { return table_.find(peer) != nullptr; }
  bool is_gone(const PeerId& peer) const { return gone_.contains(peer); }
  const RoutingTable& table() const { return table_; }

  // The peer is connected, or has asked something: it enters if identify has found that it serves us.
  void consider(const PeerId& peer);
  // It has answered, which says that it serves. `useful`: with something.
  void answered(const ConnectionPtr& connection, bool useful);
  // It did not answer. Whoever fails again is dead; `for_good`: what it did says that it is of no use.
  void failed(const PeerId& peer, std::error_code error, bool for_good);
  // Its last connection has ended.
  void disconnected(const PeerId& peer);
  // It is dead, or has said goodbye (kClosed).
  void remove(const PeerId& peer, std::error_code reason);

  // Whose turn it is to be asked for a sign of life, at most `max`; and when there are suspects, somebody
  // whose answer shows that it is not this node that is cut off.
  std::vector<PeerId> due_probes(Duration interval, std::size_t max);

  // A lookup has ended with these, nearest first: its part of the table is fresh, and they say how many peers
  // there are in all.
  void measured(const Key& target, const std::vector<PeerInfo>& nearest);
  std::optional<NetworkSize::Estimate> network_size() const;

  Signal<const PeerId&>& entered() { return entered_; }
  Signal<const PeerId&, std::error_code>& left() { return left_; }

 private:
  Instant now() const { return host_.env().clock.now(); }
  bool serves_us(const PeerId& peer) const;
  // Adds the peer if it leads somewhere.
  void enter(const PeerId& peer);
  void note_gone(const PeerId& peer);
  std::optional<PeerId> witness() const;
  // The addresses by which those who are as far away as we may reach it.
  std::vector<Multiaddr> addresses(const PeerId& peer) const;

  Host& host_;
  const Config& config_;
  RoutingTable table_;
  NetworkSize size_;
  std::unordered_map<PeerId, Instant> gone_;      // until when that is remembered
  std::unordered_map<PeerId, Instant> suspects_;  // since when
  Instant heard_any_{};
  Signal<const PeerId&> entered_;
  Signal<const PeerId&, std::error_code> left_;
};

}  // namespace warren::kad
