// Messages of AutoNAT v2: what is understood stays within the bounds and is encoded to what is understood the
// same; a server dials nothing but public addresses, and knows which of them are to be paid for.

#include "warren/base/assert.hpp"
#include "warren/core/address_scope.hpp"
#include "warren/core/ip_address.hpp"
#include "warren/protocols/autonat/dial_policy.hpp"
#include "warren/protocols/autonat/v2_message.hpp"

namespace warren {
namespace {

void check_policy(const autonat::v2::DialRequest& request) {
  static const Multiaddr observed = value_or_throw(Multiaddr::parse("/ip4/203.0.113.7/udp/4001/quic-v1"));
  const autonat::DialPolicy policy{.asker = {}, .observed = observed, .own = {}, .websocket = true};
  const auto choice = policy.choose(request.addresses);
  if (!choice) return;
  WARREN_ASSERT(choice->index < request.addresses.size());
  WARREN_ASSERT(scope_of(choice->address) == AddressScope::kPublic);
  WARREN_ASSERT(!choice->address.has(Protocol::kP2pCircuit));
  WARREN_ASSERT(choice->foreign == (ip_address_of(choice->address) != ip_address_of(observed)));
}

}  // namespace
}  // namespace warren

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace warren;
  using namespace warren::autonat;
  const BytesView input(data, size);
  if (const auto nonce = v2::decode_dial_back(input)) {
    const auto again = v2::decode_dial_back(v2::encode_dial_back(*nonce));
    WARREN_ASSERT(again.has_value());
    WARREN_ASSERT(*again == *nonce);
  }
  const auto message = v2::decode(input);
  if (!message) return 0;
  if (const auto* request = std::get_if<v2::DialRequest>(&*message)) {
    WARREN_ASSERT(request->addresses.size() <= v2::kAddressesMax);
    check_policy(*request);
  }
  const auto again = v2::decode(v2::encode(*message));
  WARREN_ASSERT(again.has_value());
  WARREN_ASSERT(*again == *message);
  return 0;
}
