#include "test/attacks/raw_peer.hpp"

#include "warren/async/as_result.hpp"
#include "warren/env/clock.hpp"
#include "warren/muxer/yamux/test_frames.hpp"
#include "warren/negotiation/multistream.hpp"
#include "warren/security/noise/transport.hpp"
#include "warren/transport/tcp/transport.hpp"

namespace warren::attacks {

namespace {

constexpr std::size_t kFramePayloadMax = 64 * 1024;
constexpr Duration kFinishTimeout = 30s;

Task<void> discard(ByteStream& stream) {
  Bytes buffer(64 * 1024);
  for (std::size_t size = 1; size > 0;) size = co_await stream.read_some(buffer);
}

}  // namespace

PrivateKey new_key(Env& env) {
  return PrivateKey::generate(KeyType::kEd25519, [&env](MutableBytes to) { env.random.fill(to); });
}

Task<StreamPtr> dial(Env& env, Victim victim, std::string_view security) {
  tcp::TcpTransport tcp(env);
  RawConnection raw = co_await tcp.dial(victim.address);
  co_return multistream::propose_optimistically(std::move(raw.stream), ProtocolId(security));
}

RawPeer::RawPeer(Env& env, PrivateKey key)
    : env_(env),
      key_(std::move(key)),
      peer_id_(PeerId::from_public_key(key_.public_key())),
      tasks_(env.executor, "attack") {}

Task<std::unique_ptr<RawPeer>> RawPeer::connect(Env& env, Victim victim) {
  std::unique_ptr<RawPeer> peer(new RawPeer(env, new_key(env)));
  noise::NoiseTransport noise(peer->key_, env.random, env.offload);
  StreamPtr raw = co_await dial(env, victim, noise::kProtocolId);
  std::vector<ProtocolId> muxers = {"/yamux/1.0.0"};
  peer->channel_ = co_await noise.secure(std::move(raw), Side::kInitiator, victim.peer, std::move(muxers));
  co_return peer;
}

Task<void> RawPeer::write(Bytes frames) {
  co_await channel_->write(frames);
}

Task<void> RawPeer::read_all() {
  co_await as_result(discard(*channel_));
}

Task<void> RawPeer::wait_for_end() {
  co_await tasks_.join();
}

Task<void> RawPeer::finish() {
  co_await channel_->close_write();
  co_await with_timeout(env_.clock, kFinishTimeout, wait_for_end());
}

Task<void> RawPeer::close() {
  channel_->reset();
  co_await tasks_.close();
}

void append_open(Bytes& frames, yamux::StreamId stream) {
  append(frames, yamux::window_update(yamux::kSyn, stream, 0));
}

void append_conversation(Bytes& frames, yamux::StreamId stream, std::string_view protocol,
                         BytesView payload) {
  Bytes bytes = multistream::encode(multistream::kHeader);
  append(bytes, multistream::encode(protocol));
  append(bytes, payload);
  std::uint16_t flags = yamux::kSyn;
  for (BytesView rest = bytes; !rest.empty(); flags = 0) {
    const BytesView part = rest.first(std::min(rest.size(), kFramePayloadMax));
    rest = rest.subspan(part.size());
    if (rest.empty()) flags |= yamux::kFin;
    append(frames, yamux::data(flags, stream, as_text(part)));
  }
}

}  // namespace warren::attacks
