// Multiaddrs as bytes: there is one form of each, its text reads back as the same, and taking an address
// apart and putting it together again changes nothing.

#include "warren/base/assert.hpp"
#include "warren/crypto/peer_id.hpp"
#include "warren/transport/tcp/address.hpp"

namespace warren {
namespace {

void check(const Multiaddr& address) {
  const std::vector<Component> components = address.components();
  WARREN_ASSERT(!components.empty() && components.size() <= kMultiaddrComponentsMax);
  Multiaddr again;
  for (const Component& component : components) {
    WARREN_ASSERT(address.has(component.code));
    again = again.with(component.code, component.value);
  }
  WARREN_ASSERT(again == address);

  const Multiaddr shorter = address.decapsulate_last();
  WARREN_ASSERT(shorter.with(components.back().code, components.back().value) == address);
  const Component& first = components.front();
  const Multiaddr before = address.before_last(first.code);
  const Multiaddr after = address.after_last(first.code);
  const Bytes last_value = address.components()[before.components().size()].value;
  WARREN_ASSERT(before.with(first.code, last_value).encapsulate(after) == address);
  WARREN_ASSERT(address.decapsulate(address).empty());

  if (const auto peer = PeerId::of(address)) WARREN_ASSERT(equal(peer->bytes(), *address.peer_id()));
  if (const auto endpoint = tcp::endpoint_of(address)) WARREN_ASSERT(tcp::multiaddr_of(*endpoint) == address);
}

}  // namespace
}  // namespace warren

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace warren;
  const BytesView input(data, size);
  const auto address = Multiaddr::from_bytes(input);
  if (!address) return 0;
  WARREN_ASSERT(equal(address->bytes(), input));
  const auto parsed = Multiaddr::parse(address->to_string());
  WARREN_ASSERT(parsed == *address);
  check(*address);
  return 0;
}
