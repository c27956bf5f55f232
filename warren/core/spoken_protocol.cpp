#include "warren/core/spoken_protocol.hpp"

#include <algorithm>

namespace warren {

std::optional<bool> speaks(const Peerstore& peerstore, const PeerId& peer, std::string_view protocol) {
  const auto description = peerstore.description(peer);
  if (!description || description->protocols.empty()) return std::nullopt;
  return std::ranges::find(description->protocols, protocol) != description->protocols.end();
}

}  // namespace warren
