// The relay's messages and vouchers: what is understood is written to what is understood the same, within the
// size that others read; and nobody's voucher is taken for true by chance.

#include "warren/base/assert.hpp"
#include "warren/protocols/relay/message.hpp"
#include "warren/protocols/relay/voucher.hpp"

namespace warren::relay {
namespace {

// What is written need not be all that was read: it has room for so many addresses only.
template <class Message>
void check(const Result<Message>& message, Result<Message> (*decode)(BytesView)) {
  if (!message) return;
  const Bytes encoded = encode(*message);
  const auto again = decode(encoded);
  WARREN_ASSERT(again.has_value());
  WARREN_ASSERT(again->type == message->type && again->status == message->status);
  WARREN_ASSERT(again->limit == message->limit);
  WARREN_ASSERT(encode(*again) == encoded);
  if (message->peer) {
    WARREN_ASSERT(!message->peer->id.empty());
    WARREN_ASSERT(message->peer->addresses.size() <= kMessageAddressesMax);
  }
}

}  // namespace
}  // namespace warren::relay

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace warren;
  using namespace warren::relay;
  const BytesView bytes(data, size);
  const auto hop = decode_hop(bytes);
  check(hop, decode_hop);
  check(decode_stop(bytes), decode_stop);
  if (hop && hop->reservation) {
    WARREN_ASSERT(hop->reservation->addresses.size() <= kMessageAddressesMax);
    const bool is_usual = !hop->peer && hop->reservation->voucher.size() <= 3000;
    if (is_usual) WARREN_ASSERT(encode(*hop).size() <= kMessageSizeMax);
  }
  if (const auto voucher = Voucher::open(bytes)) {
    WARREN_ASSERT(!voucher->relay.empty() && !voucher->peer.empty());
    WARREN_ASSERT(check_voucher(bytes, voucher->relay, voucher->peer, WallTime{}).has_value());
  }
  return 0;
}
