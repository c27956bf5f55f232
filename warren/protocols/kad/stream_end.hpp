// Whether a stream ended without anybody's mistake.
#pragma once

#include <system_error>

#include "warren/base/error.hpp"

namespace warren::kad {

// The stream or its connection is over, not for what was said on it. A kept stream may have been over
// before the question, without being known.
inline bool is_over(std::error_code error) {
  return error == Errc::kReset || error == Errc::kClosed || error == Errc::kEndOfStream;
}

}  // namespace warren::kad
