// TXT records of a DNS answer: within the bounds, and each is somewhere in the message.

#include "warren/base/assert.hpp"
#include "warren/env/real/txt_answer.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace warren;
  const auto records = real::parse_txt_answer(BytesView(data, size));
  if (!records) return 0;
  WARREN_ASSERT(!records->empty() && records->size() <= kDnsRecordsMax);
  for (const TextRecord& record : *records) {
    WARREN_ASSERT(record.text.size() <= std::min(kDnsTextMax, size));
    WARREN_ASSERT(record.ttl >= Duration::zero() && record.ttl <= std::chrono::seconds(0x7fffffff));
  }
  return 0;
}
