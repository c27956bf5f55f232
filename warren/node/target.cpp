#include "warren/node/target.hpp"

namespace warren {

namespace {

Result<Target> parse_address(std::string_view text) {
  const auto address = Multiaddr::parse(text);
  if (!address) return fail(address.error());
  const auto peer = PeerId::of(*address);
  if (!peer) return fail(Errc::kBadAddress);
  return Target(PeerInfo{*peer, {address->before_last(Protocol::kP2p)}});
}

}  // namespace

Result<Target> Target::parse(std::string_view text) {
  if (text.starts_with('/')) return parse_address(text);
  if (const auto node = NodeId::parse(text)) return Target(*node);
  if (const auto peer = PeerId::parse(text)) return Target(*peer);
  return fail(Errc::kBadEncoding);
}

std::string Target::to_string() const {
  if (node() != nullptr) return node()->to_string();
  if (peer() != nullptr) return peer()->to_string();
  return info()->id.to_string();
}

}  // namespace warren
