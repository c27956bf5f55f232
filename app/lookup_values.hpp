// Lookups and durations of the DHT in the words of the control API.
#pragma once

#include "app/proto/discovery.pb.h"
#include "warren/protocols/kad/kad.hpp"

namespace warren::app {

void describe_lookup(const kad::LookupReport& report, control::v1::Lookup& to);

}  // namespace warren::app
