// For a name that does not exist: which ones may be meant.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace warren::app {

// At most three of `known` that differ in few letters from `name`, or hold it, the nearest first.
std::vector<std::string> near_names(std::string_view name, const std::vector<std::string>& known);

}  // namespace warren::app
