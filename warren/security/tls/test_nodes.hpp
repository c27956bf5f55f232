// For this folder's tests and benchmarks: two nodes that shake hands over a simulated pipe.
#pragma once

#include "warren/async/as_result.hpp"
#include "warren/async/task_group.hpp"
#include "warren/security/tls/transport.hpp"
#include "warren/sim/pipe.hpp"
#include "warren/sim/random.hpp"

namespace warren::tls::test {

using ChannelPtr = std::unique_ptr<SecureChannel>;

// The error of an outcome; no error for a value.
template <class T>
std::error_code error_of(const Result<T>& outcome) {
  return outcome ? std::error_code() : outcome.error();
}

// One node, whose key follows from a number.
struct Node {
  explicit Node(sim::Loop& loop, KeyType type = KeyType::kEd25519, std::uint64_t seed = 1)
      : random(seed),
        key(PrivateKey::generate(type, [this](MutableBytes bytes) { random.fill(bytes); })),
        transport(key, loop.clock(), random) {}

  PeerId peer() const { return PeerId::from_public_key(key.public_key()); }

  sim::SeededRandom random;
  PrivateKey key;
  TlsTransport transport;
};

// What one side wants, and what it got. Declare it after the loop of its pipe.
struct Party {
  Node& node;
  std::optional<PeerId> expected = {};
  std::vector<ProtocolId> muxers = {};
  Result<ChannelPtr> channel = fail(Errc::kCanceled);
};

inline Task<void> secure(Party& party, Side side, StreamPtr pipe) {
  party.channel =
      co_await as_result(party.node.transport.secure(std::move(pipe), side, party.expected, party.muxers));
}

// Runs both sides of a handshake over the two ends, to its end.
inline Task<void> secure_both(sim::Loop& loop, Party& initiator, Party& responder, sim::StreamPair ends) {
  TaskGroup group(loop.executor(), "test");
  group.spawn(secure(initiator, Side::kInitiator, std::move(ends.first)));
  group.spawn(secure(responder, Side::kResponder, std::move(ends.second)));
  co_await group.join();
}

// Two secured ends over a pipe of these options.
inline Task<sim::StreamPair> connect(sim::Loop& loop, sim::PipeOptions options) {
  Node alice(loop, KeyType::kEd25519, 1);
  Node bob(loop, KeyType::kEd25519, 2);
  Party initiator{alice, bob.peer()};
  Party responder{bob};
  co_await secure_both(loop, initiator, responder, sim::pipe(loop, options));
  co_return sim::StreamPair{value_or_throw(std::move(initiator.channel)),
                            value_or_throw(std::move(responder.channel))};
}

}  // namespace warren::tls::test
