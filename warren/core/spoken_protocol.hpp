// What a peer has said that it speaks, which identify writes to the peerstore.
#pragma once

#include <optional>
#include <string_view>

#include "warren/core/peerstore.hpp"

namespace warren {

// Nothing: the peer has not said what it speaks.
std::optional<bool> speaks(const Peerstore& peerstore, const PeerId& peer, std::string_view protocol);

}  // namespace warren
