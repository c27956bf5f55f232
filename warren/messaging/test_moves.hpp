// Test support: one who asks and one who answers, with a direct path and a relayed one that tests let die.
#pragma once

#include <doctest/doctest.h>

#include "warren/async/as_result.hpp"
#include "warren/messaging/test_messenger.hpp"

namespace warren::test {

// What heartbeats take to find a dead path.
inline constexpr Duration kUntilFound = 3s;

struct MoveOutcome {
  std::error_code error;
  std::string what;
  Bytes answer;
  bool done = false;
};

inline Bytes pattern(std::size_t size) {
  Bytes bytes(size);
  for (std::size_t i = 0; i < size; ++i) bytes[i] = static_cast<std::uint8_t>(i * 7 + i / 251);
  return bytes;
}

// Alice asks bob, who takes his time.
struct Moves {
  Moves() {
    network.direct = false;
    network.circuits = kUsualCircuit;
    bob.messaging->serve("work", [this](ServiceCall call) { return work(*this, std::move(call)); });
    network.world.loop().advance(1min);  // not right after bob's start
  }
  ~Moves() {
    network.world.run(group.join());
    network.world.run(alice.stop());
    network.world.run(bob.stop());
    CHECK_FALSE(network.world.loop().busy());
  }

  static Task<Bytes> work(Moves& moves, ServiceCall call) {
    ++moves.runs;
    co_await moves.network.world.clock().sleep_for(moves.takes);
    co_return std::move(call.payload);
  }
  static Task<void> ask(Moves& moves, Bytes payload, MoveOutcome& outcome) {
    const auto answer = co_await as_outcome(moves.alice.messaging->request(
        moves.bob.info(), std::nullopt, "work", std::move(payload), moves.timeout));
    moves.finish(answer ? nullptr : &answer.error(), outcome);
    if (answer) outcome.answer = *answer;
  }
  static Task<void> tell(Moves& moves, Bytes payload, MoveOutcome& outcome) {
    const auto sent = co_await as_outcome(
        moves.alice.messaging->send_message(moves.bob.info(), std::nullopt, std::move(payload)));
    moves.finish(sent ? nullptr : &sent.error(), outcome);
  }
  void finish(const std::system_error* error, MoveOutcome& outcome) {
    outcome.done = true;
    ended = network.world.clock().now();
    if (error == nullptr) return;
    outcome.error = error->code();
    outcome.what = error->what();
  }

  std::shared_ptr<TestConnection> connect(PathPolicy policy) {
    const auto connection = network.world.run(alice.host.connect_over(policy, bob.info()));
    advance(1s);  // the bindings are exchanged
    return std::dynamic_pointer_cast<TestConnection>(connection);
  }
  void connect_both() {
    relayed = connect(PathPolicy::kAny);
    network.direct = true;
    direct = connect(PathPolicy::kPreferDirect);
    REQUIRE(direct != relayed);
    network.direct = false;
  }
  void advance(Duration duration) { network.world.loop().advance(duration); }
  // It goes silent, which is found a little later.
  void let_die(TestConnection& connection) {
    connection.cut();
    advance(kUntilFound);
    connection.close_because(Errc::kPathSilent);
  }

  TestNetwork network;
  Messenger alice{network, 1};
  Messenger bob{network, 2};
  std::shared_ptr<TestConnection> relayed;
  std::shared_ptr<TestConnection> direct;
  Duration takes = 2s;
  Duration timeout = 10min;
  int runs = 0;
  Instant ended{};
  TaskGroup group{network.world.loop().executor(), "test"};
};

}  // namespace warren::test
