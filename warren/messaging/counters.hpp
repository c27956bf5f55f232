// What messaging has done since its start, for metrics.
#pragma once

#include <cstdint>
#include <map>
#include <system_error>

#include "warren/base/histogram.hpp"

namespace warren {

struct MessagingCounters {
  std::uint64_t messages_sent = 0;                   // acknowledged by their receivers
  std::uint64_t messages_failed = 0;                 // of ours: refused, timed out, canceled...
  std::uint64_t messages_received = 0;               // verified, new, and on disk
  std::uint64_t requests_sent = 0;                   // of ours, answered
  std::uint64_t requests_failed = 0;                 // of ours: refused, timed out, canceled...
  std::uint64_t requests_served = 0;                 // answered by us, also with a service's failure
  std::map<std::error_code, std::uint64_t> refused;  // what peers sent and we did not take, by the reason
  Histogram verifications;  // of SM2 signatures, with the hash; valid ones and others
};

}  // namespace warren
