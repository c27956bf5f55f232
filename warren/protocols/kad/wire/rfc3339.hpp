// Times as text, e.g. 2040-01-02T03:04:05.678901234Z. RFC 3339, section 5.6.
#pragma once

#include <compare>
#include <string_view>

#include "warren/base/error.hpp"
#include "warren/base/time.hpp"

namespace warren::kad {

// Ordered as time is. The years 0 to 9999 in nanoseconds do not fit 64 bits.
struct PreciseTime {
  WallTime time{};
  std::uint32_t nanoseconds = 0;  // below the millisecond

  auto operator<=>(const PreciseTime&) const = default;
};

// Upper-case T and Z, or an offset; at most nine digits of a second. kMalformed.
Result<PreciseTime> parse_rfc3339(std::string_view text);

}  // namespace warren::kad
