// Homes behind routers that nothing can punch, with a relay between them: whole nodes, real circuits. What a
// circuit carries, what it does not, and what becomes of a request whose circuit ends.
#include <doctest/doctest.h>

#include "warren/async/as_result.hpp"
#include "warren/node/test_suburb.hpp"

using namespace warren;
using test::holds_relay;
using test::Suburb;

namespace {

constexpr std::size_t kMega = 1024 * 1024;
constexpr std::string_view kSink = "/test/sink/1.0.0";

struct Outcome {
  std::error_code error;
  std::string what;
  std::size_t size = 0;
  bool done = false;
};

// One relay with the usual limits; bob, who answers, and alice, who asks. A server can be reached by both.
struct Homes : Suburb {
  explicit Homes(std::string_view alices_nat = "symmetric-random", relay::CircuitLimits limits = kUsual)
      : Suburb(0) {
    add_server("relay", [&](Config& config) { config.reachability.relay.circuit = limits; });
    world.loop().advance(2s);
    bob = &add_home("bob", "symmetric-random");
    bob->serve("work", [this](ServiceCall call) { return work(*this, std::move(call)); });
    bob->host().handle(ProtocolId(kSink),
                       [](ConnectionPtr, StreamPtr stream) { return drain(std::move(stream)); });
    world.loop().advance(7s);
    REQUIRE(holds_relay(*bob));
    if (alices_nat.empty()) {
      alice = &add_server("alice", [](Config& config) { config.reachability.relay_service = false; });
    } else {
      alice = &add_home("alice", alices_nat);
    }
    world.loop().advance(30s);  // what is asked twice right after bob's start has an unknown outcome
  }
  ~Homes() { world.run(group.join()); }

  static Task<Bytes> work(Homes& homes, ServiceCall call) {
    ++homes.runs;
    if (homes.takes > Duration::zero()) co_await homes.world.clock().sleep_for(homes.takes);
    if (homes.answer_size > 0) co_return Bytes(homes.answer_size, 7);
    co_return std::move(call.payload);
  }
  static Task<void> drain(StreamPtr stream) {
    std::array<std::uint8_t, 1024> buffer;
    std::size_t size = 1;
    while (size > 0) size = co_await stream->read_some(buffer);
  }
  static Task<void> ask(Homes& homes, std::size_t size, PathPolicy policy, Outcome& outcome) {
    const auto answer = co_await as_outcome(
        homes.alice->request(homes.bob->node_id(), "work", Bytes(size, 1), 10min, policy));
    outcome.done = true;
    if (answer) outcome.size = answer->size();
    if (!answer) outcome.error = answer.error().code();
    if (!answer) outcome.what = answer.error().what();
  }
  Outcome ask(std::size_t size, PathPolicy policy = PathPolicy::kAny) {
    Outcome outcome;
    const Instant began = world.clock().now();
    world.run(ask(*this, size, policy, outcome));
    took = world.clock().now() - began;
    return outcome;
  }
  void ask_meanwhile(std::size_t size, Outcome& outcome) {
    group.spawn(ask(*this, size, PathPolicy::kAny, outcome));
  }

  // More than the relay lets through.
  static Task<void> flood(ConnectionPtr circuit) {
    const StreamPtr stream = co_await circuit->open_stream(ProtocolId(kSink));
    const Bytes part(16 * 1024);
    for (int i = 0; i < 64; ++i) co_await stream->write(part);
  }
  std::vector<ConnectionPtr> paths() const { return alice->host().connections(bob->peer_id()); }

  static constexpr relay::CircuitLimits kUsual{.time_max = 2min, .bytes_max = 128 * 1024};

  Node* alice = nullptr;
  Node* bob = nullptr;
  int runs = 0;
  Duration takes{};
  std::size_t answer_size = 0;
  Duration took{};
  TaskGroup group{world.loop().executor(), "test"};
};

}  // namespace

TEST_CASE("messages, requests and pings pass over a circuit, and its limits are seen") {
  Homes net;
  CHECK(net.ask(1000).size == 1000);
  CHECK(net.took < 1500ms);
  REQUIRE(net.paths().size() == 1);
  CHECK(is_circuit(net.paths()[0]->remote_address()));
  REQUIRE(net.paths()[0]->circuit_budget() != nullptr);
  CHECK(net.paths()[0]->circuit_budget()->bytes_each_way_max == 128 * 1024);
  CHECK(net.paths()[0]->circuit_budget()->ends);
  net.world.run(net.alice->send_message(net.bob->node_id(), to_bytes(as_bytes("hello"))));
  net.world.run(net.alice->ping(net.bob->node_id()));
  CHECK(net.ask(10, PathPolicy::kDirectOnly).error);
}

TEST_CASE("10 MiB over a circuit of 128 KiB: told at once, and what would help") {
  Homes net;
  REQUIRE(net.ask(10).size == 10);
  const Outcome outcome = net.ask(10 * kMega);
  CHECK(outcome.error == Errc::kLimitedByBudget);
  CHECK(net.took <= 3s);
  CHECK_MESSAGE(outcome.what.contains("needs 10486"), outcome.what);
  CHECK_MESSAGE(outcome.what.contains("carries 131072 bytes"), outcome.what);
  CHECK(net.runs == 1);
  // Once it is known that there is no direct path, without any delay.
  CHECK(net.ask(10 * kMega).error == Errc::kLimitedByBudget);
  CHECK(net.took < 500ms);
  CHECK(net.ask(10).size == 10);
}

TEST_CASE("10 MiB move to a direct path when there is one beside the circuit") {
  Homes net("");                                                            // alice can be dialed, bob can't
  for (const ConnectionPtr& connection : net.paths()) connection->close();  // the DHT may have led bob here
  REQUIRE(net.ask(10).size == 10);
  REQUIRE(is_circuit(net.paths().at(0)->remote_address()));
  net.world.run(net.bob->connect(Target(PeerInfo{net.alice->peer_id(), net.alice->addresses()}),
                                 PathPolicy::kPreferDirect));
  net.answer_size = 10;
  CHECK(net.ask(10 * kMega).size == 10);
  CHECK(net.runs == 2);
  CHECK_FALSE(is_circuit(net.paths().at(0)->remote_address()));
}

TEST_CASE("an answer of 1 MiB does not fit: it is told, not cut off") {
  Homes net;
  net.answer_size = kMega;
  const Outcome outcome = net.ask(10);
  CHECK(outcome.error == Errc::kLimitedByBudget);
  CHECK_MESSAGE(outcome.what.contains("the answer needs"), outcome.what);
  CHECK(net.runs == 1);
  net.answer_size = 0;
  CHECK(net.ask(10).size == 10);
}

TEST_CASE("ten requests of 60 KiB, one after the other and all at once, pass over circuits of 128 KiB") {
  Homes net;
  for (int i = 0; i < 5; ++i) CHECK(net.ask(60'000).size == 60'000);
  std::array<Outcome, 5> outcomes;
  for (Outcome& outcome : outcomes) net.ask_meanwhile(60'000, outcome);
  net.world.loop().advance(1min);
  for (const Outcome& outcome : outcomes) CHECK_MESSAGE(outcome.size == 60'000, outcome.what);
  CHECK(net.runs == 10);
}

TEST_CASE("a circuit that ends by time in the middle of a request") {
  Homes net("symmetric-random", {.time_max = 20s, .bytes_max = 128 * 1024});
  net.takes = 30s;
  Outcome outcome;
  net.ask_meanwhile(10, outcome);
  net.world.loop().advance(10s);
  REQUIRE(net.runs == 1);
  SUBCASE("another one brings the answer, and it ran once") {
    net.world.loop().advance(25s);
    CHECK(outcome.size == 10);
  }
  SUBCASE("the relay is gone, too: it may have run, and nobody waits for the time limit") {
    net.world.run(net.nodes[0]->stop());
    net.world.loop().advance(20s);
    CHECK(outcome.error == Errc::kOutcomeUnknown);
    CHECK_MESSAGE(outcome.what.contains("the circuit ended"), outcome.what);
  }
  CHECK(outcome.done);
  CHECK(net.runs == 1);
}

TEST_CASE("a circuit that ends by bytes in the middle of a request") {
  Homes net;
  net.takes = 30s;
  Outcome outcome;
  net.ask_meanwhile(10, outcome);
  net.world.loop().advance(10s);
  REQUIRE(net.runs == 1);
  const ConnectionPtr circuit = net.paths().at(0);
  const auto flooded = net.world.run(as_result(Homes::flood(circuit)));
  net.world.loop().advance(1s);
  CHECK_FALSE(flooded);
  CHECK_FALSE(circuit->is_open());
  net.world.loop().advance(25s);
  CHECK_MESSAGE(outcome.size == 10, outcome.what);
  CHECK(net.runs == 1);
}
