#include "warren/core/peer_address.hpp"

namespace warren {

Result<PeerInfo> peer_at(const Multiaddr& address) {
  const auto peer = PeerId::of(address);
  if (!peer) return fail(Errc::kBadAddress);
  return PeerInfo{*peer, {address.before_last(Protocol::kP2p)}};
}

Result<PeerInfo> peer_at(std::string_view text) {
  const auto address = Multiaddr::parse(text);
  if (!address) return fail(address.error());
  return peer_at(*address);
}

}  // namespace warren
