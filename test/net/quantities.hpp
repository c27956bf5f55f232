// What a link is set to, as people write it: "delay 40ms loss 5% rate 200mbit queue 1mb".
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "warren/sim/link_model.hpp"

namespace warren::net {

// "3s", "40ms", "250us", "7ns"; "0" needs no unit.
std::optional<Duration> parse_duration(std::string_view text);

// "5%" or "0.05".
std::optional<double> parse_fraction(std::string_view text);

// Bits a second: "200mbit", "1.5gbit", "64kbit", "9600bit"; thousands, not 1024. "0": no limit.
std::optional<std::uint64_t> parse_rate(std::string_view text);

// Bytes: "1mb", "64kb", "1400b"; thousands, not 1024.
std::optional<std::size_t> parse_size(std::string_view text);

// Changes `options` by the pairs of a name and a value in `text`; when it returns what is wrong with them
// instead of nothing, `options` are as they were.
std::optional<std::string> change(sim::LinkOptions& options, std::string_view text);

}  // namespace warren::net
