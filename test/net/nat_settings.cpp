#include "test/net/nat_settings.hpp"

#include <charconv>
#include <sstream>
#include <utility>

#include "test/net/quantities.hpp"

namespace warren::net {

namespace {

using sim::NatBehavior;
using sim::NatPorts;

template <class T>
bool assign(T& to, const std::optional<T>& value) {
  if (value) to = *value;
  return value.has_value();
}

std::optional<bool> parse_switch(std::string_view text) {
  if (text == "on") return true;
  if (text == "off") return false;
  return std::nullopt;
}

std::optional<NatBehavior> parse_behavior(std::string_view text) {
  if (text == "endpoint-independent") return NatBehavior::kEndpointIndependent;
  if (text == "address-dependent") return NatBehavior::kAddressDependent;
  if (text == "address-and-port-dependent") return NatBehavior::kAddressAndPortDependent;
  return std::nullopt;
}

std::optional<NatPorts> parse_ports(std::string_view text) {
  if (text == "preserved") return NatPorts::kPreserved;
  if (text == "sequential") return NatPorts::kSequential;
  if (text == "random") return NatPorts::kRandom;
  return std::nullopt;
}

std::optional<std::size_t> parse_count(std::string_view text) {
  std::size_t count = 0;
  const auto [rest, error] = std::from_chars(text.data(), text.data() + text.size(), count);
  if (error != std::errc{} || rest != text.data() + text.size()) return std::nullopt;
  return count;
}

bool set_outside(NatSettings& settings, std::string_view value) {
  const auto address = IpAddress::parse(value);
  if (!address) return false;
  settings.outside = *address;
  return true;
}

bool set(NatSettings& settings, std::string_view name, std::string_view value, bool& known) {
  sim::NatOptions& options = settings.options;
  known = true;
  if (name == "type") return assign(options, sim::NatOptions::of_type(value));
  if (name == "outside") return set_outside(settings, value);
  if (name == "mapping") return assign(options.mapping, parse_behavior(value));
  if (name == "filtering") return assign(options.filtering, parse_behavior(value));
  if (name == "ports") return assign(options.ports, parse_ports(value));
  if (name == "translates") return assign(options.translates, parse_switch(value));
  if (name == "hairpin") return assign(options.hairpin, parse_switch(value));
  if (name == "udp_blocked") return assign(options.udp_blocked, parse_switch(value));
  if (name == "resets_unwanted_tcp") return assign(options.resets_unwanted_tcp, parse_switch(value));
  if (name == "udp_timeout") return assign(options.udp_timeout, parse_duration(value));
  if (name == "tcp_timeout") return assign(options.tcp_timeout, parse_duration(value));
  if (name == "tcp_transitory_timeout") return assign(options.tcp_transitory_timeout, parse_duration(value));
  if (name == "mappings_max") return assign(options.mappings_max, parse_count(value));
  known = false;
  return false;
}

}  // namespace

std::optional<std::string> change(NatSettings& settings, std::string_view text) {
  NatSettings changed = settings;
  std::istringstream words{std::string(text)};
  std::string name, value;
  while (words >> name) {
    if (!(words >> value)) return name + " has no value";
    bool known = false;
    if (!set(changed, name, value, known)) return known ? value + " is no " + name : "no option " + name;
  }
  settings = changed;
  return std::nullopt;
}

}  // namespace warren::net
