// Two homes with a direct path and a relayed one: whole nodes, real circuits, real heartbeats. A path is cut
// under a request: the other one takes over within five seconds, and what was asked runs once.
#include <doctest/doctest.h>

#include "warren/async/as_result.hpp"
#include "warren/node/test_suburb.hpp"

using namespace warren;
using test::holds_relay;
using test::Suburb;

namespace {

struct MovedOutcome {
  std::error_code error;
  std::string what;
  Bytes answer;
  Instant ended{};
  bool done = false;
};

Bytes pattern(std::size_t size) {
  Bytes bytes(size);
  for (std::size_t i = 0; i < size; ++i) bytes[i] = static_cast<std::uint8_t>(i * 7 + i / 251);
  return bytes;
}

// Both are behind routers, through which they punch when they have met at the relay. Alice asks, bob answers.
struct Moving : Suburb {
  Moving() : Suburb(0) {
    add_server("relay", [](Config& config) { config.reachability.relay.circuit = {}; });
    world.loop().advance(2s);
    bob = &add_home("bob", "port-restricted");
    bob->serve("work", [this](ServiceCall call) { return work(*this, std::move(call)); });
    world.loop().advance(7s);
    REQUIRE(holds_relay(*bob));
    alice = &add_home("alice", "port-restricted");
    world.loop().advance(30s);  // what is asked twice right after bob's start has an unknown outcome
  }
  ~Moving() { world.run(group.join()); }

  static Task<Bytes> work(Moving& net, ServiceCall call) {
    ++net.runs;
    co_await net.world.clock().sleep_for(net.takes);
    co_return std::move(call.payload);
  }
  static Task<void> ask(Moving& net, Bytes payload, MovedOutcome& outcome) {
    const auto answer =
        co_await as_outcome(net.alice->request(net.bob->node_id(), "work", std::move(payload), 10min));
    outcome.done = true;
    outcome.ended = net.world.clock().now();
    if (answer) outcome.answer = *answer;
    if (!answer) outcome.error = answer.error().code();
    if (!answer) outcome.what = answer.error().what();
  }
  static Task<void> tell(Moving& net, std::string text, MovedOutcome& outcome) {
    const auto sent = co_await as_outcome(net.alice->send_message(net.bob->node_id(), to_bytes(text)));
    outcome.done = true;
    outcome.ended = net.world.clock().now();
    if (!sent) outcome.error = sent.error().code();
    if (!sent) outcome.what = sent.error().what();
  }
  // Over the relay.
  void connect() {
    world.run(alice->connect(bob->node_id()));
    REQUIRE(relayed());
  }
  // A moment later there is a direct path, too.
  void connect_both() {
    connect();
    add_direct();
  }
  void add_direct() {
    for (int i = 0; i < 100 && !direct(); ++i) world.loop().advance(100ms);
    REQUIRE(direct());
    REQUIRE(relayed());
  }
  ConnectionPtr path(bool over_relay) const {
    for (ConnectionPtr& connection : alice->host().connections(bob->peer_id())) {
      if (is_circuit(connection->remote_address()) == over_relay) return std::move(connection);
    }
    return nullptr;
  }
  ConnectionPtr direct() const { return path(false); }
  ConnectionPtr relayed() const { return path(true); }
  void cut_direct() { world.cut(*machines[1], *machines[2]); }
  void mend_direct() { world.mend(*machines[1], *machines[2]); }
  void cut_relayed() { world.cut(*machines[0], *machines[1]); }

  Node* alice = nullptr;
  Node* bob = nullptr;
  Duration takes = 2s;
  int runs = 0;
  TaskGroup group{world.loop().executor(), "test"};
};

}  // namespace

TEST_CASE("the direct path is cut under a request: answered over the relay within five seconds, run once") {
  MovedOutcome outcome;
  MovedOutcome message;
  Moving net;
  net.connect_both();
  net.group.spawn(Moving::ask(net, to_bytes("x"), outcome));
  net.world.loop().advance(1s);
  REQUIRE(net.runs == 1);
  net.cut_direct();
  const Instant cut = net.world.clock().now();
  net.world.loop().advance(500ms);
  net.group.spawn(Moving::tell(net, "once", message));
  net.world.loop().advance(10s);
  CHECK_MESSAGE(outcome.answer == to_bytes("x"), outcome.what);
  CHECK(outcome.ended - cut <= 5s);
  CHECK(net.runs == 1);
  CHECK(message.done);
  CHECK_FALSE(message.error);
  CHECK(message.ended - cut <= 5s);
  CHECK(net.world.run(net.bob->inbox(0, 10)).size() == 1);
  CHECK_FALSE(net.direct());
}

TEST_CASE("an idle direct path is cut: the next request takes the relay within five seconds") {
  MovedOutcome outcome;
  Moving net;
  net.takes = 0s;
  net.connect_both();
  net.world.loop().advance(30s);
  net.cut_direct();
  net.world.loop().advance(1s);
  const Instant asked = net.world.clock().now();
  net.group.spawn(Moving::ask(net, to_bytes("x"), outcome));
  net.world.loop().advance(10s);
  CHECK_MESSAGE(outcome.answer == to_bytes("x"), outcome.what);
  CHECK(outcome.ended - asked <= 5s);
}

TEST_CASE("what began on the relayed path ends there, unharmed") {
  MovedOutcome outcome;
  Moving net;
  net.takes = 30s;
  net.connect();
  net.group.spawn(Moving::ask(net, to_bytes("x"), outcome));
  net.world.loop().advance(200ms);
  REQUIRE(net.runs == 1);
  REQUIRE_FALSE(net.direct());
  net.add_direct();
  net.world.loop().advance(15s);
  CHECK_FALSE(outcome.done);
  net.cut_direct();  // it does not matter
  net.world.loop().advance(20s);
  CHECK_MESSAGE(outcome.answer == to_bytes("x"), outcome.what);
  CHECK(net.runs == 1);
}

TEST_CASE("the relay is lost under a request that began there: it moves to the direct path") {
  MovedOutcome outcome;
  Moving net;
  net.takes = 20s;
  net.connect();
  net.group.spawn(Moving::ask(net, to_bytes("x"), outcome));
  net.world.loop().advance(200ms);
  REQUIRE_FALSE(net.direct());
  net.add_direct();
  net.cut_relayed();
  net.world.loop().advance(30s);
  CHECK_MESSAGE(outcome.answer == to_bytes("x"), outcome.what);
  CHECK(net.runs == 1);
}

TEST_CASE("2 MiB whose direct path is cut in the middle: exact bytes over the relay, once") {
  MovedOutcome outcome;
  Moving net;
  net.connect_both();
  const Bytes payload = pattern(2 * 1024 * 1024);
  net.group.spawn(Moving::ask(net, payload, outcome));
  net.world.loop().advance(150ms);
  REQUIRE_FALSE(outcome.done);
  REQUIRE(net.runs == 0);
  net.cut_direct();
  net.world.loop().advance(40s);
  CHECK_MESSAGE(outcome.done, "still under way");
  if (outcome.error) MESSAGE(outcome.what);
  CHECK(outcome.answer.size() == payload.size());
  CHECK(outcome.answer == payload);
  CHECK(net.runs == 1);
}
