// Messages of AutoNAT v1: what is understood stays within the bounds and is encoded to what is understood the
// same; and no list of addresses makes a server dial another IP than the asker's.

#include "warren/base/assert.hpp"
#include "warren/core/ip_address.hpp"
#include "warren/protocols/autonat/dial_policy.hpp"
#include "warren/protocols/autonat/v1_message.hpp"

namespace warren {
namespace {

void check_policy(const autonat::v1::Dial& dial) {
  static const Multiaddr observed = value_or_throw(Multiaddr::parse("/ip4/203.0.113.7/tcp/4001"));
  const autonat::DialPolicy policy{.asker = {}, .observed = observed, .own = {}, .websocket = true};
  for (const Multiaddr& address : policy.at_observed_ip(dial.addresses)) {
    WARREN_ASSERT(ip_address_of(address) == ip_address_of(observed));
    WARREN_ASSERT(!address.has(Protocol::kP2pCircuit));
  }
}

}  // namespace
}  // namespace warren

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace warren;
  using namespace warren::autonat;
  const auto message = v1::decode({data, size});
  if (!message) return 0;
  if (const auto* dial = std::get_if<v1::Dial>(&*message)) {
    WARREN_ASSERT(dial->addresses.size() <= v1::kAddressesMax);
    check_policy(*dial);
  }
  if (const auto* response = std::get_if<v1::DialResponse>(&*message))
    WARREN_ASSERT(response->status_text.size() <= v1::kStatusTextMax);
  const auto again = v1::decode(v1::encode(*message));
  WARREN_ASSERT(again.has_value());
  WARREN_ASSERT(*again == *message);
  return 0;
}
