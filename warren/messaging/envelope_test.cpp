#include "warren/messaging/envelope.hpp"

#include <doctest/doctest.h>

#include "warren/base/protobuf_wire.hpp"
#include "warren/messaging/test_keys.hpp"

namespace warren {
namespace {

constexpr std::size_t kBodyMax = 1024;

// Everything that a receiver does without knowing the time.
Result<MessageId> open(BytesView wire) {
  const auto envelope = Envelope::decode(to_bytes(wire), kBodyMax);
  if (!envelope) return fail(envelope.error());
  const auto header = Header::decode(envelope->header);
  if (!header) return fail(header.error());
  if (header->sender != test::sm2_key().public_key().compressed()) return fail(Errc::kNotBound);
  return verify_signature(*envelope, *header, test::sm2_key().public_key());
}

TEST_CASE("a header survives the wire") {
  Header header = test::header();
  header.kind = MessageKind::kResponse;
  header.reply_to = sm3({});
  header.hash = BodyHash::kSha256;
  header.suite = 1;
  header.enc = {1, 2, 3};
  header.ttl = std::chrono::days(7);
  const Bytes wire = header.encode();
  CHECK(wire.size() <= kHeaderSizeMax);
  const auto decoded = Header::decode(wire);
  REQUIRE(decoded);
  CHECK(decoded->sender == header.sender);
  CHECK(decoded->recipient == header.recipient);
  CHECK(decoded->context == header.context);
  CHECK(decoded->timestamp == header.timestamp);
  CHECK(decoded->nonce == header.nonce);
  CHECK(decoded->epoch == header.epoch);
  CHECK(decoded->seq == header.seq);
  CHECK(decoded->hash == header.hash);
  CHECK(decoded->suite == header.suite);
  CHECK(decoded->enc == header.enc);
  CHECK(decoded->kind == header.kind);
  CHECK(decoded->reply_to == header.reply_to);
  CHECK(decoded->ttl == header.ttl);
}

TEST_CASE("an envelope verifies, and its id does not depend on the signature") {
  const Header header = test::header();
  const Envelope first = Envelope::seal(header, to_bytes("hello"), test::sm2_key());
  const Envelope second = Envelope::seal(header, to_bytes("hello"), test::sm2_key());
  const Bytes wire = first.encode();
  CHECK(wire.size() < 5 + 240);
  const auto id = open(wire);
  REQUIRE(id);
  CHECK(*id == message_id(first, header));
  CHECK(first.signature != second.signature);
  CHECK(*id == message_id(second, header));
  CHECK(open(Envelope::seal(header, {}, test::sm2_key()).encode()));
}

TEST_CASE("the hash named in the header is the one that counts") {
  Header header = test::header();
  header.hash = BodyHash::kSha256;
  Envelope envelope = Envelope::seal(header, to_bytes("hello"), test::sm2_key());
  CHECK(open(envelope.encode()));
  header.hash = BodyHash::kSm3;
  envelope.header = header.encode();
  CHECK(open(envelope.encode()).error() == Errc::kBadSignature);
}

TEST_CASE("another key, and another domain, do not verify") {
  const Header header = test::header();
  Envelope envelope = Envelope::seal(header, to_bytes("hello"), test::sm2_key());
  Bytes message = envelope.header;
  append(message, sm3(envelope.body));
  envelope.signature = test::sm2_key().sign("warren/binding/1", message);
  CHECK(open(envelope.encode()).error() == Errc::kBadSignature);
  envelope.signature = test::sm2_key(1).sign(kEnvelopeDomain, message);
  CHECK(open(envelope.encode()).error() == Errc::kBadSignature);
}

TEST_CASE("no bit of an envelope can be flipped") {
  const Bytes wire = Envelope::seal(test::header(), to_bytes("hello"), test::sm2_key()).encode();
  for (std::size_t bit = 0; bit < wire.size() * 8; ++bit) {
    CAPTURE(bit);
    Bytes flipped = wire;
    flipped[bit / 8] ^= static_cast<std::uint8_t>(1u << (bit % 8));
    CHECK_FALSE(open(flipped));
  }
  for (std::size_t size = 0; size < wire.size(); ++size) CHECK_FALSE(open(BytesView(wire).first(size)));
}

TEST_CASE("only the canonical encoding is a header") {
  const Bytes good = test::header().encode();
  REQUIRE(Header::decode(good));
  Bytes changed = good;
  append(changed, Bytes{0x78, 0x01});  // field 15
  CHECK(Header::decode(changed).error() == Errc::kMalformed);
  changed = good;
  append(changed, Bytes{0x70, 0x00});  // ttl 0
  CHECK(Header::decode(changed).error() == Errc::kMalformed);
  changed = good;
  changed[1] = 2;
  CHECK(Header::decode(changed).error() == Errc::kUnsupported);
  CHECK(Header::decode(Bytes(kHeaderSizeMax + 1)).error() == Errc::kTooLarge);
  CHECK_FALSE(Header::decode({}));

  Header header = test::header();
  header.hash = static_cast<BodyHash>(0x11);
  CHECK(Header::decode(header.encode()).error() == Errc::kUnsupported);
  header = test::header();
  header.kind = static_cast<MessageKind>(5);
  CHECK(Header::decode(header.encode()).error() == Errc::kMalformed);
  header = test::header();
  header.seq = 0;
  CHECK(Header::decode(header.encode()).error() == Errc::kMalformed);
  header = test::header();
  header.ttl = std::chrono::days(7) + 1ms;
  CHECK(Header::decode(header.encode()).error() == Errc::kMalformed);
  header = test::header();
  header.timestamp = from_unix_ms((std::int64_t{1} << 53) + 1);
  CHECK(Header::decode(header.encode()).error() == Errc::kMalformed);
}

TEST_CASE("a response answers something, and nothing else does") {
  Header header = test::header();
  header.reply_to = MessageId{};
  CHECK(Header::decode(header.encode()).error() == Errc::kMalformed);
  header.kind = MessageKind::kResponse;
  CHECK(Header::decode(header.encode()));
  header.reply_to.reset();
  CHECK(Header::decode(header.encode()).error() == Errc::kMalformed);
}

TEST_CASE("a broadcast has no recipient, and everything else has one") {
  Header header = test::header();
  header.kind = MessageKind::kBroadcast;
  CHECK(Header::decode(header.encode()).error() == Errc::kMalformed);
  header.recipient.reset();
  header.ttl = std::chrono::hours(1);
  const auto decoded = Header::decode(header.encode());
  REQUIRE(decoded);
  CHECK(decoded->kind == MessageKind::kBroadcast);
  CHECK_FALSE(decoded->recipient);
  CHECK(decoded->encode() == header.encode());
  for (const auto kind : {MessageKind::kMessage, MessageKind::kRequest, MessageKind::kResponse}) {
    header.kind = kind;
    header.reply_to.reset();
    if (kind == MessageKind::kResponse) header.reply_to = MessageId{};
    CHECK(Header::decode(header.encode()).error() == Errc::kMalformed);
  }
  header.kind = MessageKind::kBroadcast;  // it answers nothing
  CHECK(Header::decode(header.encode()).error() == Errc::kMalformed);
}

TEST_CASE("a body over the bound is refused before it is copied") {
  const Envelope envelope = Envelope::seal(test::header(), Bytes(kBodyMax + 1), test::sm2_key());
  CHECK(Envelope::decode(envelope.encode(), kBodyMax).error() == Errc::kTooLarge);
  CHECK(Envelope::decode(Bytes(kBodyMax + kEnvelopeOverheadMax + 1), kBodyMax).error() == Errc::kTooLarge);
  CHECK(Envelope::decode(envelope.encode(), kBodyMax + 1));
}

}  // namespace
}  // namespace warren
