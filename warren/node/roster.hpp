// Who is in the network as far as this node can see: each peer arrives once and leaves once.
#pragma once

#include <set>

#include "warren/crypto/peer_id.hpp"

namespace warren {

class Roster {
 public:
  // Peers that are watched. Who comes when it is full is not told of, and so neither is its leaving.
  static constexpr std::size_t kPeersMax = 4096;

  // Whether that is news.
  bool arrive(const PeerId& peer) { return present_.size() < kPeersMax && present_.insert(peer).second; }
  bool leave(const PeerId& peer) { return present_.erase(peer) > 0; }

  std::size_t size() const { return present_.size(); }

 private:
  std::set<PeerId> present_;
};

}  // namespace warren
