// Finds one peer: asks for it ever nearer to its place in the keyspace, and reaches it as soon as somebody
// names an address. Being named proves nothing: it may have gone, or somebody lies.
// https://github.com/libp2p/specs/blob/master/kad-dht/README.md#peer-routing
#pragma once

#include "warren/protocols/kad/search.hpp"

namespace warren::kad {

class PeerFinder {
 public:
  // All outlive it.
  PeerFinder(Host& host, Rpc& rpc, Search& search) : host_(host), rpc_(rpc), search_(search) {}

  // As Kad::find_peer.
  Task<PeerInfo> find(PeerId peer, LookupReport* report);

 private:
  struct Wanted;
  Task<std::vector<PeerInfo>> ask(PeerInfo peer, Wanted& wanted);
  Task<void> reach(PeerInfo peer, Wanted& wanted);
  PeerInfo known(const PeerId& peer, std::vector<Multiaddr> named) const;

  Host& host_;
  Rpc& rpc_;
  Search& search_;
};

}  // namespace warren::kad
