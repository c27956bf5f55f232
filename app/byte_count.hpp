// Numbers of bytes as people write them on the command line.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

namespace warren::app {

// "10485760", "10M", "10MiB" and "10 mib" are the same number, "10MB" is 10,000,000 (as dd has it); K to T.
// A fraction may stand before a unit: "1.5GiB". Nothing for anything else, and for 2^63 and above.
std::optional<std::uint64_t> parse_byte_count(std::string_view text);

}  // namespace warren::app
