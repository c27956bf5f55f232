// Something that a peer sent and that was refused, for logs and figures.
#pragma once

#include "warren/core/stream.hpp"
#include "warren/crypto/peer_id.hpp"

namespace warren {

struct MessageRefusal {
  PeerId from_peer;
  ProtocolId protocol;
  std::error_code reason;
};

}  // namespace warren
