// The identify message, in one piece and cut in two: everything stays within the limits, and what was
// understood is encoded to a message that is understood the same.

#include "warren/base/assert.hpp"
#include "warren/protocols/identify/message.hpp"

namespace warren {
namespace {

void check(const identify::Message& message, const identify::Limits& limits) {
  WARREN_ASSERT(message.protocols.size() <= limits.protocols_max);
  WARREN_ASSERT(message.listen_addresses.size() <= limits.addresses_max);
  for (const ProtocolId& protocol : message.protocols) WARREN_ASSERT(protocol.size() <= limits.text_size_max);
  for (const auto& text : {message.agent_version, message.protocol_version}) {
    WARREN_ASSERT(!text || text->size() <= limits.text_size_max);
  }
  const Bytes encoded = message.encode();
  identify::Message again;
  WARREN_ASSERT(again.merge(encoded, limits).has_value());
  WARREN_ASSERT(again.encode() == encoded);
}

}  // namespace
}  // namespace warren

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace warren;
  const BytesView input(data, size);
  identify::Message whole;
  if (whole.merge(input, {})) check(whole, {});

  const identify::Limits small = {.protocols_max = 3, .addresses_max = 2, .text_size_max = 8};
  identify::Message parts;
  if (!parts.merge(input.first(size / 2), small)) return 0;
  if (parts.merge(input.subspan(size / 2), small)) check(parts, small);
  return 0;
}
