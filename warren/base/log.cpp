#include "warren/base/log.hpp"

namespace warren::log {
namespace {

// The one process-wide state of the library: a process has one standard error, whatever the number of its
// nodes.
Level g_level = Level::kError;
Sink g_sink;

void write(Level level, std::string_view component, std::string_view message) {
  if (enabled(level)) g_sink(level, component, message);
}

}  // namespace

void set_sink(Level level, Sink sink) {
  g_level = level;
  g_sink = std::move(sink);
}

bool enabled(Level level) {
  return g_sink && level >= g_level;
}

void debug(std::string_view component, std::string_view message) {
  write(Level::kDebug, component, message);
}
void info(std::string_view component, std::string_view message) {
  write(Level::kInfo, component, message);
}
void warning(std::string_view component, std::string_view message) {
  write(Level::kWarning, component, message);
}
void error(std::string_view component, std::string_view message) {
  write(Level::kError, component, message);
}

}  // namespace warren::log
