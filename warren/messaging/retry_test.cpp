// What happens when connections break, nodes start again and clocks move: nothing is lost, doubled or left
// hanging.
#include <doctest/doctest.h>

#include "warren/async/as_result.hpp"
#include "warren/messaging/test_messenger.hpp"

namespace warren {
namespace {

using test::Messenger;
using test::stop_both;
using test::TestNetwork;

Task<void> send(Messenger& from, Messenger& to, std::string text, std::error_code& outcome) {
  const auto sent = co_await as_result(from.messaging->send_message(to.info(), std::nullopt, to_bytes(text)));
  outcome = sent ? std::error_code() : sent.error();
}

Task<void> ask(Messenger& from, Messenger& to, std::error_code& outcome) {
  const auto answer =
      co_await as_result(from.messaging->request(to.info(), std::nullopt, "gate", to_bytes("x"), 1min));
  outcome = answer ? std::error_code() : answer.error();
}

void break_connections(Messenger& node) {
  for (const auto& connection : node.host.connections()) connection->close();
}

// A service that waits for the test.
struct Gate {
  Event opened;
  bool is_open = false;
  int runs = 0;

  void open() {
    is_open = true;
    opened.notify_all();
  }
  static Task<Bytes> pass(Gate& gate, ServiceCall call) {
    ++gate.runs;
    while (!gate.is_open) co_await gate.opened.wait();
    co_return std::move(call.payload);
  }
  ServiceHandler handler() {
    return [this](ServiceCall call) { return pass(*this, std::move(call)); };
  }
};

TEST_CASE("an acknowledgement that is lost costs a second attempt, not a second message") {
  TestNetwork network;
  Messenger alice(network, 1);
  Messenger bob(network, 2);
  int breaks = 0;
  const auto subscription = bob.messaging->on_message([&](const InboxMessage&) {
    ++breaks;
    break_connections(bob);
  });
  std::error_code outcome;
  network.world.run(send(alice, bob, "once", outcome));
  CHECK(outcome == std::error_code());
  CHECK(breaks == 1);
  CHECK(bob.stored().size() == 1);
  CHECK(bob.delivered.size() == 1);
  CHECK(bob.refused == std::vector<std::error_code>{Errc::kReplayed});
  network.world.run(stop_both(alice, bob));
}

TEST_CASE("a request whose connection breaks is asked again, runs once, and is answered") {
  TestNetwork network;
  Messenger alice(network, 1);
  Messenger bob(network, 2);
  Gate gate;
  bob.messaging->serve("gate", gate.handler());
  sim::Loop& loop = network.world.loop();
  TaskGroup group(loop.executor(), "test");
  std::error_code outcome = Errc::kOk;
  group.spawn(ask(alice, bob, outcome));
  SUBCASE("while it runs") {
    loop.advance(1s);
    CHECK(gate.runs == 1);
    break_connections(alice);
    loop.advance(1s);
    gate.open();
  }
  SUBCASE("after it has run") {
    loop.advance(1s);
    gate.open();
    break_connections(alice);
  }
  network.world.run(group.join());
  CHECK(outcome == std::error_code());
  CHECK(gate.runs == 1);
  network.world.run(stop_both(alice, bob));
}

Task<void> restart(Messenger& node) {
  co_await node.stop();
  node.start();
}

TEST_CASE("a request that may have run before the receiver was started again has an unknown outcome") {
  TestNetwork network;
  Messenger alice(network, 1);
  Messenger bob(network, 2);
  Gate before;
  Gate after;
  after.open();
  bob.messaging->serve("gate", before.handler());
  sim::Loop& loop = network.world.loop();
  TaskGroup group(loop.executor(), "test");
  std::error_code outcome;
  loop.advance(1min);  // not right after alice's own start
  group.spawn(ask(alice, bob, outcome));
  loop.advance(1s);
  REQUIRE(before.runs == 1);
  network.world.run(restart(bob));
  bob.messaging->serve("gate", after.handler());
  network.world.run(group.join());
  CHECK(outcome == Errc::kOutcomeUnknown);
  CHECK_FALSE(is_verification_refusal(outcome));
  CHECK(after.runs == 0);
  network.world.run(ask(alice, bob, outcome));  // a new one
  CHECK(outcome == std::error_code());
  CHECK(after.runs == 1);
  network.world.run(stop_both(alice, bob));
}

TEST_CASE("a message whose receiver was started again before the acknowledgement has an unknown outcome") {
  TestNetwork network;
  Messenger alice(network, 1);
  Messenger bob(network, 2);
  sim::Loop& loop = network.world.loop();
  TaskGroup group(loop.executor(), "test");
  // Bob's process dies when the message is stored; another one comes at once.
  const auto subscription = bob.messaging->on_message([&](const InboxMessage&) {
    break_connections(bob);
    group.spawn(restart(bob));
  });
  std::error_code outcome;
  network.world.run(send(alice, bob, "once", outcome));
  CHECK(outcome == Errc::kOutcomeUnknown);
  CHECK(bob.stored().size() == 1);
  network.world.run(group.join());
  network.world.run(stop_both(alice, bob));
}

TEST_CASE("a peer that goes silent is an error within the time limit") {
  TestNetwork network;
  Messenger alice(network, 1);
  Messenger bob(network, 2);
  std::error_code outcome;
  network.world.run(send(alice, bob, "1", outcome));
  REQUIRE(outcome == std::error_code());
  bob.host.handle("/warren/message/1.0.0", [&](ConnectionPtr, StreamPtr stream) {
    return [](Clock& clock, StreamPtr) -> Task<void> { co_await clock.sleep_for(1h); }(network.world.clock(),
                                                                                       std::move(stream));
  });
  const Instant start = network.world.clock().now();
  network.world.run(send(alice, bob, "2", outcome));
  CHECK(outcome == Errc::kTimedOut);
  CHECK(network.world.clock().now() - start == MessagingLimits{}.message_timeout);
  network.world.run(stop_both(alice, bob));
}

// One message and one request, of which every stream operation in turn fails.
struct Outcomes {
  std::error_code message;
  std::error_code request;
  std::size_t stored = 0;
  int runs = 0;
  std::uint64_t operations = 0;
};

Outcomes run_with_failure_at(std::uint64_t operation) {
  TestNetwork network;
  sim::Faults faults(operation);
  network.faults = &faults;
  Messenger alice(network, 1);
  Messenger bob(network, 2);
  Gate gate;
  gate.open();
  bob.messaging->serve("gate", gate.handler());
  Outcomes outcomes;
  network.world.run(send(alice, bob, "x", outcomes.message), 10min);
  network.world.run(ask(alice, bob, outcomes.request), 10min);
  network.world.run(stop_both(alice, bob));
  CHECK_FALSE(network.world.loop().busy());
  outcomes.stored = bob.stored().size();
  outcomes.runs = gate.runs;
  outcomes.operations = faults.operations();
  return outcomes;
}

TEST_CASE(
    "whatever fails, the message is there once or the sender knows, and the request runs at most once") {
  const Outcomes good = run_with_failure_at(0);
  CHECK(good.message == std::error_code());
  CHECK(good.request == std::error_code());
  REQUIRE(good.operations > 10);
  for (std::uint64_t operation = 1; operation <= good.operations; ++operation) {
    CAPTURE(operation);
    const Outcomes outcomes = run_with_failure_at(operation);
    CHECK(outcomes.stored <= 1);
    CHECK(outcomes.runs <= 1);
    if (!outcomes.message) CHECK(outcomes.stored == 1);
    if (!outcomes.request) CHECK(outcomes.runs == 1);
  }
}

TEST_CASE("our binding is made anew before it expires, and told to those who are connected") {
  TestNetwork network;
  Messenger alice(network, 1);
  Messenger bob(network, 2);
  std::error_code outcome;
  network.world.run(send(alice, bob, "1", outcome));
  const auto first = value_or_throw(alice.bindings->find(bob.node()));
  network.world.loop().advance(std::chrono::days(20));
  const auto later = value_or_throw(alice.bindings->find(bob.node()));
  CHECK(later.serial > first.serial);
  CHECK(later.not_after > network.world.clock().wall_now());
  network.world.run(send(alice, bob, "2", outcome));
  CHECK(outcome == std::error_code());
  CHECK(alice.host.connections().size() == 1);
  network.world.run(stop_both(alice, bob));
}

TEST_CASE("serials grow when the clock was set back") {
  TestNetwork network;
  Messenger alice(network, 1);
  Messenger bob(network, 2, {}, 100s);
  std::error_code outcome;
  network.world.run(send(bob, alice, "1", outcome));
  const auto first = value_or_throw(alice.bindings->find(bob.node()));
  network.world.run(bob.stop());
  bob.host.clock.set_skew(0s);
  bob.start();
  network.world.run(send(bob, alice, "2", outcome));
  CHECK(outcome == std::error_code());
  CHECK(value_or_throw(alice.bindings->find(bob.node())).serial == first.serial + 1);
  network.world.run(stop_both(alice, bob));
}

TEST_CASE("closing cancels handlers that run") {
  TestNetwork network;
  Messenger alice(network, 1);
  Messenger bob(network, 2);
  Gate gate;
  bob.messaging->serve("gate", gate.handler());
  TaskGroup group(network.world.loop().executor(), "test");
  std::error_code outcome;
  group.spawn(ask(alice, bob, outcome));
  network.world.loop().advance(1s);
  CHECK(gate.runs == 1);
  network.world.run(bob.stop());
  network.world.run(group.join());
  CHECK(outcome == Errc::kProtocolNotSupported);  // the host is there and speaks none of ours
  network.world.run(alice.stop());
  CHECK_FALSE(network.world.loop().busy());
}

}  // namespace
}  // namespace warren
