// The messages and probes of /warren/punch: what is understood is within the bounds, and encoded to what is
// understood the same; nobody's datagram is taken for a probe by chance; and of no position, whatever it
// says, a strategy or an endpoint follows that must not be used.

#include "warren/base/assert.hpp"
#include "warren/core/address_scope.hpp"
#include "warren/protocols/spray/message.hpp"
#include "warren/protocols/spray/probe.hpp"
#include "warren/protocols/spray/strategy.hpp"
#include "warren/protocols/spray/target.hpp"

namespace warren::spray {
namespace {

void check_position(const PeerPosition& position) {
  WARREN_ASSERT(position.addresses.size() <= kAddressesMax);
  WARREN_ASSERT(position.local.size() <= kLocalMax);
  WARREN_ASSERT(position.outside.size() <= kOutsideMax);
  const auto endpoint = quic_endpoint_of(position, false);
  if (endpoint) WARREN_ASSERT(scope_of(endpoint->address) == AddressScope::kPublic && endpoint->port != 0);
  const auto outside = outside_of(position, false);
  if (outside) WARREN_ASSERT(may_be_sprayed(*outside, {}, false));

  NatPosition ours;
  for (const auto mapping : {NatMapping::kEndpointIndependent, NatMapping::kDependent}) {
    ours.mapping = mapping;
    for (const Strategy& strategy : {choose(ours, position), choose(position, ours)}) {
      WARREN_ASSERT(strategy.worth_trying != strategy.reason.has_value());
    }
  }
}

}  // namespace
}  // namespace warren::spray

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace warren;
  using namespace warren::spray;
  const BytesView bytes(data, size);
  if (const auto message = decode(bytes)) {
    const Bytes encoded = encode(*message);
    WARREN_ASSERT(encoded.size() <= kMessageSizeMax);
    const auto again = decode(encoded);
    WARREN_ASSERT(again.has_value());
    WARREN_ASSERT(again->index() == message->index());
    WARREN_ASSERT(encode(*again) == encoded);
    if (const auto* position = std::get_if<PeerPosition>(&*message)) check_position(*position);
    if (const auto* spray = std::get_if<Spray>(&*message)) {
      WARREN_ASSERT((spray->role == Role::kProbes) == (spray->seen.port != 0));
    }
  }
  WARREN_ASSERT(!decode_probe(Secret{{1}, {2}}, bytes));
  return 0;
}
