#include "warren/protocols/ping/ping.hpp"

#include <doctest/doctest.h>

#include "warren/async/as_result.hpp"
#include "warren/async/cancellation.hpp"
#include "warren/async/task_group.hpp"
#include "warren/sim/for_each_failure.hpp"
#include "warren/sim/loop.hpp"
#include "warren/sim/pipe.hpp"
#include "warren/swarm/test_node.hpp"

using namespace warren;

namespace {

Task<void> ping_times(Env* env, ByteStream* stream, int times, Duration expected) {
  for (int i = 0; i < times; ++i) {
    const Duration measured = co_await ping::ping(*env, *stream);
    CHECK(measured == expected);
  }
  co_await stream->close_write();
}

Task<void> conversation(Env* env, StreamPtr near, StreamPtr far, Duration expected) {
  TaskGroup answering(env->executor, "test");
  answering.spawn(ping::answer(env->clock, std::move(far)));
  co_await finally(ping_times(env, near.get(), 3, expected), answering.join());
}

Task<void> echo_wrongly(StreamPtr stream) {
  Bytes payload(ping::kPayloadSize);
  co_await read_exactly(*stream, payload);
  payload[31] ^= 1;
  co_await stream->write(payload);
}

Task<void> pings_with_faults(sim::Loop& loop, sim::Faults& faults) {
  sim::SeededRandom random(1);
  InlineOffload offload;
  sim::World unused(1);
  Env env{loop.executor(), loop.clock(), random, unused.add_machine("none").env().network, offload};
  auto ends = sim::pipe(loop, {.faults = &faults});
  TaskGroup answering(env.executor, "test");
  answering.spawn(ping::answer(env.clock, std::move(ends.second)));
  const Duration none{};
  co_await finally(ping_times(&env, ends.first.get(), 2, none), answering.join());
}

// Answers, and counts how many it answers at once.
struct CountingServer {
  Task<void> serve(Clock* clock, StreamPtr stream) {
    most = std::max(most, ++now);
    co_await ping::answer(*clock, std::move(stream));
    --now;
  }
  int now = 0;
  int most = 0;
};

Task<void> ping_in_a_row(Env* env, ConnectionPtr connection, int times) {
  for (int i = 0; i < times; ++i) co_await ping::ping(*env, connection);
}

}  // namespace

TEST_CASE("pings in a row have one stream at a time, as go-libp2p demands") {
  sim::World world(1);
  TestNode alice(world.add_machine("alice"));
  TestNode bob(world.add_machine("bob"));
  CountingServer server;
  bob.host.handle(ProtocolId(ping::kProtocol), [&](ConnectionPtr, StreamPtr stream) {
    return server.serve(&bob.machine.env().clock, std::move(stream));
  });
  const ConnectionPtr connection = world.run(alice.host.connect(bob.listen()));
  world.run(ping_in_a_row(&alice.machine.env(), connection, 5));
  CHECK(server.most == 1);
  world.run(alice.host.close());
  world.run(bob.host.close());
}

TEST_CASE("ping measures the round trip, again and again on one stream") {
  sim::World world(1);
  Env& env = world.add_machine("alice").env();
  auto [near, far] = sim::pipe(world.loop(), {.delay = 25ms});
  world.run(conversation(&env, std::move(near), std::move(far), 50ms));
}

TEST_CASE("another echo than the ping is malformed, and silence times out") {
  sim::World world(1);
  Env& env = world.add_machine("alice").env();
  auto [near, far] = sim::pipe(world.loop());
  TaskGroup group(env.executor, "test");
  group.spawn(echo_wrongly(std::move(far)));
  CHECK(world.run(as_result(ping::ping(env, *near))).error() == Errc::kMalformed);
  world.run(group.close());

  auto [silent_near, silent_far] = sim::pipe(world.loop());
  CHECK(world.run(as_result(ping::ping(env, *silent_near))).error() == Errc::kTimedOut);
}

TEST_CASE("a stream on which nobody pings is given up") {
  sim::World world(1);
  Env& env = world.add_machine("alice").env();
  auto [near, far] = sim::pipe(world.loop());
  CHECK(world.run(as_result(ping::answer(env.clock, std::move(far)))).error() == Errc::kTimedOut);
  CHECK(world.clock().now() == Instant{} + ping::kIdleTimeout);
}

TEST_CASE("ping fails cleanly at each step") {
  // Two pings are eight reads and writes; what fails after them is the good-bye, which the pinging side need
  // not see.
  sim::for_each_failure(pings_with_faults, [](std::uint64_t operation, const Result<>& outcome) {
    if (operation <= 8) sim::must_be_error(operation, outcome);
  });
}
