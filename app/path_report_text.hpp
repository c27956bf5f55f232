// Why a path is what it is, for people and for programs.
#pragma once

#include <string>

#include "app/json.hpp"
#include "app/proto/paths.pb.h"

namespace warren::app {

// {"peer_id","node_id","verdict","reason","why","advice","paths":[...],"ours":{...},"theirs":{...},
// "candidates":[...],"attempts":[...],"rounds":[...],"next_try_in_ms"}. What is not known is null.
JsonObject report_json(const control::v1::WhyReply& report);

// "Direct over QUIC for 3 s: punched (DCUtR), 2nd try", "Relayed via 12D3KooW...: BOTH_HARD_NAT: both ..."
std::string verdict_text(const control::v1::WhyReply& report);

// "BOTH_HARD_NAT: both NATs give every destination another port; forward a port": the code, what it means and
// what would help, as far as these are known.
std::string reason_text(const control::v1::WhyReply& report);

// The verdict, the advice, and then all that is known, line by line.
std::string report_text(const control::v1::WhyReply& report);

}  // namespace warren::app
