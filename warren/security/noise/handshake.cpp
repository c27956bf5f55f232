#include "warren/security/noise/handshake.hpp"

#include <algorithm>
#include <array>

#include "warren/async/as_result.hpp"
#include "warren/base/assert.hpp"
#include "warren/security/noise/handshake_state.hpp"

namespace warren::noise {

namespace {

constexpr std::size_t kPrefixSize = 2;

X25519PrivateKey new_key(Random& random) {
  return X25519PrivateKey::generate([&random](MutableBytes bytes) { random.fill(bytes); });
}

Task<void> send(ByteStream& pipe, HandshakeState& state, BytesView payload) {
  Bytes message(kPrefixSize);
  value_or_throw(state.write_message(payload, message), "Noise handshake");
  const std::size_t size = message.size() - kPrefixSize;
  message[0] = static_cast<std::uint8_t>(size >> 8);
  message[1] = static_cast<std::uint8_t>(size);
  co_await pipe.write(message);
}

Task<Bytes> receive(ByteStream& pipe, HandshakeState& state) {
  std::array<std::uint8_t, kPrefixSize> prefix;
  co_await read_exactly(pipe, prefix);
  const std::size_t size = static_cast<std::size_t>(prefix[0]) << 8 | prefix[1];
  if (size > kReceivedMessageMax) throw_error(Errc::kTooLarge, "Noise handshake");
  Bytes message(size);
  co_await read_exactly(pipe, message);
  co_return value_or_throw(state.read_message(message), "Noise handshake");
}

// An Ed25519 verification is shorter than the key agreements next to it and than two thread switches; others
// would hold up the loop.
Task<bool> verify(PublicKey key, Bytes message, Bytes signature, Offload& offload) {
  if (key.type() == KeyType::kEd25519) co_return key.verify(message, signature);
  auto work = [key = std::move(key), message = std::move(message), signature = std::move(signature)] {
    return key.verify(message, signature);
  };
  co_return co_await offload.run(std::move(work));
}

// A message of a peer that has just seen our key.
Task<Bytes> receive_answer(ByteStream& pipe, HandshakeState& state, bool may_be_refused) {
  auto message = co_await as_result(receive(pipe, state));
  if (!message && may_be_refused && is_hang_up(message.error())) throw_error(Errc::kHandshakeRefused);
  co_return value_or_throw(std::move(message), "Noise handshake");
}

struct Remote {
  PublicKey key;
  PeerId peer;
  Extensions extensions;
};

// Who the other side is, from the payload of its message. Nothing else of the payload is looked at before the
// signature is known to be good.
Task<Remote> authenticate(Bytes bytes, X25519PublicKey static_key, const std::optional<PeerId>& expected,
                          Offload& offload) {
  Payload payload = value_or_throw(Payload::decode(bytes), "Noise payload");
  const PublicKey key = value_or_throw(PublicKey::from_protobuf(payload.identity_key), "Noise identity key");
  const PeerId peer = PeerId::from_public_key(key);
  if (expected && peer != *expected) throw_error(Errc::kPeerIdMismatch);
  const bool good = co_await verify(key, signed_text(static_key), std::move(payload.identity_sig), offload);
  if (!good) throw_error(Errc::kBadSignature, "Noise identity");
  co_return Remote{key, peer, std::move(payload.extensions)};
}

}  // namespace

bool is_hang_up(std::error_code error) {
  return error == Errc::kEndOfStream || error == Errc::kReset;
}

Identity Identity::create(const PrivateKey& host_key, Random& random) {
  X25519PrivateKey static_key = new_key(random);
  Bytes signature = host_key.sign(signed_text(static_key.public_key()));
  return {std::move(static_key), host_key.public_key().to_protobuf(), std::move(signature),
          host_key.type() == KeyType::kSm2};
}

Task<Session> handshake(ByteStream& pipe, Side side, const Identity& self, Terms terms, Random& random,
                        Offload& offload) {
  HandshakeState state(side, self.static_key, new_key(random));
  const Bytes payload = Payload{self.public_key, self.signature, terms.extensions}.encode();
  std::optional<Remote> remote;

  if (side == Side::kInitiator) {
    co_await send(pipe, state, BytesView());       // -> e
    Bytes theirs = co_await receive(pipe, state);  // <- e, ee, s, es
    remote = co_await authenticate(std::move(theirs), state.remote_static(), terms.expected, offload);
    co_await send(pipe, state, payload);  // -> s, se
  } else {
    co_await receive(pipe, state);        // -> e; what it says in the clear is not for us
    co_await send(pipe, state, payload);  // <- e, ee, s, es
    Bytes theirs = co_await receive_answer(pipe, state, self.may_be_refused);  // -> s, se
    remote = co_await authenticate(std::move(theirs), state.remote_static(), terms.expected, offload);
  }

  const auto& mine = terms.extensions.stream_muxers;
  const auto& others = remote->extensions.stream_muxers;
  const bool initiator = side == Side::kInitiator;
  auto muxer = value_or_throw(initiator ? choose_muxer(mine, others) : choose_muxer(others, mine), "muxer");
  auto [sending, receiving] = state.split();
  co_return Session{.remote_key = std::move(remote->key),
                    .remote_peer = remote->peer,
                    .remote_extensions = std::move(remote->extensions),
                    .muxer = std::move(muxer),
                    .sending = std::move(sending),
                    .receiving = std::move(receiving),
                    .may_be_refused = initiator && self.may_be_refused};
}

Result<std::optional<ProtocolId>> choose_muxer(const std::vector<ProtocolId>& initiator,
                                               const std::vector<ProtocolId>& responder) {
  if (initiator.empty() || responder.empty()) return std::nullopt;
  for (const ProtocolId& muxer : initiator) {
    if (std::ranges::find(responder, muxer) != responder.end()) return muxer;
  }
  return fail(Errc::kProtocolNotSupported);
}

}  // namespace warren::noise
