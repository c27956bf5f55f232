#include "warren/protocols/perf/measure.hpp"

#include <doctest/doctest.h>

#include "warren/async/as_result.hpp"
#include "warren/protocols/perf/server.hpp"
#include "warren/swarm/test_node.hpp"

using namespace warren;

namespace {

constexpr std::uint64_t kMebibyte = 1024 * 1024;

// Alice is connected to bob over a link of 20 Mbit/s and 10 ms. Bob serves those that `admit` takes.
struct Two {
  explicit Two(perf::Server::Admit admit = [](const Connection&) { return true; })
      : server(bob.host, std::move(admit)), connection(world.run(alice.host.connect(bob.listen()))) {
    world.set_link(alice.machine, bob.machine, {.delay = 10ms, .rate = 20'000'000});
  }
  ~Two() {
    world.run(alice.host.close());
    world.run(bob.host.close());
  }

  Task<perf::Measurement> measure(perf::MeasurePlan plan, perf::OnMeasured on_measured = {}) {
    return perf::measure(alice.machine.env(), connection, plan, std::move(on_measured));
  }

  sim::World world{5};
  TestNode alice{world.add_machine("alice")};
  TestNode bob{world.add_machine("bob")};
  perf::Server server;
  ConnectionPtr connection;
};

}  // namespace

TEST_CASE("a measurement tells the round trip, then the download and the upload") {
  Two two;
  const auto measured = two.world.run(two.measure(
      {.download = perf::Bounds{.bytes = 2 * kMebibyte}, .upload = perf::Bounds{.bytes = kMebibyte + 1}}));
  CHECK(measured.round_trip_time >= 20ms);
  CHECK(measured.round_trip_time < 25ms);
  REQUIRE(measured.download);
  CHECK(measured.download->bytes == 2 * kMebibyte);
  CHECK(measured.download->bits_per_second() < 20'000'000);
  CHECK(measured.download->bits_per_second() > 10'000'000);
  REQUIRE(measured.upload);
  CHECK(measured.upload->bytes == kMebibyte + 1);
  CHECK(measured.upload->bits_per_second() < 20'000'000);
  CHECK(measured.upload->bits_per_second() > 8'000'000);
}

TEST_CASE("what is not asked for is not measured") {
  Two two;
  const auto nothing = two.world.run(two.measure({}));
  CHECK(nothing.round_trip_time >= 20ms);
  CHECK(!nothing.download);
  CHECK(!nothing.upload);
  const auto empty = two.world.run(two.measure({.upload = perf::Bounds{.bytes = 0}}));
  REQUIRE(empty.upload);
  CHECK(empty.upload->bytes == 0);
  CHECK(empty.upload->bits_per_second() == 0);
}

TEST_CASE("a measurement may be bounded in time") {
  Two two;
  const perf::Bounds bounds{.bytes = {}, .time = 3s};
  const auto measured = two.world.run(two.measure({.download = bounds, .upload = bounds}));
  for (const auto& transfer : {measured.download, measured.upload}) {
    REQUIRE(transfer);
    CHECK(transfer->time >= 3s);
    CHECK(transfer->time < 4s);
    CHECK(transfer->bytes > 3 * kMebibyte);
  }
}

TEST_CASE("several streams share the bytes") {
  Two two;
  std::size_t at_once = 0;
  std::uint64_t seen = 0;
  const auto look = [&](const perf::Measurement& so_far) {
    at_once = std::max(at_once, two.server.runs());
    if (so_far.upload) {
      CHECK(so_far.upload->bytes >= seen);
      seen = so_far.upload->bytes;
    }
  };
  const auto measured =
      two.world.run(two.measure({.upload = perf::Bounds{.bytes = 3 * kMebibyte + 1}, .streams = 7}, look));
  CHECK(measured.upload->bytes == 3 * kMebibyte + 1);
  CHECK(seen == 3 * kMebibyte + 1);
  CHECK(at_once == 7);
}

TEST_CASE("a peer that does not serve us is told apart from one that is gone") {
  Two two([](const Connection&) { return false; });
  const auto refused = two.world.run(as_result(two.measure({.download = perf::Bounds{.bytes = 1}})));
  CHECK(refused.error() == Errc::kProtocolNotSupported);
  two.world.run(two.bob.host.close());
  const auto gone = two.world.run(as_result(two.measure({.download = perf::Bounds{.bytes = 1}})));
  CHECK(gone.error() != Errc::kProtocolNotSupported);
}

TEST_CASE("a measurement whose connection ends fails, and one that is canceled leaves nothing behind") {
  Two two;
  const perf::Bounds long_time{.bytes = {}, .time = 60s};
  const perf::MeasurePlan plan{.download = long_time, .streams = 4};
  auto canceled = with_timeout(two.world.clock(), 2s, two.measure(plan));
  CHECK(two.world.run(as_result(std::move(canceled))).error() == Errc::kTimedOut);
  two.world.run(two.world.clock().sleep_for(1s));
  CHECK(two.server.runs() == 0);

  const auto end_it = [&](const perf::Measurement& so_far) {
    if (so_far.download && so_far.download->bytes > kMebibyte) two.connection->close();
  };
  CHECK(!two.world.run(as_result(two.measure(plan, end_it))));
}
