// Spans of time as people write them on the command line.
#pragma once

#include <chrono>
#include <optional>
#include <string_view>

namespace warren::app {

// "90s", "30m", "1.5h", "7d", "250ms"; a number alone is seconds. Nothing for anything else, for what is
// negative, and for a year and above.
std::optional<std::chrono::milliseconds> parse_time_span(std::string_view text);

}  // namespace warren::app
