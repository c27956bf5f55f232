// The records of a DNS answer, one type at a time, for those whose TTLs c-ares before 1.28 does not tell.
// RFC 1035, section 4.1
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "warren/base/bytes.hpp"
#include "warren/base/time.hpp"

namespace warren::real {

inline constexpr std::uint16_t kClassInternet = 1;
inline constexpr std::size_t kDnsNameMax = 253;  // RFC 1035, section 2.3.4, as text

struct AnswerRecord {
  Duration ttl{};
  BytesView data;  // borrowed from the message
};

// Those of class IN and this type in the answer section, in its order. `message`: a whole answer, header
// included; its question is not looked at. kMalformed.
Result<std::vector<AnswerRecord>> answer_records(BytesView message, std::uint16_t type);

// The name at `offset` of the message, with dots between its labels and none at its end: empty for the root.
// Pointers are followed, backwards only. kMalformed; kBadAddress when it is sound but no host's: over 253
// characters, or of others than letters, digits, "-" and "_".
Result<std::string> host_name_at(BytesView message, std::size_t offset);

}  // namespace warren::real
