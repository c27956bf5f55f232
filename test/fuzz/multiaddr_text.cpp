// Multiaddrs as text. What is read has one canonical text, which reads as the same address.

#include "warren/base/assert.hpp"
#include "warren/multiformats/multiaddr.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace warren;
  const auto address = Multiaddr::parse(as_text(BytesView(data, size)));
  if (!address) return 0;
  WARREN_ASSERT(!address->empty() && address->bytes().size() <= kMultiaddrSizeMax);
  const std::string text = address->to_string();
  for (const char c : text) WARREN_ASSERT(static_cast<unsigned char>(c) >= 0x20 && c != 0x7f);
  WARREN_ASSERT(Multiaddr::parse(text) == *address);
  WARREN_ASSERT(Multiaddr::from_bytes(address->bytes()) == *address);
  return 0;
}
