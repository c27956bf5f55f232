// Who is in the routing table: peers that serve this protocol and lead somewhere enter it, those that are
// dead or say goodbye leave it, and are named to nobody from then on.
#pragma once

#include <set>
#include <unordered_map>

#include "warren/core/host.hpp"
#include "warren/protocols/kad/kad.hpp"

namespace warren::kad {

class Members {
 public:
  // `host` and `config` outlive it.
  Members(Host& host, const Config& config);

  // The nearest to the key in the table, nearest first.
  std::vector<PeerId> nearest(const Key& key, std::size_t count) const;
  // The same with addresses, to begin a lookup with.
  std::vector<PeerInfo> seeds(const Key& key, std::size_t count) const;
  bool contains(const PeerId& peer) const;
  bool is_gone(const PeerId& peer) const { return gone_.contains(peer); }
  std::size_t size() const;
  std::vector<PeerId> peers() const;
  std::vector<std::size_t> bucket_sizes() const;

  // The peer is connected, or has asked something: it enters if identify has found that it serves us.
  void consider(const PeerId& peer);
  // It has answered, which says that it serves.
  void answered(const ConnectionPtr& connection);
  // It is dead, or has said goodbye (kClosed).
  void remove(const PeerId& peer, std::error_code reason);

  // A lookup has ended with these, nearest first: they say how many there are in all.
  void measured(const Key& target, const std::vector<PeerInfo>& nearest);
  double network_size() const;
  // Keys to look for, so that each bucket is refilled: preimages, as FIND_NODE wants them.
  std::vector<Bytes> keys_to_refresh();

  Signal<const PeerId&>& entered() { return entered_; }
  Signal<const PeerId&, std::error_code>& left() { return left_; }

 private:
  bool serves_us(const PeerId& peer) const;
  // Adds the peer if it leads somewhere.
  void enter(const PeerId& peer);
  void note_gone(const PeerId& peer);
  // The addresses by which others may reach it.
  std::vector<Multiaddr> addresses(const PeerId& peer) const;

  Host& host_;
  const Config& config_;
  std::set<PeerId> table_;
  std::unordered_map<PeerId, Instant> gone_;
  Signal<const PeerId&> entered_;
  Signal<const PeerId&, std::error_code> left_;
};

}  // namespace warren::kad
