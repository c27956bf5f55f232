// What the network sees of the node, in the replies of the control API, for people and for programs.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "app/json.hpp"
#include "app/proto/reachability.pb.h"

namespace warren::app {

using RelayList = google::protobuf::RepeatedPtrField<control::v1::Relay>;

// true, false, or nothing when it is not known.
std::optional<bool> is_reachable(control::v1::Verdict verdict);
// "reachable", "unreachable" or "unknown".
std::string_view name_of(control::v1::Verdict verdict);

// "3 min 5 s ago", "in 56 min 2 s": by this machine's clock.
std::string ago_text(std::int64_t at_ms);
std::string until_text(std::int64_t at_ms);

// A list of {"peer_id","node_id","state","configured","rtt_ms","held_at_ms","expires_at_ms","next_try_at_ms",
// "limits":{"bytes","time_ms"},"addresses","reason","message"}. What is not known is null; of limits, null is
// no limit.
std::vector<JsonObject> relays_json(const RelayList& relays);

// "held, 12.3 ms"
std::string relay_state_text(const control::v1::Relay& relay);
// What of relay is known beyond that, line by line, each with two spaces before it.
std::string relay_details_text(const control::v1::Relay& relay);

}  // namespace warren::app
