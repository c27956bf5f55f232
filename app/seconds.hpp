// Seconds as people write them on the command line.
#pragma once

#include "warren/base/time.hpp"

namespace warren::app {

// Precondition: not negative, and under a year.
inline Duration seconds(double number) {
  return std::chrono::duration_cast<Duration>(std::chrono::duration<double>(number));
}

inline std::chrono::milliseconds to_milliseconds(double seconds_number) {
  return std::chrono::ceil<std::chrono::milliseconds>(seconds(seconds_number));
}

}  // namespace warren::app
