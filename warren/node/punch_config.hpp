// Whether and how a node looks for direct paths through NATs: a part of its Config.
#pragma once

namespace warren {

struct PunchConfig {
  // Off: peers that cannot be dialed stay relayed, and are told so (POLICY_RELAY_ONLY).
  bool enabled = true;
  // Birthday spraying, between Warren nodes: up to 600 entries in the router's table for some seconds.
  bool spray = true;
};

}  // namespace warren
