// What the control API's calls have in common: targets in, peers and paths out.
#pragma once

#include <string>

#include "app/loop_calls.hpp"
#include "app/proto/control.pb.h"
#include "warren/node/node.hpp"

namespace warren::app {

// The error's sentence names the text.
CallResult<Target> parse_target(const std::string& text);

PathPolicy policy_of(control::v1::PathPolicy policy);

Bytes bytes_of(const std::string& text);

// In the loop.
void describe_peer(Node& node, const PeerStatus& peer, control::v1::Peer& to);

}  // namespace warren::app
