// Durations as the control API has them.
#pragma once

#include "warren/base/time.hpp"

namespace warren::app {

inline std::int64_t whole_ms(Duration duration) {
  return std::chrono::duration_cast<std::chrono::milliseconds>(duration).count();
}

}  // namespace warren::app
