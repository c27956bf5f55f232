#include "warren/protocols/perf/server.hpp"

#include <doctest/doctest.h>

#include "warren/async/as_result.hpp"
#include "warren/async/task_group.hpp"
#include "warren/swarm/test_node.hpp"

using namespace warren;

namespace {

constexpr std::uint64_t kEndless = std::numeric_limits<std::uint64_t>::max();

// Alice is connected to bob, and so is carol.
struct Three {
  Three() : to_bob(world.run(alice.host.connect(bob.listen()))) {
    from_carol = world.run(carol.host.connect({bob.host.peer_id(), bob.host.addresses()}));
  }
  ~Three() {
    world.run(alice.host.close());
    world.run(carol.host.close());
    world.run(bob.host.close());
  }

  void wait() { world.run(world.clock().sleep_for(1s)); }

  std::error_code run(const ConnectionPtr& connection) {
    const auto report = world.run(as_result(perf::run(world.clock(), connection, perf::Plan{})));
    return report ? std::error_code() : report.error();
  }

  sim::World world{3};
  TestNode alice{world.add_machine("alice")};
  TestNode bob{world.add_machine("bob")};
  TestNode carol{world.add_machine("carol")};
  std::optional<perf::Server> server;
  ConnectionPtr to_bob;
  ConnectionPtr from_carol;
};

bool all(const Connection&) {
  return true;
}

Task<void> download_forever(Clock* clock, ConnectionPtr connection, std::error_code* ended) {
  const perf::Plan plan{.download_bytes = kEndless};
  const auto report = co_await as_result(perf::run(*clock, connection, plan));
  if (!report) *ended = report.error();
}

// Asks for a run, and then does nothing for it but waits.
Task<StreamPtr> begin_upload(ConnectionPtr connection) {
  StreamPtr stream = co_await connection->open_stream(ProtocolId(perf::kProtocol));
  const Bytes header(8);
  co_await stream->write(header);
  co_return stream;
}

}  // namespace

TEST_CASE("a perf server serves those that it admits, and resets the others' streams") {
  Three net;
  const PeerId alice = net.alice.host.peer_id();
  net.server.emplace(net.bob.host, [&](const Connection& from) { return from.remote_peer() == alice; });
  CHECK(net.run(net.to_bob) == std::error_code());
  CHECK(net.run(net.from_carol) == Errc::kReset);
  CHECK(net.from_carol->is_open());
  CHECK(net.run(net.to_bob) == std::error_code());
  net.wait();
  net.server.reset();
  CHECK(net.run(net.to_bob) == Errc::kProtocolNotSupported);
}

TEST_CASE("a perf server serves so many at once to one peer, and to all") {
  Three net;
  net.server.emplace(net.bob.host, all, perf::ServerLimits{.runs_max = 3, .runs_per_peer_max = 2});
  std::vector<StreamPtr> streams;
  for (int i = 0; i < 2; ++i) streams.push_back(net.world.run(begin_upload(net.to_bob)));
  net.wait();
  CHECK(net.server->runs() == 2);
  CHECK(net.run(net.to_bob) == Errc::kReset);
  CHECK(net.run(net.from_carol) == std::error_code());

  streams.push_back(net.world.run(begin_upload(net.from_carol)));
  net.wait();
  CHECK(net.run(net.from_carol) == Errc::kReset);

  streams.front()->reset();
  net.wait();
  CHECK(net.server->runs() == 2);
  CHECK(net.run(net.to_bob) == std::error_code());
  streams.clear();
  net.wait();
  CHECK(net.server->runs() == 0);
}

TEST_CASE("a perf server ends a run that takes all too long, however well it goes") {
  Three net;
  net.world.set_link(net.alice.machine, net.bob.machine, {.delay = 10ms, .rate = 1'000'000});
  net.server.emplace(net.bob.host, all, perf::ServerLimits{.run_time_max = 30s});
  TaskGroup group(net.world.loop().executor(), "test");
  std::error_code ended;
  const Instant began = net.world.clock().now();
  group.spawn(download_forever(&net.world.clock(), net.to_bob, &ended));
  net.world.run(group.join());
  CHECK(ended == Errc::kReset);
  CHECK(net.world.clock().now() - began > 30s);
  CHECK(net.world.clock().now() - began < 40s);
  CHECK(net.server->runs() == 0);
}
