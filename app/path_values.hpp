// Why a path is what it is, in the words of the control API.
#pragma once

#include "app/proto/paths.pb.h"
#include "warren/node/path_report.hpp"

namespace warren::app {

void describe_report(const PathReport& report, control::v1::WhyReply& to);

}  // namespace warren::app
