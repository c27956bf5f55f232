// What the user of messaging chooses.
#pragma once

#include <string>

#include "warren/messaging/limits.hpp"

namespace warren {

struct MessagingConfig {
  std::string network = "main";  // is_network_name (binding.hpp); both sides must have the same
  MessagingLimits limits;
};

}  // namespace warren
