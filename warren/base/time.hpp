// The two clocks' types. Instants are for waiting and measuring, wall times for what is signed or shown.
// Nobody but env/ reads a clock: policies take `now` as an argument.
#pragma once

#include <chrono>
#include <cstdint>

namespace warren {

using namespace std::chrono_literals;

using Duration = std::chrono::nanoseconds;
using Instant =
    std::chrono::time_point<std::chrono::steady_clock, Duration>;   // monotonic, origin unspecified
using WallTime = std::chrono::sys_time<std::chrono::milliseconds>;  // Unix time

inline std::int64_t unix_ms(WallTime time) {
  return time.time_since_epoch().count();
}
inline WallTime from_unix_ms(std::int64_t ms) {
  return WallTime(std::chrono::milliseconds(ms));
}
inline double to_ms(Duration duration) {
  return std::chrono::duration<double, std::milli>(duration).count();
}

}  // namespace warren
