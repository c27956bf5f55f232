#include "app/byte_count.hpp"

#include <charconv>
#include <cmath>
#include <string>

namespace warren::app {
namespace {

// What a unit stands for: "", "b", "k", "kib", "kb"...
std::optional<double> factor_of(std::string_view unit) {
  std::string lower;
  for (const char c : unit) lower += c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
  if (lower.empty() || lower == "b") return 1;
  static constexpr std::string_view kPrefixes = "kmgt";
  const std::size_t prefix = kPrefixes.find(lower[0]);
  if (prefix == std::string_view::npos) return std::nullopt;
  const std::string rest = lower.substr(1);
  const auto power = static_cast<double>(prefix + 1);
  if (rest.empty() || rest == "i" || rest == "ib") return std::pow(1024, power);
  if (rest == "b") return std::pow(1000, power);
  return std::nullopt;
}

}  // namespace

std::optional<std::uint64_t> parse_byte_count(std::string_view text) {
  const char* const end = text.data() + text.size();
  double number = 0;
  const auto [rest, error] = std::from_chars(text.data(), end, number, std::chars_format::fixed);
  if (error != std::errc() || !(number >= 0)) return std::nullopt;
  std::string_view unit(rest, static_cast<std::size_t>(end - rest));
  if (unit.starts_with(' ')) unit.remove_prefix(1);
  const auto factor = factor_of(unit);
  if (!factor) return std::nullopt;
  const double bytes = number * *factor;
  const bool is_whole = !unit.empty() || bytes == std::floor(bytes);
  if (!is_whole || bytes >= std::ldexp(1.0, 63)) return std::nullopt;
  return static_cast<std::uint64_t>(bytes);
}

}  // namespace warren::app
