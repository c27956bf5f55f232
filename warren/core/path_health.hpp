// How a connection's path has done lately, as heartbeats find (protocols/ping/heartbeat.hpp).
#pragma once

#include "warren/base/time.hpp"

namespace warren {

struct PathHealth {
  Duration round_trip_time{};  // of heartbeats, smoothed; zero: unknown
  double loss = 0;             // of the last heartbeats, the part that was not answered in time; 0 to 1
  bool is_suspect = false;     // an answer is overdue
};

}  // namespace warren
