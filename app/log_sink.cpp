#include "app/log_sink.hpp"

#include <spdlog/sinks/stdout_sinks.h>
#include <spdlog/spdlog.h>

#include "app/text.hpp"

namespace warren::app {
namespace {

spdlog::level::level_enum spdlog_level(log::Level level) {
  switch (level) {
    case log::Level::kDebug: return spdlog::level::debug;
    case log::Level::kInfo: return spdlog::level::info;
    case log::Level::kWarning: return spdlog::level::warn;
    case log::Level::kError: return spdlog::level::err;
  }
  return spdlog::level::info;
}

// One line, whatever a peer put into it.
std::string one_line(std::string_view message) {
  std::string line = printable(message);
  for (char& c : line) {
    if (c == '\n') c = ' ';
  }
  return line;
}

}  // namespace

void log_to_stderr(log::Level level) {
  const auto logger =
      std::make_shared<spdlog::logger>("warren", std::make_shared<spdlog::sinks::stderr_sink_mt>());
  logger->set_level(spdlog_level(level));
  logger->set_pattern("%Y-%m-%d %H:%M:%S.%e %l %v");
  log::set_sink(level, [logger](log::Level line_level, std::string_view component, std::string_view message) {
    logger->log(spdlog_level(line_level), "{}: {}", component, one_line(message));
  });
}

}  // namespace warren::app
