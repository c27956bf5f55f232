// Messages and requests to a peer that is reached through a relay, whose limits let a circuit carry so much.
#include <doctest/doctest.h>

#include "warren/async/as_result.hpp"
#include "warren/messaging/path_choice.hpp"
#include "warren/messaging/test_messenger.hpp"
#include "warren/messaging/travel.hpp"

namespace warren {
namespace {

using test::CircuitRules;
using test::kUsualCircuit;
using test::Messenger;
using test::TestNetwork;

constexpr std::size_t kMega = 1024 * 1024;

// A service that doubles nothing, waits if it is told to, and counts.
struct Service {
  explicit Service(Clock& clock) : clock(clock) {}

  static Task<Bytes> answer(Service& service, ServiceCall call) {
    ++service.runs;
    if (service.takes > Duration::zero()) co_await service.clock.sleep_for(service.takes);
    if (service.answer_size > 0) co_return Bytes(service.answer_size, 7);
    co_return std::move(call.payload);
  }
  ServiceHandler handler() {
    return [this](ServiceCall call) { return answer(*this, std::move(call)); };
  }

  Clock& clock;
  Duration takes{};
  std::size_t answer_size = 0;  // 0: an echo
  int runs = 0;
};

struct CallOutcome {
  std::error_code error;
  std::string what;
  std::size_t size = 0;
  bool done = false;
};

// Alice, who asks, and bob, who is behind a relay.
struct Relayed {
  explicit Relayed(CircuitRules rules = kUsualCircuit)
      : alice(with(rules), 1), bob(network, 2), service(bob.host.clock) {
    bob.messaging->serve("service", service.handler());
  }
  ~Relayed() {
    network.world.run(group.join());
    network.world.run(alice.stop());
    network.world.run(bob.stop());
    CHECK_FALSE(network.world.loop().busy());
  }
  TestNetwork& with(CircuitRules rules) {
    network.direct = false;
    network.circuits = rules;
    return network;
  }

  static Task<void> ask(Relayed& net, std::size_t size, CallOptions options, CallOutcome& outcome) {
    const auto answer = co_await as_outcome(net.alice.messaging->request(
        net.bob.info(), std::nullopt, "service", Bytes(size, 1), 10min, options));
    outcome.done = true;
    if (answer) outcome.size = answer->size();
    if (!answer) outcome.error = answer.error().code();
    if (!answer) outcome.what = answer.error().what();
  }
  static Task<void> tell(Relayed& net, std::size_t size, CallOptions options, CallOutcome& outcome) {
    const auto sent = co_await as_outcome(
        net.alice.messaging->send_message(net.bob.info(), std::nullopt, Bytes(size, 1), options));
    outcome.done = true;
    if (sent) outcome.size = size;
    if (!sent) outcome.error = sent.error().code();
    if (!sent) outcome.what = sent.error().what();
  }
  CallOutcome ask(std::size_t size, CallOptions options = {}) {
    CallOutcome outcome;
    const Instant start = network.world.clock().now();
    network.world.run(ask(*this, size, options, outcome));
    took = network.world.clock().now() - start;
    return outcome;
  }
  CallOutcome tell(std::size_t size, CallOptions options = {}) {
    CallOutcome outcome;
    network.world.run(tell(*this, size, options, outcome));
    return outcome;
  }
  void ask_meanwhile(std::size_t size, CallOutcome& outcome) { group.spawn(ask(*this, size, {}, outcome)); }
  std::vector<ConnectionPtr> connections() const { return alice.host.connections(); }

  TestNetwork network;
  Messenger alice;
  Messenger bob;
  Service service;
  TaskGroup group{network.world.loop().executor(), "test"};
  Duration took{};
};

TEST_CASE("messages and requests pass over a circuit, with the bindings, in both directions") {
  Relayed net;
  CHECK(net.tell(1000).size == 1000);
  CHECK(net.bob.stored().size() == 1);
  CHECK(net.ask(1000).size == 1000);
  CHECK(net.alice.messaging->node_of(net.bob.host.peer_id()) == net.bob.node());
  CHECK(net.bob.messaging->node_of(net.alice.host.peer_id()) == net.alice.node());
  net.network.world.run(net.bob.messaging->send_message(net.alice.info(), net.alice.node(), Bytes(10)));
  CHECK(net.connections().size() == 1);
}

TEST_CASE("10 MiB do not fit into 128 KiB: told at once, with the figures, and the circuit lives on") {
  Relayed net;
  REQUIRE(net.ask(10).size == 10);
  net.network.world.loop().advance(Travel::kPunchTime);
  const CallOutcome outcome = net.ask(10 * kMega);
  CHECK(outcome.error == Errc::kLimitedByBudget);
  CHECK(net.took == Duration::zero());
  CHECK_MESSAGE(outcome.what.contains("needs 10486"), outcome.what);
  CHECK_MESSAGE(outcome.what.contains("carries 131072 bytes each way"), outcome.what);
  CHECK(net.service.runs == 1);
  CHECK(net.tell(10 * kMega).error == Errc::kLimitedByBudget);
  CHECK(net.bob.stored().empty());
  CHECK(net.ask(10).size == 10);
  CHECK(net.connections().size() == 1);
}

TEST_CASE("10 MiB on a circuit just opened wait a moment for the direct path that may follow") {
  Relayed net;
  SUBCASE("it comes") {
    CallOutcome outcome;
    net.ask_meanwhile(10 * kMega, outcome);
    net.network.world.loop().advance(1s);
    REQUIRE(net.connections().size() == 1);
    REQUIRE(net.service.runs == 0);
    net.network.direct = true;
    net.network.world.loop().advance(1min);
    CHECK(outcome.size == 10 * kMega);
  }
  SUBCASE("it does not") {
    CHECK(net.ask(10 * kMega).error == Errc::kLimitedByBudget);
    CHECK(net.took <= Travel::kPunchTime + 1s);
  }
}

TEST_CASE("10 MiB take a direct path when there is one, though a circuit is open") {
  Relayed net;
  REQUIRE(net.ask(10).size == 10);
  net.network.direct = true;
  CHECK(net.ask(10 * kMega).size == 10 * kMega);
  CHECK(net.tell(10 * kMega).size == 10 * kMega);
  REQUIRE(net.connections().size() == 2);
  CHECK(net.connections()[0]->circuit_budget() != nullptr);
  CHECK(net.connections()[0]->circuit_budget()->sent < 10'000);
  CHECK(net.service.runs == 2);
}

TEST_CASE("a relay without limits carries anything") {
  Relayed net(CircuitRules{});
  CHECK(net.ask(10 * kMega).size == 10 * kMega);
  CHECK(net.connections().size() == 1);
}

TEST_CASE("the policy of a call: direct only is an error over a relay, prefer direct is not") {
  Relayed net;
  CHECK(net.ask(10, {PathPolicy::kDirectOnly}).error == Errc::kNoDirectPath);
  CHECK(net.tell(10, {PathPolicy::kDirectOnly}).error == Errc::kNoDirectPath);
  CHECK(net.ask(10, {PathPolicy::kPreferDirect}).size == 10);
  CHECK(net.ask(10, {PathPolicy::kDirectOnly}).error == Errc::kNoDirectPath);
  net.network.direct = true;
  CHECK(net.tell(10).size == 10);
  CHECK(net.connections().size() == 1);
  CHECK(net.tell(10, {PathPolicy::kPreferDirect}).size == 10);
  CHECK(net.connections().size() == 2);
}

TEST_CASE("an answer that the circuit cannot carry is refused, and fetched over another path: it ran once") {
  Relayed net;
  net.service.answer_size = kMega;
  SUBCASE("no other path: the caller learns how much it was") {
    const CallOutcome outcome = net.ask(10);
    CHECK(outcome.error == Errc::kLimitedByBudget);
    CHECK_MESSAGE(outcome.what.contains("the answer needs 1049"), outcome.what);
    CHECK(net.ask(0).error == Errc::kLimitedByBudget);  // the circuit was not broken by it
    CHECK(net.connections().size() == 1);
    CHECK(net.service.runs == 2);
  }
  SUBCASE("a direct path comes up while the service works") {
    net.service.takes = 10s;
    CallOutcome outcome;
    net.ask_meanwhile(10, outcome);
    net.network.world.loop().advance(5s);
    REQUIRE(net.service.runs == 1);
    net.network.direct = true;
    net.network.world.loop().advance(6s);
    CHECK(outcome.size == kMega);
    CHECK(net.service.runs == 1);
  }
}

TEST_CASE("what fits into a circuit, but not into what is left of this one, gets a new one") {
  Relayed net;
  CHECK(net.ask(80'000).size == 80'000);
  const ConnectionPtr first = net.connections().front();
  CHECK(net.ask(80'000).size == 80'000);
  CHECK_FALSE(first->is_open());
  CHECK(net.connections().size() == 1);
  net.service.answer_size = 100'000;
  CHECK(net.ask(10).size == 100'000);
  CHECK(net.service.runs == 3);
}

TEST_CASE("what fits one by one, but not together, goes one after the other") {
  Relayed net;
  net.service.takes = 10s;
  std::array<CallOutcome, 3> outcomes;
  for (CallOutcome& outcome : outcomes) net.ask_meanwhile(80'000, outcome);
  net.network.world.loop().advance(1min);
  for (const CallOutcome& outcome : outcomes) {
    CHECK_MESSAGE(outcome.size == 80'000, outcome.what);
  }
  CHECK(net.service.runs == 3);
}

TEST_CASE("a circuit that ends in the middle of a request, by time") {
  Relayed net({.bytes_each_way_max = 128 * 1024, .time_max = 20s});
  net.service.takes = 30s;
  CallOutcome outcome;
  net.ask_meanwhile(10, outcome);
  net.network.world.loop().advance(10s);
  REQUIRE(net.service.runs == 1);
  SUBCASE("another circuit brings the answer") {
    net.network.world.loop().advance(25s);
    CHECK(outcome.size == 10);
  }
  SUBCASE("many of them do, when the service takes that long") {
    net.service.takes = 100s;
    CallOutcome long_one;
    net.ask_meanwhile(20, long_one);
    net.network.world.loop().advance(3min);
    CHECK(outcome.size == 10);
    CHECK(long_one.size == 20);
    CHECK(net.service.runs == 2);
    return;
  }
  SUBCASE("a direct path does") {
    net.network.direct = true;
    net.network.world.loop().advance(25s);
    CHECK(outcome.size == 10);
  }
  SUBCASE("no path: it may have run, and that is told at once") {
    net.network.circuits.reset();
    net.network.world.loop().advance(11s);
    CHECK(outcome.error == Errc::kOutcomeUnknown);
    CHECK_MESSAGE(outcome.what.contains("the circuit ended"), outcome.what);
  }
  CHECK(outcome.done);
  CHECK(net.service.runs == 1);
}

// Bob's end of the circuit does what a peer can do who counts otherwise.
void use_up(Relayed& net) {
  const auto connections = net.bob.host.connections();
  auto& connection = dynamic_cast<test::TestConnection&>(*connections.at(0));
  while (connection.send(1024)) {
  }
}

TEST_CASE("a circuit that ends in the middle of a request, by bytes") {
  Relayed net;
  net.service.takes = 30s;
  CallOutcome outcome;
  net.ask_meanwhile(10, outcome);
  net.network.world.loop().advance(10s);
  REQUIRE(net.service.runs == 1);
  SUBCASE("another circuit brings the answer") {
    use_up(net);
    net.network.world.loop().advance(25s);
    CHECK(outcome.size == 10);
  }
  SUBCASE("no path: it may have run") {
    net.network.circuits.reset();
    use_up(net);
    net.network.world.loop().advance(1s);
    CHECK(outcome.error == Errc::kOutcomeUnknown);
  }
  CHECK(net.service.runs == 1);
}

TEST_CASE("a circuit that ends before the request is sent: it surely has not run") {
  Relayed net;
  REQUIRE(net.ask(10).size == 10);
  // More than the pipe takes at once, so that it is on its way for a while.
  net.network.circuits->bytes_each_way_max = 4 * kMega;
  net.connections().front()->close();
  CallOutcome outcome;
  net.ask_meanwhile(3 * kMega, outcome);
  net.network.world.loop().advance(120ms);
  REQUIRE(net.connections().size() == 1);
  REQUIRE(net.connections().front()->circuit_budget()->sent > 0);
  REQUIRE(net.connections().front()->circuit_budget()->sent < 3 * kMega);
  net.network.circuits.reset();
  net.connections().front()->close();
  net.network.world.loop().advance(1s);
  CHECK(outcome.error == Errc::kLimitedByBudget);
  CHECK_MESSAGE(outcome.what.contains("were sent"), outcome.what);
  CHECK(net.service.runs == 1);
}

TEST_CASE("a message whose acknowledgement is lost with its circuit is there once, and known to be") {
  Relayed net;
  int stored = 0;
  const auto subscription = net.bob.messaging->on_message([&](const InboxMessage&) {
    ++stored;
    for (const auto& connection : net.bob.host.connections()) connection->close();
  });
  CHECK(net.tell(10).size == 10);
  CHECK(stored == 1);
  CHECK(net.bob.stored().size() == 1);
}

TEST_CASE("a message whose circuit ended, and there is no other: the outcome is unknown") {
  Relayed net;
  const auto subscription = net.bob.messaging->on_message([&](const InboxMessage&) {
    net.network.circuits.reset();
    for (const auto& connection : net.bob.host.connections()) connection->close();
  });
  CHECK(net.tell(10).error == Errc::kOutcomeUnknown);
  CHECK(net.bob.stored().size() == 1);
}

}  // namespace
}  // namespace warren
