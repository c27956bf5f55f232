#include "app/time_span.hpp"

#include <array>
#include <charconv>
#include <utility>

namespace warren::app {
namespace {

constexpr double kYearMs = 365.0 * 86'400'000;

constexpr std::array<std::pair<std::string_view, double>, 7> kUnitsMs = {{{"", 1000},
                                                                          {"ms", 1},
                                                                          {"s", 1000},
                                                                          {"m", 60'000},
                                                                          {"min", 60'000},
                                                                          {"h", 3'600'000},
                                                                          {"d", 86'400'000}}};

}  // namespace

std::optional<std::chrono::milliseconds> parse_time_span(std::string_view text) {
  const char* const end = text.data() + text.size();
  double number = 0;
  const auto [rest, error] = std::from_chars(text.data(), end, number, std::chars_format::fixed);
  if (error != std::errc() || !(number >= 0)) return std::nullopt;
  std::string_view unit(rest, static_cast<std::size_t>(end - rest));
  if (unit.starts_with(' ')) unit.remove_prefix(1);
  for (const auto& [name, factor] : kUnitsMs) {
    if (unit != name || number * factor >= kYearMs) continue;
    return std::chrono::milliseconds(static_cast<std::int64_t>(number * factor));
  }
  return std::nullopt;
}

}  // namespace warren::app
