// Messages of the DHT. What decodes is within the bounds, and encodes to something that says the same.

#include "warren/protocols/kad/wire/message.hpp"

#include "warren/base/assert.hpp"

namespace warren::kad {
namespace {

void check(const std::vector<PeerInfo>& peers) {
  WARREN_ASSERT(peers.size() <= kPeersMax);
  for (const PeerInfo& peer : peers) {
    WARREN_ASSERT(!peer.id.empty() && peer.addresses.size() <= kPeerAddressesMax);
    for (const Multiaddr& address : peer.addresses) WARREN_ASSERT(!address.empty() && !address.peer_id());
  }
}

bool equal_lists(const std::vector<PeerInfo>& a, const std::vector<PeerInfo>& b) {
  return std::ranges::equal(
      a, b, [](const PeerInfo& x, const PeerInfo& y) { return x.id == y.id && x.addresses == y.addresses; });
}

}  // namespace
}  // namespace warren::kad

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace warren;
  using namespace warren::kad;
  const auto message = Message::decode(BytesView(data, size));
  if (!message) return 0;
  WARREN_ASSERT(message->key.size() <= kKeySizeMax);
  if (message->record) WARREN_ASSERT(message->record->value.size() <= kRecordValueSizeMax);
  check(message->closer);
  check(message->providers);
  const Bytes encoded = message->encode();
  WARREN_ASSERT(encoded.size() <= kMessageSizeMax);
  const auto again = Message::decode(encoded);
  WARREN_ASSERT(again.has_value());
  WARREN_ASSERT(again->type == message->type && again->key == message->key &&
                again->record == message->record);
  WARREN_ASSERT(equal_lists(again->closer, message->closer));
  WARREN_ASSERT(equal_lists(again->providers, message->providers));
  return 0;
}
