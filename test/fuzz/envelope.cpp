// Envelopes, headers and acknowledgements. What decodes is canonical: it encodes to the same bytes.

#include "warren/messaging/envelope.hpp"
#include "warren/base/assert.hpp"
#include "warren/messaging/bodies.hpp"

namespace warren {
namespace {

constexpr std::size_t kBodyMax = 4096;

void check(const Header& header, BytesView input) {
  WARREN_ASSERT(equal(header.encode(), input));
  WARREN_ASSERT(input.size() <= kHeaderSizeMax);
  WARREN_ASSERT(header.reply_to.has_value() == (header.kind == MessageKind::kResponse));
  WARREN_ASSERT(header.recipient.has_value() == (header.kind != MessageKind::kBroadcast));
  // Any time that a header can have allows arithmetic with the windows.
  WARREN_ASSERT(header.timestamp + header.ttl >= header.timestamp);
}

}  // namespace
}  // namespace warren

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace warren;
  const BytesView input(data, size);
  if (const auto header = Header::decode(input)) check(*header, input);
  if (const auto envelope = Envelope::decode(to_bytes(input), kBodyMax)) {
    WARREN_ASSERT(equal(envelope->encode(), input));
    WARREN_ASSERT(envelope->body.size() <= kBodyMax);
    if (const auto header = Header::decode(envelope->header)) {
      check(*header, envelope->header);
      if (const auto sender = Sm2PublicKey::from_compressed(header->sender)) {
        const auto id = verify_signature(*envelope, *header, *sender);
        WARREN_ASSERT(!id || *id == message_id(*envelope, *header));
      }
    }
  }
  if (const auto ack = decode_ack(input)) WARREN_ASSERT(equal(encode_ack(*ack), input));
  return 0;
}
