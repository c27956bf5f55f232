// Log lines. The library never decides where they go: a program sets one sink; without one, lines are
// dropped.
#pragma once

#include <functional>
#include <string>
#include <string_view>

namespace warren::log {

enum class Level { kDebug, kInfo, kWarning, kError };

// Called from the node's thread and from offload workers, so it must be thread-safe.
using Sink = std::function<void(Level, std::string_view component, std::string_view message)>;

// Set once, before any node starts; `level` and above are passed on.
void set_sink(Level level, Sink sink);

// Cheap test, so that a message nobody wants is not formatted.
bool enabled(Level level);

void debug(std::string_view component, std::string_view message);
void info(std::string_view component, std::string_view message);
void warning(std::string_view component, std::string_view message);
void error(std::string_view component, std::string_view message);

}  // namespace warren::log
