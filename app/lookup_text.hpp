// Lookups in the replies of the control API, for people and for programs.
#pragma once

#include <string>
#include <vector>

#include "app/json.hpp"
#include "app/proto/discovery.pb.h"

namespace warren::app {

// [{"peer_id","hop","state","common_prefix","ms"}], `ms` null of a question that was not waited for.
std::vector<JsonObject> steps_json(const control::v1::Lookup& lookup);

// A line a question: "  hop 1  12D3KooW...  17 bits  3.2 ms".
std::string steps_text(const control::v1::Lookup& lookup);

}  // namespace warren::app
