// Where random bytes come from: the machine, or in simulations a seed. Passed to whatever creates keys.
#pragma once

#include <functional>

#include "warren/base/bytes.hpp"

namespace warren {

// Fills the whole span.
using RandomFill = std::function<void(MutableBytes)>;

// The operating system's generator; aborts when there is none, because no key made without it is a key.
RandomFill system_random();

}  // namespace warren
