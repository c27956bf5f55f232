// IP addresses as text. IPv6 in the one canonical form of RFC 5952, so that equal addresses are equal texts.
#pragma once

#include "warren/base/bytes.hpp"

namespace warren {

// `bytes`: 4 or 16 of them, in network order.
std::string ip_to_string(BytesView bytes);
// Dotted decimal without leading zeros; any RFC 4291 form, without a zone. kBadAddress otherwise.
Result<Bytes> parse_ip4(std::string_view text);
Result<Bytes> parse_ip6(std::string_view text);

}  // namespace warren
