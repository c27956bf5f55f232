// The SRV records of a DNS answer with their TTLs, which c-ares before 1.28 does not tell.
// RFC 2782
#pragma once

#include <vector>

#include "warren/base/bytes.hpp"
#include "warren/env/resolver.hpp"

namespace warren::real {

// `message`: a whole answer, header included; its question is not looked at. In the order of the answer. Left
// out are records over the bound of resolver.hpp, those whose target is no host's name, and the one that says
// that there is no such service (target "."). kMalformed, or kNotFound when no record is left.
Result<std::vector<ServiceRecord>> parse_srv_answer(BytesView message);

}  // namespace warren::real
