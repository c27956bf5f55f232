// A goodbye has one encoding: what is understood encodes to the same bytes.

#include "warren/base/assert.hpp"
#include "warren/protocols/presence/message.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace warren;
  const BytesView input(data, size);
  const auto message = presence::Message::decode(input);
  if (!message) return 0;
  const Bytes encoded = message->encode();
  WARREN_ASSERT(equal(encoded, input));
  WARREN_ASSERT(encoded.size() <= presence::kMessageSizeMax);
  return 0;
}
