// Which paths a command may take, in the words of the control API.
#pragma once

#include "app/commands/commands.hpp"
#include "app/proto/control.pb.h"

namespace warren::app {

inline control::v1::PathPolicy policy_of(const PathOptions& options) {
  if (options.direct_only) return control::v1::PATH_POLICY_DIRECT_ONLY;
  return options.prefer_direct ? control::v1::PATH_POLICY_PREFER_DIRECT : control::v1::PATH_POLICY_ANY;
}

}  // namespace warren::app
