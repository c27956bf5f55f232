#include "warren/messaging/messaging.hpp"

#include <doctest/doctest.h>

#include "warren/async/as_result.hpp"
#include "warren/messaging/test_messenger.hpp"

namespace warren {
namespace {

using test::echo;
using test::Messenger;
using test::stop_both;
using test::TestNetwork;

// Runs a scenario between two nodes, alice and bob, and stops them.
using Scenario = Task<void> (*)(TestNetwork&, Messenger&, Messenger&);
void run(Scenario scenario, MessagingConfig config = {}) {
  TestNetwork network;
  Messenger alice(network, 1, config);
  Messenger bob(network, 2, config);
  const auto outcome = network.world.run(as_result(scenario(network, alice, bob)));
  network.world.run(stop_both(alice, bob));
  CHECK_MESSAGE(outcome.has_value(), (outcome ? std::string() : outcome.error().message()));
  CHECK_FALSE(network.world.loop().busy());
}

Task<std::error_code> error_of(Task<void> task) {
  const auto outcome = co_await as_result(std::move(task));
  co_return outcome ? std::error_code() : outcome.error();
}

Task<std::error_code> error_of(Task<Bytes> task) {
  const auto outcome = co_await as_result(std::move(task));
  co_return outcome ? std::error_code() : outcome.error();
}

Duration elapsed(TestNetwork& network, Instant since) {
  return network.world.clock().now() - since;
}

Task<void> message_arrives(TestNetwork&, Messenger& alice, Messenger& bob) {
  co_await alice.messaging->send_message(bob.info(), bob.node(), to_bytes("hello"));
  CHECK(bob.delivered.size() == 1);
  const auto stored = bob.stored();
  REQUIRE(stored.size() == 1);
  CHECK(stored[0].from_node == alice.node());
  CHECK(stored[0].from_peer == alice.host.peer_id());
  CHECK(to_text(stored[0].payload) == "hello");
  CHECK(stored[0].received_at - stored[0].sent_at == 50ms);
  CHECK(bob.delivered[0].number == stored[0].number);
  // And back over the same connection, to whoever is there.
  co_await bob.messaging->send_message(alice.info(), std::nullopt, Bytes());
  CHECK(alice.stored().size() == 1);
  CHECK(alice.host.connections().size() == 1);
  CHECK(alice.messaging->peer_of(bob.node()) == bob.host.peer_id());
  CHECK(bob.messaging->node_of(alice.host.peer_id()) == alice.node());
}

TEST_CASE("a message arrives, verified, and is stored before it is acknowledged") {
  run(message_arrives);
}

Task<void> count_round_trips(TestNetwork& network, Messenger& alice, Messenger& bob) {
  // A stranger: one round trip for the connection, one for its binding, one for the message.
  Instant start = network.world.clock().now();
  co_await alice.messaging->send_message(bob.info(), std::nullopt, to_bytes("1"));
  CHECK(elapsed(network, start) == 300ms);
  // Connected: one.
  start = network.world.clock().now();
  co_await alice.messaging->send_message(bob.info(), bob.node(), to_bytes("2"));
  CHECK(elapsed(network, start) == 100ms);
  // A new connection to a known node: the binding costs nothing, in either direction.
  for (const auto& connection : alice.host.connections()) connection->close();
  start = network.world.clock().now();
  co_await alice.messaging->send_message(bob.info(), bob.node(), to_bytes("3"));
  CHECK(elapsed(network, start) == 200ms);
  for (const auto& connection : alice.host.connections()) connection->close();
  start = network.world.clock().now();
  co_await bob.messaging->send_message(alice.info(), alice.node(), to_bytes("4"));
  CHECK(elapsed(network, start) == 200ms);
  CHECK(bob.stored().size() == 3);
}

TEST_CASE("the binding of a known node costs no round trip") {
  run(count_round_trips);
}

Task<void> wrong_node(TestNetwork&, Messenger& alice, Messenger& bob) {
  const NodeId other(test::sm2_key(9).public_key());
  CHECK(co_await error_of(alice.messaging->send_message(bob.info(), other, to_bytes("x"))) ==
        Errc::kBindingMismatch);
  co_await alice.messaging->send_message(bob.info(), bob.node(), to_bytes("y"));
  CHECK(co_await error_of(alice.messaging->send_message(bob.info(), other, to_bytes("x"))) ==
        Errc::kBindingMismatch);
  CHECK(bob.stored().size() == 1);
}

TEST_CASE("another node than the expected one gets nothing") {
  run(wrong_node);
}

Task<void> requests(TestNetwork&, Messenger& alice, Messenger& bob) {
  bob.messaging->serve("echo", echo);
  const Bytes answer =
      co_await alice.messaging->request(bob.info(), bob.node(), "echo", to_bytes("ping"), 10s);
  CHECK(to_text(answer) == "ping");
  CHECK(co_await error_of(alice.messaging->request(bob.info(), bob.node(), "nothing", Bytes(), 10s)) ==
        Errc::kNoSuchService);
  bob.messaging->stop_serving("echo");
  CHECK(co_await error_of(alice.messaging->request(bob.info(), bob.node(), "echo", Bytes(), 10s)) ==
        Errc::kNoSuchService);
  CHECK(bob.messaging->services().empty());
}

TEST_CASE("a request is answered by the service of its name") {
  run(requests);
}

Task<void> ask_large(Messenger& alice, Messenger& bob, std::uint8_t fill, int& done) {
  Bytes payload(10 * 1024 * 1024, fill);
  payload.back() = 1;
  Bytes sent = payload;
  const Bytes answer =
      co_await alice.messaging->request(bob.info(), std::nullopt, "echo", std::move(sent), 60s);
  CHECK(answer == payload);
  ++done;
}

Task<void> large_requests(TestNetwork& network, Messenger& alice, Messenger& bob) {
  bob.messaging->serve("echo", echo);
  TaskGroup group(network.world.loop().executor(), "test");
  int done = 0;
  group.spawn(ask_large(alice, bob, 7, done));
  group.spawn(ask_large(alice, bob, 8, done));
  co_await group.join();
  CHECK(done == 2);
  CHECK(co_await error_of(alice.messaging->send_message(bob.info(), std::nullopt,
                                                        Bytes(16 * 1024 * 1024 + 1))) == Errc::kTooLarge);
}

TEST_CASE("10 MiB come back unchanged, twice at once; over 16 MiB nothing is sent") {
  run(large_requests);
}

Task<Bytes> fail_with_reason(ServiceCall) {
  throw_error(Errc::kNotFound);
}

Task<Bytes> too_much(ServiceCall) {
  co_return Bytes(17 * 1024 * 1024);
}

Task<Bytes> never(Clock& clock) {
  co_await clock.sleep_for(1h);
  co_return Bytes();
}

Task<void> failing_services(TestNetwork& network, Messenger& alice, Messenger& bob) {
  bob.messaging->serve("fails", fail_with_reason);
  bob.messaging->serve("large", too_much);
  bob.messaging->serve("slow", [&](ServiceCall) { return never(network.world.clock()); });
  CHECK(co_await error_of(alice.messaging->request(bob.info(), std::nullopt, "fails", Bytes(), 10s)) ==
        Errc::kServiceFailed);
  CHECK(co_await error_of(alice.messaging->request(bob.info(), std::nullopt, "large", Bytes(), 10s)) ==
        Errc::kServiceFailed);
  CHECK(co_await error_of(alice.messaging->request(bob.info(), std::nullopt, "slow", Bytes(), 10s)) ==
        Errc::kTimedOut);
  CHECK(co_await error_of(alice.messaging->request(bob.info(), std::nullopt, "slow", Bytes(), 30min)) ==
        Errc::kServiceTimedOut);
}

TEST_CASE("a service that fails, or takes too long, says so") {
  run(failing_services);
}

Task<Bytes> wait_for(Event& gate, int& runs, ServiceCall call) {
  ++runs;
  co_await gate.wait();
  co_return std::move(call.payload);
}

Task<void> ask(Messenger& alice, Messenger& bob, std::vector<std::error_code>& outcomes) {
  const auto answer =
      co_await as_result(alice.messaging->request(bob.info(), std::nullopt, "gate", to_bytes("x"), 1min));
  outcomes.push_back(answer ? std::error_code() : answer.error());
}

Task<void> too_many_at_once(TestNetwork& network, Messenger& alice, Messenger& bob) {
  Event gate;
  int runs = 0;
  bob.messaging->serve("gate", [&](ServiceCall call) { return wait_for(gate, runs, std::move(call)); });
  TaskGroup group(network.world.loop().executor(), "test");
  std::vector<std::error_code> outcomes;
  for (int i = 0; i < 40; ++i) group.spawn(ask(alice, bob, outcomes));
  co_await network.world.clock().sleep_for(10s);
  CHECK(runs == 32);
  CHECK(outcomes == std::vector<std::error_code>(8, Errc::kLimitReached));
  gate.notify_all();
  co_await group.join();
  CHECK(outcomes.size() == 40);
  CHECK(runs == 32);
}

TEST_CASE("handlers of one peer are bounded, and the rest is told") {
  run(too_many_at_once);
}

Task<void> full_inbox(TestNetwork&, Messenger& alice, Messenger& bob) {
  co_await bob.stop();
  bob.inbox = value_or_throw(SqliteInbox::open(":memory:", {.messages_max = 1}));
  bob.start();
  co_await alice.messaging->send_message(bob.info(), std::nullopt, to_bytes("1"));
  const auto refused =
      co_await error_of(alice.messaging->send_message(bob.info(), std::nullopt, to_bytes("2")));
  CHECK(refused == Errc::kInboxFull);
  CHECK_FALSE(is_verification_refusal(refused));
  CHECK(bob.stored().size() == 1);
  CHECK(bob.inbox->acknowledge(1));
  co_await alice.messaging->send_message(bob.info(), std::nullopt, to_bytes("3"));
  CHECK(to_text(bob.stored().at(0).payload) == "3");
}

TEST_CASE("a full inbox refuses with its reason until the reader has read") {
  run(full_inbox);
}

Task<void> nobody_speaks_it(TestNetwork& network, Messenger& alice, Messenger& bob) {
  co_await bob.messaging->close();
  CHECK(co_await error_of(alice.messaging->send_message(bob.info(), std::nullopt, Bytes())) ==
        Errc::kNoBinding);
  CHECK(co_await error_of(alice.messaging->request(bob.info(), bob.node(), "echo", Bytes(), 10s)) ==
        Errc::kNoBinding);
  CHECK_FALSE(alice.messaging->node_of(bob.host.peer_id()));
  const PeerInfo stranger{PeerId::from_public_key(test::peer_key(99).public_key()), {}};
  CHECK(co_await error_of(alice.messaging->send_message(stranger, std::nullopt, Bytes())) ==
        Errc::kUnreachable);
  CHECK(network.world.clock().now() < Instant{} + 10s);
}

TEST_CASE("a peer without messaging is an error, not a wait") {
  run(nobody_speaks_it);
}

TEST_CASE("clocks that are five minutes apart are told to be") {
  TestNetwork network;
  Messenger alice(network, 1);
  Messenger bob(network, 2, {}, 5min);
  const auto scenario = [](Messenger& from, Messenger& to) {
    return error_of(from.messaging->send_message(to.info(), std::nullopt, to_bytes("x")));
  };
  // Bob's binding is from the future for alice; alice's is fine for bob, but her messages are too old.
  CHECK(network.world.run(scenario(alice, bob)) == Errc::kClockSkew);
  CHECK(network.world.run(scenario(bob, alice)) == Errc::kClockSkew);
  CHECK(alice.stored().empty());
  CHECK(bob.stored().empty());
  network.world.run(stop_both(alice, bob));
}

TEST_CASE("networks do not mix") {
  TestNetwork network;
  Messenger alice(network, 1);
  Messenger bob(network, 2, {.network = "other"});
  const auto refused =
      network.world.run(error_of(alice.messaging->send_message(bob.info(), bob.node(), to_bytes("x"))));
  CHECK(refused == Errc::kWrongNetwork);
  CHECK(is_verification_refusal(refused));
  CHECK(bob.stored().empty());
  network.world.run(stop_both(alice, bob));
}

}  // namespace
}  // namespace warren
