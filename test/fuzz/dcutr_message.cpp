// Messages of DCUtR. What decodes is within the bounds, and is written to what is read the same.

#include "warren/protocols/dcutr/message.hpp"

#include "warren/base/assert.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace warren;
  using namespace warren::dcutr;
  const auto message = decode(BytesView(data, size));
  if (!message) return 0;
  WARREN_ASSERT(message->addresses.size() <= kMessageAddressesMax);
  Message fitting = *message;
  fitting.addresses.resize(count_that_fit(fitting.addresses));
  const Bytes encoded = encode(fitting);
  WARREN_ASSERT(encoded.size() <= kMessageSizeMax);
  if (size <= kMessageSizeMax) WARREN_ASSERT(fitting == *message);
  const auto again = decode(encoded);
  WARREN_ASSERT(again.has_value() && *again == fitting);
  return 0;
}
