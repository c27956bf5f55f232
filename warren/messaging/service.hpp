// What the author of a service sees.
#pragma once

#include <functional>
#include <string>

#include "warren/async/task.hpp"
#include "warren/crypto/node_id.hpp"
#include "warren/crypto/peer_id.hpp"

namespace warren {

// A verified request, as a service handler gets it.
struct ServiceCall {
  NodeId from;
  PeerId from_peer;
  std::string service;
  Bytes payload;
};

// Answers one request. A std::system_error that it throws is told to the requester as kServiceFailed; any
// other exception is a bug and leaves the loop. Canceled after MessagingLimits::handler_timeout, and when
// messaging is closed, but not when the requester's connection breaks: its retry gets the answer.
using ServiceHandler = std::function<Task<Bytes>(ServiceCall call)>;

}  // namespace warren
