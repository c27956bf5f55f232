// Messages of rendezvous: what is understood stays within the bounds and is encoded to what is understood the
// same; and a rendezvous point answers whatever it is asked, with a message.

#include "warren/base/assert.hpp"
#include "warren/protocols/rendezvous/registrations.hpp"

namespace warren {
namespace {

using namespace rendezvous;

void check_bounds(const Message& message) {
  if (const auto* found = std::get_if<DiscoverResponse>(&message)) {
    WARREN_ASSERT(found->registrations.size() <= kRegistrationsMax);
    WARREN_ASSERT(found->cookie.size() <= kCookieSizeMax);
    WARREN_ASSERT(found->status_text.size() <= kStatusTextMax);
    for (const Register& each : found->registrations)
      WARREN_ASSERT(each.signed_peer_record.size() <= kRecordSizeMax);
  }
  if (const auto* add = std::get_if<Register>(&message))
    WARREN_ASSERT(add->signed_peer_record.size() <= kRecordSizeMax);
  if (const auto* discover = std::get_if<Discover>(&message))
    WARREN_ASSERT(discover->cookie.size() <= kCookieSizeMax);
}

void ask_point(const Message& request) {
  static const PeerId peer =
      PeerId::from_public_key(PrivateKey::generate(KeyType::kEd25519, [](MutableBytes to) {
                                std::ranges::fill(to, 1);
                              }).public_key());
  Limit total("total", "", 10), per_peer("per_peer", "", 3);
  Registrations registrations({}, total, per_peer);
  const Instant now = Instant{} + 1h;
  if (const auto* add = std::get_if<Register>(&request)) {
    const auto response = registrations.add(peer, *add, now);
    WARREN_ASSERT((response.status == Status::kOk) == (registrations.size() == 1));
  }
  if (const auto* remove = std::get_if<Unregister>(&request)) registrations.remove(peer, *remove, now);
  if (const auto* discover = std::get_if<Discover>(&request)) {
    const auto response = registrations.discover(*discover, now);
    WARREN_ASSERT(response.registrations.empty());
    WARREN_ASSERT(decode(encode(response)).has_value());
  }
}

}  // namespace
}  // namespace warren

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace warren;
  const auto message = rendezvous::decode({data, size});
  if (!message) return 0;
  check_bounds(*message);
  const Bytes encoded = rendezvous::encode(*message);
  const auto again = rendezvous::decode(encoded);
  WARREN_ASSERT(again.has_value());
  WARREN_ASSERT(*again == *message);
  ask_point(*message);
  return 0;
}
