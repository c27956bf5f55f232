#include "warren/node/target.hpp"

#include "warren/core/peer_address.hpp"

namespace warren {

Result<Target> Target::parse(std::string_view text) {
  if (text.starts_with('/')) {
    auto peer = peer_at(text);
    if (!peer) return fail(peer.error());
    return Target(std::move(*peer));
  }
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
