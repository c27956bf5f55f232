// For the tests and benchmarks of this module: two nodes that shake hands over a simulated pipe, whatever
// secures it. noise/test_nodes.hpp and tls/test_nodes.hpp say what does.
#pragma once

#include <memory>
#include <optional>
#include <utility>
#include <vector>

#include "warren/async/as_result.hpp"
#include "warren/async/offload.hpp"
#include "warren/async/task_group.hpp"
#include "warren/core/secure_channel.hpp"
#include "warren/env/clock.hpp"
#include "warren/sim/pipe.hpp"
#include "warren/sim/random.hpp"

namespace warren::security_test {

using ChannelPtr = std::unique_ptr<SecureChannel>;
using TransportPtr = std::unique_ptr<SecureTransport>;

// Makes what is tested, for the node of that key. All that it is given outlives it, but the key.
using MakeTransport = TransportPtr (*)(const PrivateKey& key, Clock& clock, Random& random, Offload& offload);

inline constexpr Side kBothSides[] = {Side::kInitiator, Side::kResponder};

inline const ProtocolId kYamux = "/yamux/1.0.0";
inline const ProtocolId kMplex = "/mplex/6.7.0";

inline RandomFill fill_from(Random& random) {
  return [&random](MutableBytes bytes) { random.fill(bytes); };
}

// The error of an outcome; no error for a value.
template <class T>
std::error_code error_of(const Result<T>& outcome) {
  return outcome ? std::error_code() : outcome.error();
}

// One node, whose key follows from a number. Declare it after the loop.
struct Node {
  Node(MakeTransport make, sim::Loop& loop, KeyType type = KeyType::kEd25519, std::uint64_t seed = 1)
      : random(seed),
        key(PrivateKey::generate(type, fill_from(random))),
        transport(make(key, loop.clock(), random, offload)) {}

  PeerId peer() const { return PeerId::from_public_key(key.public_key()); }

  sim::SeededRandom random;
  InlineOffload offload;
  PrivateKey key;
  TransportPtr transport;
};

template <MakeTransport make>
struct NodeOf : Node {
  explicit NodeOf(sim::Loop& loop, KeyType type = KeyType::kEd25519, std::uint64_t seed = 1)
      : Node(make, loop, type, seed) {}
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
      co_await as_result(party.node.transport->secure(std::move(pipe), side, party.expected, party.muxers));
}

// Runs both sides of a handshake over the two ends, to its end.
inline Task<void> secure_both(sim::Loop& loop, Party& initiator, Party& responder, sim::StreamPair ends) {
  TaskGroup group(loop.executor(), "test");
  group.spawn(secure(initiator, Side::kInitiator, std::move(ends.first)));
  group.spawn(secure(responder, Side::kResponder, std::move(ends.second)));
  co_await group.join();
}

// The same over a pipe that takes 5 ms each way.
inline void shake_hands(sim::Loop& loop, Party& initiator, Party& responder) {
  loop.run(secure_both(loop, initiator, responder, sim::pipe(loop, {.delay = 5ms})));
}

// Two secured ends over a pipe of these options.
inline Task<sim::StreamPair> connect(MakeTransport make, sim::Loop& loop, sim::PipeOptions options) {
  Node alice(make, loop, KeyType::kEd25519, 1);
  Node bob(make, loop, KeyType::kEd25519, 2);
  Party initiator{alice, bob.peer()};
  Party responder{bob};
  co_await secure_both(loop, initiator, responder, sim::pipe(loop, options));
  co_return sim::StreamPair{value_or_throw(std::move(initiator.channel)),
                            value_or_throw(std::move(responder.channel))};
}

// --- A peer that says what it should not ---

inline Task<void> note(Task<void> task, Result<>& end) {
  end = co_await as_result(std::move(task));
}

inline Task<void> say_and_end(StreamPtr pipe, Bytes bytes) {
  co_await pipe->write(bytes);
  co_await pipe->close_write();
  co_await read_to_end(*pipe, 100'000);
}

inline Task<void> hear(sim::Loop& loop, Party& party, Side side, Bytes bytes) {
  auto [ours, theirs] = sim::pipe(loop);
  Result<> end;
  TaskGroup group(loop.executor(), "test");
  group.spawn(secure(party, side, std::move(ours)));
  group.spawn(note(say_and_end(std::move(theirs), std::move(bytes)), end));
  co_await group.join();
}

// How our handshake, as that side, ends with a peer that says nothing but these bytes. None for a success.
inline std::error_code outcome_of_bytes(MakeTransport make, Side side, Bytes bytes) {
  sim::Loop loop;
  Node node(make, loop);
  Party party{node};
  loop.run(hear(loop, party, side, std::move(bytes)));
  return error_of(party.channel);
}

}  // namespace warren::security_test
