#include "warren/security/noise/payload.hpp"

#include <doctest/doctest.h>

#include "warren/base/protobuf_wire.hpp"

using namespace warren;
using namespace warren::noise;

namespace {

Payload example() {
  Payload payload;
  payload.identity_key = to_bytes("key");
  payload.identity_sig = to_bytes("signature");
  return payload;
}

// `count` muxers of `size` bytes each.
Bytes with_muxers(std::size_t count, std::size_t size) {
  Payload payload = example();
  payload.extensions.stream_muxers.assign(count, std::string(size, 'm'));
  return payload.encode();
}

Bytes with_certhashes(std::size_t count, std::size_t size) {
  Payload payload = example();
  payload.extensions.webtransport_certhashes.assign(count, Bytes(size, 7));
  return payload.encode();
}

}  // namespace

TEST_CASE("a payload is written as the schema says, and reads back") {
  Payload payload = example();
  CHECK(to_hex(payload.encode()) == "0a036b657912097369676e6174757265");
  CHECK(Payload::decode(payload.encode()) == payload);

  payload.extensions.webtransport_certhashes = {Bytes{0x12, 0x01, 0xaa}};
  payload.extensions.stream_muxers = {"/yamux/1.0.0", "/m"};
  CHECK(to_hex(payload.encode()) ==
        "0a036b657912097369676e6174757265"
        "2217"
        "0a031201aa"
        "120c2f79616d75782f312e302e30"
        "12022f6d");
  CHECK(Payload::decode(payload.encode()) == payload);
}

TEST_CASE("fields may come in any order, unknown ones are ignored, parts of the extensions are joined") {
  ProtobufWriter inner;
  inner.bytes(2, as_bytes("/a")).varint(1500, 3).bytes(9, as_bytes("new"));
  ProtobufWriter more;
  more.bytes(2, as_bytes("/b"));
  ProtobufWriter writer;
  writer.bytes(4, inner.view()).bytes(2, as_bytes("signature")).varint(3, 1).bytes(1, as_bytes("key"));
  writer.bytes(4, more.view()).bytes(77, as_bytes("unknown"));
  Payload expected = example();
  expected.extensions.stream_muxers = {"/a", "/b"};
  CHECK(Payload::decode(writer.view()) == expected);
}

TEST_CASE("a payload without a key or a signature is none") {
  CHECK(Payload::decode({}).error() == Errc::kMalformed);
  ProtobufWriter key;
  key.bytes(1, as_bytes("key"));
  CHECK(Payload::decode(key.view()).error() == Errc::kMalformed);
  ProtobufWriter signature;
  signature.bytes(2, as_bytes("signature"));
  CHECK(Payload::decode(signature.view()).error() == Errc::kMalformed);
  ProtobufWriter hollow;
  hollow.bytes(1, {}).bytes(2, {});
  CHECK(Payload::decode(hollow.view()).error() == Errc::kMalformed);
}

TEST_CASE("what is no protobuf is refused, at every cut") {
  Payload payload = example();
  payload.extensions.stream_muxers = {"/yamux/1.0.0"};
  const Bytes bytes = payload.encode();
  const std::size_t without_extensions = example().encode().size();
  for (std::size_t cut = 0; cut < bytes.size(); ++cut) {
    if (cut == without_extensions) continue;  // a payload too
    CHECK(Payload::decode(BytesView(bytes).first(cut)).error() == Errc::kMalformed);
  }
  ProtobufWriter wrong_type;
  wrong_type.bytes(1, as_bytes("key")).bytes(2, as_bytes("signature")).varint(4, 1);
  CHECK(Payload::decode(wrong_type.view()).error() == Errc::kMalformed);
  ProtobufWriter broken_extensions;
  broken_extensions.bytes(1, as_bytes("key")).bytes(2, as_bytes("signature")).bytes(4, Bytes{0x12, 0x05});
  CHECK(Payload::decode(broken_extensions.view()).error() == Errc::kMalformed);
}

TEST_CASE("lists are bounded") {
  CHECK(Payload::decode(with_muxers(kStreamMuxersMax, kStreamMuxerSizeMax)));
  CHECK(Payload::decode(with_muxers(kStreamMuxersMax + 1, 1)).error() == Errc::kTooLarge);
  CHECK(Payload::decode(with_muxers(1, kStreamMuxerSizeMax + 1)).error() == Errc::kTooLarge);
  CHECK(Payload::decode(with_certhashes(kCerthashesMax, kCerthashSizeMax)));
  CHECK(Payload::decode(with_certhashes(kCerthashesMax + 1, 1)).error() == Errc::kTooLarge);
  CHECK(Payload::decode(with_certhashes(1, kCerthashSizeMax + 1)).error() == Errc::kTooLarge);
}

TEST_CASE("the signed text is the static key behind its domain") {
  const Bytes text = signed_text(Bytes{0xaa, 0xbb});
  CHECK(as_text(BytesView(text).first(24)) == "noise-libp2p-static-key:");
  CHECK(to_hex(BytesView(text).subspan(24)) == "aabb");
}
