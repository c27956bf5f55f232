// A large request under way while one of the two moves to another network: it is answered with exact
// bytes, and runs once, though the relays carry far too little of it.
#include <doctest/doctest.h>

#include "warren/async/as_result.hpp"
#include "warren/node/test_suburb.hpp"

using namespace warren;
using test::holds_relay;
using test::Suburb;

namespace {

// Far more than relays carry, and quick to simulate; 16 MiB is the laboratory's (test/net).
constexpr std::size_t kLarge = 2 * 1024 * 1024;
// What each way takes, on a line that is as fast as that.
constexpr std::uint64_t kSeconds = 3;

enum class Mover { kAsker, kAsked };
// When the move comes: while the request is sent, while it runs, while the answer comes.
enum class Phase { kUpload, kExecution, kDownload };

struct LargeOutcome {
  std::error_code error;
  std::string what;
  Bytes answer;
  bool done = false;
};

// Two homes with a direct path, and relays of the usual limits.
struct Movers : Suburb {
  Movers(std::uint64_t seed, std::size_t size) : Suburb(0, seed) {
    for (int i = 0; i < 3; ++i) add_server("relay" + std::to_string(i));
    world.loop().advance(2s);
    bob = &add_home("bob", "port-restricted");
    bob->serve("work", [this](ServiceCall call) { return work(*this, std::move(call)); });
    alice = &add_home("alice", "port-restricted");
    world.set_link(*machines[3], *machines[4], {.delay = 20ms, .rate = 8 * size / kSeconds});
    spare = &world.add_router("spare", *sim::NatOptions::of_type("port-restricted"),
                              IpAddress::v4({99, 3, 3, 3}));
    world.loop().advance(60s);
    REQUIRE(holds_relay(*bob));
    REQUIRE(holds_relay(*alice));
    world.run(alice->connect(bob->node_id()));
    for (int i = 0; i < 100 && !is_direct(); ++i) world.loop().advance(100ms);
    REQUIRE(is_direct());
    world.loop().advance(5s);
  }
  ~Movers() { world.run(group.join()); }

  static Task<Bytes> work(Movers& net, ServiceCall call) {
    ++net.runs;
    net.running = true;
    co_await net.world.clock().sleep_for(5s);
    net.running = false;
    co_return std::move(call.payload);
  }
  static Task<void> ask(Movers& net, Bytes payload, Duration timeout, LargeOutcome& outcome) {
    const auto answer =
        co_await as_outcome(net.alice->request(net.bob->node_id(), "work", std::move(payload), timeout));
    outcome.done = true;
    if (answer) outcome.answer = *answer;
    if (!answer) outcome.error = answer.error().code();
    if (!answer) outcome.what = answer.error().what();
  }
  bool is_direct() const {
    const auto open = alice->host().connections(bob->peer_id());
    return std::ranges::any_of(open, [](const auto& each) { return !is_circuit(each->remote_address()); });
  }
  void wait_until(Phase phase) {
    if (phase != Phase::kUpload) {
      for (int i = 0; i < 1000 && runs == 0; ++i) world.loop().advance(100ms);
      REQUIRE(runs == 1);
    }
    if (phase == Phase::kDownload) {
      for (int i = 0; i < 1000 && running; ++i) world.loop().advance(100ms);
      REQUIRE_FALSE(running);
    }
    world.loop().advance(1500ms);
  }
  void move(Mover who) {
    world.move_behind(*machines[who == Mover::kAsked ? 3 : 4], spare, {IpAddress::v4({10, 0, 0, 7})});
  }

  Node* alice = nullptr;
  Node* bob = nullptr;
  sim::Router* spare = nullptr;
  bool running = false;
  int runs = 0;
  TaskGroup group{world.loop().executor(), "test"};
};

Bytes random_bytes(std::uint64_t seed, std::size_t size) {
  sim::SeededRandom random(seed);
  Bytes bytes(size);
  random.fill(bytes);
  return bytes;
}

void move_during(Phase phase, Mover mover, std::uint64_t seed, std::size_t size) {
  LargeOutcome outcome;
  Movers net(seed, size);
  const Bytes payload = random_bytes(seed, size);
  net.group.spawn(Movers::ask(net, payload, 1min, outcome));
  net.wait_until(phase);
  CHECK_FALSE(outcome.done);
  net.move(mover);
  for (int i = 0; i < 90 && !outcome.done; ++i) net.world.loop().advance(1s);
  CHECK_MESSAGE(outcome.answer == payload, outcome.what);
  CHECK(outcome.error == std::error_code());
  CHECK(net.runs == 1);
}

}  // namespace

TEST_CASE("a large request, while one of the two moves: exact bytes, executed once") {
  std::uint64_t seed = 0;
  for (const Mover mover : {Mover::kAsker, Mover::kAsked}) {
    for (const Phase phase : {Phase::kUpload, Phase::kExecution, Phase::kDownload}) {
      ++seed;
      CAPTURE(seed);
      move_during(phase, mover, seed, kLarge);
    }
  }
}
