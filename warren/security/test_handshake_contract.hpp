// What every SecureTransport's handshake must do, as tests (doctest). What a handshake says to strangers, and
// of itself, is tested with each.
#pragma once

#include <doctest/doctest.h>

#include <deque>
#include <utility>
#include <vector>

#include "warren/security/test_nodes.hpp"
#include "warren/security/test_streams.hpp"
#include "warren/sim/for_each_failure.hpp"

namespace warren::security_test {

struct Range {
  std::size_t min;
  std::size_t max;
  bool has(std::size_t value) const { return min <= value && value <= max; }
};

struct HandshakeContract {
  MakeTransport make;
  // What a side that waits learns when the other one does not like it.
  Errc refused;
  // How the initiator's handshake ends when both sides list muxers and have none in common. Without: it
  // succeeds, and the muxer is negotiated later.
  std::optional<Errc> no_common_muxer = {};
  // What a peer says that then ends, and how our handshake ends on either side.
  std::vector<std::pair<Bytes, Errc>> mistakes;
  // What a peer says that keeps us waiting then.
  std::vector<Bytes> beginnings;
  // How many bytes each side writes with Ed25519 keys, and how much that differs from one time to the next.
  Range written;
  std::size_t written_varies = 0;
  // Every so many bytes the handshake is meddled with; 1: each byte.
  std::size_t meddle_step = 1;
  // How many operations of the pipe the handshake has.
  Range operations;
};

namespace handshake_tests {

inline void check_met(const Party& party, const Node& other) {
  REQUIRE(party.channel);
  CHECK((*party.channel)->remote_peer() == other.peer());
  CHECK((*party.channel)->remote_key() == other.key.public_key());
  CHECK_FALSE((*party.channel)->early_muxer());
}

inline void all_key_types(const HandshakeContract& contract) {
  sim::Loop loop;
  std::deque<Node> alices;
  std::deque<Node> bobs;
  for (const KeyType type :
       {KeyType::kEd25519, KeyType::kSecp256k1, KeyType::kEcdsa, KeyType::kRsa, KeyType::kSm2}) {
    alices.emplace_back(contract.make, loop, type, 1);
    bobs.emplace_back(contract.make, loop, type, 2);
  }
  for (Node& alice : alices) {
    for (Node& bob : bobs) {
      CAPTURE(name_of(alice.key.type()));
      CAPTURE(name_of(bob.key.type()));
      for (const auto& expected : {std::optional<PeerId>(), std::optional(alice.peer())}) {
        Party initiator{alice, bob.peer()};
        Party responder{bob, expected};
        shake_hands(loop, initiator, responder);
        REQUIRE_FALSE(loop.busy());
        check_met(initiator, bob);
        check_met(responder, alice);
      }
    }
  }
}

// Two nodes for a test.
struct Two {
  explicit Two(const HandshakeContract& contract)
      : alice(contract.make, loop, KeyType::kEd25519, 1), bob(contract.make, loop, KeyType::kEd25519, 2) {}

  sim::Loop loop;
  Node alice;
  Node bob;
};

inline std::optional<ProtocolId> agreed(Two& two, std::vector<ProtocolId> first,
                                        std::vector<ProtocolId> second) {
  Party initiator{two.alice, {}, std::move(first)};
  Party responder{two.bob, {}, std::move(second)};
  shake_hands(two.loop, initiator, responder);
  REQUIRE_FALSE(two.loop.busy());
  REQUIRE(initiator.channel);
  REQUIRE(responder.channel);
  CHECK((*initiator.channel)->early_muxer() == (*responder.channel)->early_muxer());
  return (*initiator.channel)->early_muxer();
}

inline void common_muxer(const HandshakeContract& contract) {
  Two two(contract);
  CHECK(agreed(two, {kYamux, kMplex}, {kMplex, kYamux}) == kYamux);
  CHECK(agreed(two, {kMplex, kYamux}, {kYamux, kMplex}) == kMplex);
  CHECK(agreed(two, {"/other", kMplex}, {kYamux, kMplex}) == kMplex);
  CHECK(agreed(two, {kYamux}, {}) == std::nullopt);
  CHECK(agreed(two, {}, {kYamux}) == std::nullopt);
}

inline void no_common_muxer(const HandshakeContract& contract) {
  Two two(contract);
  if (!contract.no_common_muxer) {
    CHECK(agreed(two, {kYamux}, {kMplex}) == std::nullopt);
    return;
  }
  Party initiator{two.alice, {}, {kYamux}};
  Party responder{two.bob, {}, {kMplex}};
  shake_hands(two.loop, initiator, responder);
  REQUIRE_FALSE(two.loop.busy());
  CHECK(error_of(initiator.channel) == *contract.no_common_muxer);
  CHECK_FALSE(responder.channel);
}

inline void another_responder(const HandshakeContract& contract) {
  Two two(contract);
  Party initiator{two.alice, two.alice.peer()};
  Party responder{two.bob};
  shake_hands(two.loop, initiator, responder);
  REQUIRE_FALSE(two.loop.busy());
  CHECK(error_of(initiator.channel) == Errc::kPeerIdMismatch);
  CHECK(error_of(responder.channel) == contract.refused);
}

inline Task<void> read_once(ByteStream& stream) {
  Bytes buffer(100);
  co_await stream.read_some(buffer);
}

inline void another_initiator(const HandshakeContract& contract) {
  Two two(contract);
  Party initiator{two.alice, two.bob.peer()};
  Party responder{two.bob, two.bob.peer()};
  shake_hands(two.loop, initiator, responder);
  REQUIRE_FALSE(two.loop.busy());
  CHECK(error_of(responder.channel) == Errc::kPeerIdMismatch);
  REQUIRE(initiator.channel);
  const auto read = two.loop.run(as_result(read_once(**initiator.channel)));
  CHECK(error_of(read) == contract.refused);
}

inline void round_trips(const HandshakeContract& contract) {
  Two two(contract);
  Party initiator{two.alice, two.bob.peer(), {kYamux}};
  Party responder{two.bob, {}, {kYamux}};
  auto ends = sim::pipe(two.loop, {.delay = 50ms});
  TaskGroup group(two.loop.executor(), "test");
  group.spawn(secure(initiator, Side::kInitiator, std::move(ends.first)));
  group.spawn(secure(responder, Side::kResponder, std::move(ends.second)));
  two.loop.advance(100ms);
  CHECK(initiator.channel.has_value());
  CHECK_FALSE(responder.channel);
  two.loop.run(group.join());
  CHECK(responder.channel.has_value());
  CHECK(two.loop.now() == Instant{} + 150ms);  // when the responder has the initiator's last message
}

inline void mistakes(const HandshakeContract& contract) {
  for (const Side side : kBothSides) {
    CAPTURE(static_cast<int>(side));
    for (std::size_t i = 0; i < contract.mistakes.size(); ++i) {
      CAPTURE(i);
      const auto& [said, error] = contract.mistakes[i];
      CHECK(outcome_of_bytes(contract.make, side, said) == error);
    }
  }
}

struct Meddled {
  bool reader_fails = false;
  bool responder_fails = false;
  std::size_t written = 0;  // by the side that is meddled with
};

// Meddles with what `side` writes, at that place. Each side that is left waiting is given an end.
inline Meddled meddle(Two& two, Side side, std::size_t place, bool cut) {
  Meddled result;
  Party initiator{two.alice, two.bob.peer()};
  Party responder{two.bob};
  auto ends = sim::pipe(two.loop);
  auto& end = side == Side::kInitiator ? ends.first : ends.second;
  end = std::make_unique<Meddler>(std::move(end), place, cut, result.written);
  TaskGroup group(two.loop.executor(), "test");
  group.spawn(secure(initiator, Side::kInitiator, std::move(ends.first)));
  group.spawn(secure(responder, Side::kResponder, std::move(ends.second)));
  two.loop.run_until_idle();
  two.loop.run(group.close());  // a size that was made larger is waited for: the caller's limit ends that
  result.responder_fails = !responder.channel;
  result.reader_fails = side == Side::kInitiator ? !responder.channel : !initiator.channel;
  return result;
}

inline void meddling(const HandshakeContract& contract) {
  constexpr std::size_t kNowhere = 1'000'000;
  Two two(contract);
  for (const Side side : kBothSides) {
    CAPTURE(static_cast<int>(side));
    const Meddled whole = meddle(two, side, kNowhere, false);
    CHECK_FALSE(whole.reader_fails);
    REQUIRE(contract.written.has(whole.written));
    const std::size_t end = whole.written - contract.written_varies;
    for (std::size_t place = 0; place < end; place += contract.meddle_step) {
      for (const bool cut : {true, false}) {
        CAPTURE(place);
        CAPTURE(cut);
        const Meddled meddled = meddle(two, side, place, cut);
        CHECK(meddled.reader_fails);
        CHECK(meddled.responder_fails);
      }
    }
  }
}

inline Task<void> converse(MakeTransport make, sim::Loop& loop, sim::Faults& faults) {
  Node alice(make, loop, KeyType::kEd25519, 1);
  Node bob(make, loop, KeyType::kSm2, 2);
  Party initiator{alice, bob.peer(), {kYamux}};
  Party responder{bob, {}, {kYamux}};
  auto ends = sim::pipe(loop, {.delay = 1ms, .faults = &faults});
  co_await secure_both(loop, initiator, responder, std::move(ends));
  value_or_throw(std::move(initiator.channel));
  value_or_throw(std::move(responder.channel));
}

inline void failing_pipe(const HandshakeContract& contract) {
  const auto scenario = [make = contract.make](sim::Loop& loop, sim::Faults& faults) {
    return converse(make, loop, faults);
  };
  const std::uint64_t operations = sim::for_each_failure(scenario);
  CAPTURE(operations);
  CHECK(contract.operations.has(operations));
}

// How our handshake ends, and then the pipe, with a peer that says no more than this.
inline Task<std::pair<std::error_code, std::error_code>> meet_silence(sim::Loop& loop, Node& node, Side side,
                                                                      Bytes said) {
  auto [ours, theirs] = sim::pipe(loop);
  co_await theirs->write(said);
  auto securing = node.transport->secure(std::move(ours), side, std::nullopt, {});
  const auto channel = co_await as_result(with_timeout(loop.clock(), 10s, std::move(securing)));
  const auto rest = co_await as_result(read_to_end(*theirs, 100'000));
  co_return std::pair(error_of(channel), error_of(rest));
}

inline void silence(const HandshakeContract& contract) {
  for (const Side side : kBothSides) {
    for (const Bytes& said : contract.beginnings) {
      sim::Loop loop;
      Node node(contract.make, loop);
      const auto [ours, theirs] = loop.run(meet_silence(loop, node, side, said));
      CHECK(ours == Errc::kTimedOut);
      CHECK(theirs == Errc::kReset);
      CHECK_FALSE(loop.busy());
    }
  }
}

}  // namespace handshake_tests

// Call it in a TEST_CASE of its own.
inline void check_handshake_contract(const HandshakeContract& contract) {
  namespace test = handshake_tests;
  SUBCASE("each side learns who the other is, whatever the types of their keys") {
    test::all_key_types(contract);
  }
  SUBCASE("the muxer is the first of the initiator's that both have") {
    test::common_muxer(contract);
  }
  SUBCASE("without a common muxer both sides know that they have none") {
    test::no_common_muxer(contract);
  }
  SUBCASE("an initiator that meets another peer than it dialed stops") {
    test::another_responder(contract);
  }
  SUBCASE("a responder that expects somebody else refuses, and the initiator learns of it when it reads") {
    test::another_initiator(contract);
  }
  SUBCASE("the handshake takes one round trip until the initiator may write") {
    test::round_trips(contract);
  }
  SUBCASE("what is no handshake ends it") {
    test::mistakes(contract);
  }
  SUBCASE("no bit can be changed on the way, nor anything be cut off, without a side noticing") {
    test::meddling(contract);
  }
  SUBCASE("a handshake whose pipe fails at any step ends with an error on the side that can know") {
    test::failing_pipe(contract);
  }
  SUBCASE("a peer that keeps us waiting is left by the caller's time limit, and the pipe is reset") {
    test::silence(contract);
  }
}

}  // namespace warren::security_test
