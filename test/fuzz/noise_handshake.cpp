// The Noise handshake against a peer that sends the input. The first byte chooses: bit 0, whether we are the
// responder; bit 1, whether the rest is what the peer puts on the wire, or the payload of a peer that
// otherwise speaks Noise correctly. All keys are fixed, so a recorded conversation replays. Whatever comes,
// the handshake ends, and it succeeds with nobody but the one peer whose signature is known.

#include <algorithm>

#include "warren/async/as_result.hpp"
#include "warren/async/offload.hpp"
#include "warren/async/task_group.hpp"
#include "warren/base/assert.hpp"
#include "warren/security/noise/handshake_state.hpp"
#include "warren/security/noise/transport.hpp"
#include "warren/sim/pipe.hpp"
#include "warren/sim/random.hpp"

namespace warren {
namespace {

PrivateKey fixed_key(std::uint8_t seed) {
  const Bytes bytes(32, seed);
  return value_or_throw(PrivateKey::from_ed25519_seed(bytes));
}

X25519PrivateKey fixed_dh_key(std::uint8_t seed) {
  std::array<std::uint8_t, kX25519Size> bytes;
  bytes.fill(seed);
  return X25519PrivateKey(bytes);
}

const std::vector<ProtocolId> kMuxers = {"/yamux/1.0.0"};

// Notes who the other side is, when the handshake succeeds.
Task<void> secure(noise::NoiseTransport& transport, Side side, StreamPtr pipe, std::optional<PeerId>& peer) {
  const auto channel = co_await as_result(transport.secure(std::move(pipe), side, std::nullopt, kMuxers));
  if (channel) peer = (*channel)->remote_peer();
}

// Sends `bytes` as they are, ends its half, and takes what is answered.
Task<void> send_raw(ByteStream& pipe, Bytes bytes) {
  co_await pipe.write(bytes);
  co_await pipe.close_write();
  co_await read_to_end(pipe, 1 << 20);
}

Task<void> send_message(ByteStream& pipe, noise::HandshakeState& state, BytesView payload) {
  Bytes message(2);
  value_or_throw(state.write_message(payload, message));
  message[0] = static_cast<std::uint8_t>((message.size() - 2) >> 8);
  message[1] = static_cast<std::uint8_t>(message.size() - 2);
  co_await pipe.write(message);
}

Task<void> receive_message(ByteStream& pipe, noise::HandshakeState& state) {
  std::array<std::uint8_t, 2> prefix;
  co_await read_exactly(pipe, prefix);
  Bytes message(static_cast<std::size_t>(prefix[0]) << 8 | prefix[1]);
  co_await read_exactly(pipe, message);
  value_or_throw(state.read_message(message));
}

// Speaks Noise correctly; `payload` is all that is of the input.
Task<void> send_payload(ByteStream& pipe, Side side, Bytes payload) {
  const X25519PrivateKey static_key = fixed_dh_key(3);
  noise::HandshakeState state(side, static_key, fixed_dh_key(4));
  if (side == Side::kInitiator) co_await send_message(pipe, state, BytesView());
  co_await receive_message(pipe, state);
  co_await send_message(pipe, state, payload);
  co_await pipe.close_write();
  co_await read_to_end(pipe, 1 << 20);
}

void run(Side side, bool raw, Bytes input) {
  static const PrivateKey key = fixed_key(1);
  static const PeerId known_peer = PeerId::from_public_key(fixed_key(2).public_key());

  sim::Loop loop;
  sim::SeededRandom random(1);
  InlineOffload offload;
  noise::NoiseTransport transport(key, random, offload);
  auto [ours, theirs] = sim::pipe(loop, {.buffer = 1 << 20});
  const Side their_side = side == Side::kInitiator ? Side::kResponder : Side::kInitiator;
  std::optional<PeerId> peer;
  TaskGroup group(loop.executor(), "fuzz");
  group.spawn(secure(transport, side, std::move(ours), peer));
  if (raw) {
    loop.run(as_result(send_raw(*theirs, std::move(input))));
  } else {
    loop.run(as_result(send_payload(*theirs, their_side, std::move(input))));
  }
  theirs.reset();
  loop.run(group.join());
  WARREN_ASSERT(!peer || *peer == known_peer);
}

}  // namespace
}  // namespace warren

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0 || size > 60'000) return 0;
  const warren::Side side = data[0] & 1 ? warren::Side::kResponder : warren::Side::kInitiator;
  warren::run(side, (data[0] & 2) == 0, warren::Bytes(data + 1, data + size));
  return 0;
}
