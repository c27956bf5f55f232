#include "warren/security/noise/payload.hpp"

#include "warren/base/protobuf_wire.hpp"

namespace warren::noise {

namespace {

constexpr std::uint32_t kIdentityKey = 1;
constexpr std::uint32_t kIdentitySig = 2;
constexpr std::uint32_t kExtensions = 4;
constexpr std::uint32_t kWebtransportCerthashes = 1;
constexpr std::uint32_t kStreamMuxers = 2;

// Protobuf merges an embedded message that comes in parts, hence the list that is added to.
Result<> decode_extensions(BytesView bytes, Extensions& into) {
  ProtobufReader reader(bytes, ProtobufForm::kLenient);
  while (reader.next()) {
    switch (reader.field()) {
      case kWebtransportCerthashes: {
        const BytesView hash = reader.repeated_bytes();
        if (into.webtransport_certhashes.size() == kCerthashesMax || hash.size() > kCerthashSizeMax) {
          return fail(Errc::kTooLarge);
        }
        into.webtransport_certhashes.push_back(to_bytes(hash));
        break;
      }
      case kStreamMuxers: {
        const BytesView muxer = reader.repeated_bytes();
        if (into.stream_muxers.size() == kStreamMuxersMax || muxer.size() > kStreamMuxerSizeMax) {
          return fail(Errc::kTooLarge);
        }
        into.stream_muxers.push_back(to_text(muxer));
        break;
      }
      default: reader.unknown();
    }
  }
  if (!reader.finish()) return fail(Errc::kMalformed);
  return {};
}

}  // namespace

Bytes Payload::encode() const {
  ProtobufWriter writer;
  writer.bytes(kIdentityKey, identity_key).bytes(kIdentitySig, identity_sig);
  if (!extensions.empty()) {
    ProtobufWriter inner;
    for (const Bytes& hash : extensions.webtransport_certhashes) inner.bytes(kWebtransportCerthashes, hash);
    for (const ProtocolId& muxer : extensions.stream_muxers) inner.bytes(kStreamMuxers, as_bytes(muxer));
    writer.bytes(kExtensions, inner.view());
  }
  return writer.take();
}

Result<Payload> Payload::decode(BytesView bytes) {
  Payload payload;
  ProtobufReader reader(bytes, ProtobufForm::kLenient);
  while (reader.next()) {
    switch (reader.field()) {
      case kIdentityKey: payload.identity_key = to_bytes(reader.bytes()); break;
      case kIdentitySig: payload.identity_sig = to_bytes(reader.bytes()); break;
      case kExtensions:
        if (const auto read = decode_extensions(reader.bytes(), payload.extensions); !read) {
          return fail(read.error());
        }
        break;
      default: reader.unknown();
    }
  }
  if (!reader.finish()) return fail(Errc::kMalformed);
  if (payload.identity_key.empty() || payload.identity_sig.empty()) return fail(Errc::kMalformed);
  return payload;
}

Bytes signed_text(BytesView static_key) {
  Bytes text = to_bytes("noise-libp2p-static-key:");
  append(text, static_key);
  return text;
}

}  // namespace warren::noise
