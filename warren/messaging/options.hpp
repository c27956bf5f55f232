// What a caller of messaging may choose for one call.
#pragma once

#include "warren/core/circuit.hpp"

namespace warren {

struct CallOptions {
  PathPolicy path = PathPolicy::kAny;
};

}  // namespace warren
