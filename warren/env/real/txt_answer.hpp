// The TXT records of a DNS answer with their TTLs, which c-ares before 1.28 does not tell.
// RFC 1035, sections 3.3.14 and 4.1
#pragma once

#include <vector>

#include "warren/base/bytes.hpp"
#include "warren/env/resolver.hpp"

namespace warren::real {

// `message`: a whole answer, header included; its question is not looked at. Records over the bounds of
// resolver.hpp are left out. kMalformed, or kNotFound when there is no TXT record.
Result<std::vector<TextRecord>> parse_txt_answer(BytesView message);

}  // namespace warren::real
