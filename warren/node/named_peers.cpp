#include "warren/node/named_peers.hpp"

namespace warren {

std::vector<PeerInfo> named_peers(const std::vector<Multiaddr>& addresses, const std::string& what) {
  std::vector<PeerInfo> peers;
  for (const Multiaddr& address : addresses) {
    const auto peer = PeerId::of(address);
    if (!peer) throw_error(Errc::kBadConfig, what + " without /p2p: " + address.to_string());
    peers.push_back(PeerInfo{*peer, {address.before_last(Protocol::kP2p)}});
  }
  return peers;
}

}  // namespace warren
