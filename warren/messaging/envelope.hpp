// The signed envelope around every application message. docs/wire.md, "Envelope".
#pragma once

#include <optional>

#include "warren/base/time.hpp"
#include "warren/core/inbox.hpp"
#include "warren/crypto/node_id.hpp"

namespace warren {

inline constexpr std::string_view kEnvelopeDomain = "warren/envelope/1";
inline constexpr std::size_t kHeaderSizeMax = 1024;
// An envelope on the wire is at most this much larger than its body.
inline constexpr std::size_t kEnvelopeOverheadMax = kHeaderSizeMax + 128;

enum class MessageKind : std::uint64_t { kMessage = 1, kRequest = 2, kResponse = 3, kBroadcast = 4 };

// Values are those of multicodec.
enum class BodyHash : std::uint64_t { kSha256 = 0x12, kSm3 = 0x534d };

using NodeKey = std::array<std::uint8_t, kSm2KeySize>;
using Nonce = std::array<std::uint8_t, 16>;
using Epoch = std::array<std::uint8_t, 8>;

struct Header {
  NodeKey sender{};                  // bytes only: whoever trusts it compares it with a NodeId
  std::optional<NodeKey> recipient;  // none in a broadcast, and only there
  std::string context;               // make_context
  WallTime timestamp{};
  Nonce nonce{};
  Epoch epoch{};          // drawn at each start of the sender's process
  std::uint64_t seq = 0;  // counts from 1 in an epoch; of a broadcast, on its topic and without holes
  BodyHash hash = BodyHash::kSm3;
  std::uint64_t suite = 0;  // 0: the body is clear
  Bytes enc;                // what the suite needs
  MessageKind kind = MessageKind::kMessage;
  std::optional<MessageId> reply_to;  // in a response only, and always
  std::chrono::milliseconds ttl{};    // 0: live

  Bytes encode() const;
  // kMalformed, kTruncated, kNotMinimal, kTooLarge; kUnsupported: another version or hash.
  static Result<Header> decode(BytesView bytes);
};

// "main|/warren/message/1.0.0": the network and the protocol, or the topic, that the message was made for.
std::string make_context(std::string_view network, std::string_view protocol_or_topic);

struct Envelope {
  Bytes header;  // as signed, never encoded again
  Bytes body;
  Sm2Signature signature{};

  // Signs. Precondition: header.sender is the key's.
  static Envelope seal(const Header& header, Bytes body, const Sm2PrivateKey& key);

  Bytes encode() const;
  // A body over body_max is kTooLarge. The body stays in the memory of `bytes`.
  static Result<Envelope> decode(Bytes bytes, std::size_t body_max);
};

struct SealedEnvelope {
  Envelope envelope;
  MessageId id;
};

// Envelope::seal and message_id in one, which hashes the body once.
SealedEnvelope seal_with_id(const Header& header, Bytes body, const Sm2PrivateKey& key);

// SM3(header || H(body)); `header` is what envelope.header decodes to.
MessageId message_id(const Envelope& envelope, const Header& header);

// The message id, when the signature is that of `sender`, else kBadSignature. Hashes the whole body: run it
// on the offload pool. Precondition: sender's key is header.sender.
Result<MessageId> verify_signature(const Envelope& envelope, const Header& header,
                                   const Sm2PublicKey& sender);

}  // namespace warren
