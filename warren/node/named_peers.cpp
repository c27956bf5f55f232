#include "warren/node/named_peers.hpp"

#include "warren/core/peer_address.hpp"

namespace warren {

std::vector<PeerInfo> named_peers(const std::vector<Multiaddr>& addresses, const std::string& what) {
  std::vector<PeerInfo> peers;
  for (const Multiaddr& address : addresses) {
    auto peer = peer_at(address);
    if (!peer) throw_error(Errc::kBadConfig, what + " without /p2p: " + address.to_string());
    peers.push_back(std::move(*peer));
  }
  return peers;
}

}  // namespace warren
