// SRV records of a DNS answer, and names anywhere in it: they end, and are hosts' names within the bounds.

#include <algorithm>

#include "warren/base/assert.hpp"
#include "warren/env/real/dns_answer.hpp"
#include "warren/env/real/srv_answer.hpp"

namespace {

bool is_host(std::string_view name) {
  return name.size() <= 253 && !name.starts_with('.') && !name.ends_with('.') && !name.contains("..") &&
         std::ranges::all_of(name, [](char c) {
           return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' ||
                  c == '_' || c == '.';
         });
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace warren;
  const BytesView message(data, size);
  for (std::size_t offset = 0; offset < std::min<std::size_t>(size, 32); ++offset) {
    const auto name = real::host_name_at(message, offset);
    if (name) WARREN_ASSERT(is_host(*name));
  }
  const auto records = real::parse_srv_answer(message);
  if (!records) return 0;
  WARREN_ASSERT(!records->empty() && records->size() <= kDnsRecordsMax);
  for (const ServiceRecord& record : *records)
    WARREN_ASSERT(!record.target.empty() && is_host(record.target));
  return 0;
}
