#include "test/net/quantities.hpp"

#include <charconv>
#include <cmath>
#include <sstream>
#include <utility>

namespace warren::net {

namespace {

struct Unit {
  std::string_view name;
  double factor;
};

constexpr Unit kDurations[] = {{"ns", 1}, {"us", 1e3}, {"ms", 1e6}, {"s", 1e9}};
constexpr Unit kRates[] = {{"bit", 1}, {"kbit", 1e3}, {"mbit", 1e6}, {"gbit", 1e9}};
constexpr Unit kSizes[] = {{"b", 1}, {"kb", 1e3}, {"mb", 1e6}};
// More than any link has, and exact in a double.
constexpr double kLargest = 1e15;

template <std::size_t kCount>
std::optional<double> parse(std::string_view text, const Unit (&units)[kCount]) {
  double value = 0;
  const auto [rest, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc{} || !(value >= 0)) return std::nullopt;
  const std::string_view name(rest, text.data() + text.size());
  if (name.empty() && value == 0) return 0;
  for (const Unit& unit : units) {
    if (unit.name == name && value * unit.factor <= kLargest) return value * unit.factor;
  }
  return std::nullopt;
}

template <class T, std::size_t kCount>
std::optional<T> parse_as(std::string_view text, const Unit (&units)[kCount]) {
  const auto value = parse(text, units);
  if (!value) return std::nullopt;
  return T(std::llround(*value));
}

template <class T, class U>
bool assign(T& to, const std::optional<U>& value) {
  if (value) to = static_cast<T>(*value);
  return value.has_value();
}

bool set(sim::LinkOptions& options, std::string_view name, std::string_view value, bool& known) {
  known = true;
  if (name == "delay") return assign(options.delay, parse_duration(value));
  if (name == "jitter") return assign(options.jitter, parse_duration(value));
  if (name == "loss") return assign(options.loss, parse_fraction(value));
  if (name == "reordering") return assign(options.reordering, parse_fraction(value));
  if (name == "held_back") return assign(options.held_back, parse_duration(value));
  if (name == "rate") return assign(options.rate, parse_rate(value));
  if (name == "queue") return assign(options.queue, parse_size(value));
  if (name == "path_mtu") return assign(options.path_mtu, parse_size(value));
  known = false;
  return false;
}

}  // namespace

std::optional<Duration> parse_duration(std::string_view text) {
  return parse_as<Duration>(text, kDurations);
}

std::optional<double> parse_fraction(std::string_view text) {
  constexpr Unit kFractions[] = {{"", 1}, {"%", 0.01}};
  const auto value = parse(text, kFractions);
  return value && *value <= 1 ? value : std::nullopt;
}

std::optional<std::uint64_t> parse_rate(std::string_view text) {
  return parse_as<std::uint64_t>(text, kRates);
}

std::optional<std::size_t> parse_size(std::string_view text) {
  return parse_as<std::size_t>(text, kSizes);
}

std::optional<std::string> change(sim::LinkOptions& options, std::string_view text) {
  sim::LinkOptions changed = options;
  std::istringstream words{std::string(text)};
  std::string name, value;
  while (words >> name) {
    if (!(words >> value)) return name + " has no value";
    bool known = false;
    if (!set(changed, name, value, known)) return known ? value + " is no " + name : "no option " + name;
  }
  options = changed;
  return std::nullopt;
}

}  // namespace warren::net
