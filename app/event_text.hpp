// A node's events in the words of the control API.
#pragma once

#include "app/event_feed.hpp"
#include "app/proto/control.pb.h"

namespace warren::app {

control::v1::Event describe_event(const EventFeed::Numbered& numbered);

// That `count` events before this one were dropped, because their reader was too slow.
control::v1::Event describe_gap(const EventFeed::Numbered& next, std::uint64_t count);

}  // namespace warren::app
