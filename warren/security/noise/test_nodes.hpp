// For this folder's tests and benchmarks: two nodes that shake hands over a simulated pipe.
#pragma once

#include "warren/async/as_result.hpp"
#include "warren/async/offload.hpp"
#include "warren/async/task_group.hpp"
#include "warren/security/noise/transport.hpp"
#include "warren/sim/pipe.hpp"
#include "warren/sim/random.hpp"

namespace warren::noise::test {

using ChannelPtr = std::unique_ptr<SecureChannel>;

inline RandomFill fill_from(Random& random) {
  return [&random](MutableBytes bytes) { random.fill(bytes); };
}

// The error of an outcome; no error for a value.
template <class T>
std::error_code error_of(const Result<T>& outcome) {
  return outcome ? std::error_code() : outcome.error();
}

// One node, whose key follows from a number.
struct Node {
  explicit Node(KeyType type = KeyType::kEd25519, std::uint64_t seed = 1)
      : random(seed), key(PrivateKey::generate(type, fill_from(random))), transport(key, random, offload) {}

  PeerId peer() const { return PeerId::from_public_key(key.public_key()); }

  sim::SeededRandom random;
  InlineOffload offload;
  PrivateKey key;
  NoiseTransport transport;
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

}  // namespace warren::noise::test
