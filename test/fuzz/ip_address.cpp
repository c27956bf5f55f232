// IP addresses as text, by both of our readers: they agree, and what is read has one canonical text.

#include "warren/base/assert.hpp"
#include "warren/env/endpoint.hpp"
#include "warren/multiformats/ip_text.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace warren;
  const std::string_view text = as_text(BytesView(data, size));
  const auto address = IpAddress::parse(text);
  const auto four = parse_ip4(text);
  const auto sixteen = parse_ip6(text);
  WARREN_ASSERT(!(four && sixteen));
  WARREN_ASSERT(address.has_value() == (four || sixteen));
  if (!address) return 0;
  const Bytes& bytes = four ? *four : *sixteen;
  WARREN_ASSERT(equal(address->bytes(), bytes));
  WARREN_ASSERT(IpAddress::from_bytes(bytes) == *address);
  WARREN_ASSERT(IpAddress::parse(address->to_string()) == *address);
  const std::string canonical = ip_to_string(bytes);
  WARREN_ASSERT((four ? parse_ip4(canonical) : parse_ip6(canonical)) == bytes);
  return 0;
}
