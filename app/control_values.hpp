// What the control API's calls have in common: targets in, peers out.
#pragma once

#include <string>

#include "app/loop_calls.hpp"
#include "app/proto/control.pb.h"
#include "warren/node/node.hpp"

namespace warren::app {

// The error's sentence names the text.
CallResult<Target> parse_target(const std::string& text);

void describe_peer(const PeerStatus& peer, Instant now, control::v1::Peer& to);

}  // namespace warren::app
