// What the test peers have in common: commands come as lines on stdin, and events go as JSON lines to stdout.
#pragma once

#include <functional>
#include <nlohmann/json.hpp>
#include <string>
#include <string_view>
#include <vector>

#include "test/interop/line_reader.hpp"
#include "warren/base/time.hpp"
#include "warren/env/clock.hpp"

namespace warren::interop {

using Json = nlohmann::ordered_json;

// One line.
void emit(const Json& event);

// {"event": kind}
Json event_of(std::string_view kind);

// Does what each line says, until "quit" or the end, and emits the answer, or {"event": "error"} when there
// is none within `step_limit`. `command` gets the words of a line, at least one.
Task<void> obey(Clock& clock, LineReader& lines, Duration step_limit,
                std::function<Task<Json>(std::vector<std::string> words)> command);

}  // namespace warren::interop
