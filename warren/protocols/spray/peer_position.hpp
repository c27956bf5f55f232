// Where a peer stands behind NATs, as it tells it.
#pragma once

#include "warren/core/nat_position.hpp"

namespace warren::spray {

struct PeerPosition : NatPosition {
  bool relay_only = false;  // its configuration wants no direct path; then it tells no addresses, either
};

}  // namespace warren::spray
