#include <doctest/doctest.h>

#include "warren/async/as_result.hpp"
#include "warren/node/test_pair.hpp"

using namespace warren;

namespace {

constexpr std::uint64_t kMiB = 1024 * 1024;

const perf::MeasurePlan kPlan{.download = perf::Bounds{.bytes = 2 * kMiB},
                              .upload = perf::Bounds{.bytes = kMiB}};

}  // namespace

// The simulated machines have public addresses: to bob, alice is a stranger.
TEST_CASE("a node serves perf to strangers once they are allowed, and no longer than that") {
  test::Pair pair;
  const auto bench = [&] {
    return pair.world.run(as_result(pair.alice.bench(pair.target(pair.bob), kPlan)));
  };
  CHECK(bench().error() == Errc::kProtocolNotSupported);

  pair.world.run(pair.bob.set_access(pair.alice.peer_id(), Access::kAllowed));
  const auto report = bench();
  REQUIRE(report);
  CHECK(report->peer_id == pair.bob.peer_id());
  CHECK(report->path == pair.bob.addresses().front());
  CHECK(report->measured.round_trip_time == 20ms);
  CHECK(report->measured.download->bytes == 2 * kMiB);
  CHECK(report->measured.upload->bytes == kMiB);

  pair.world.run(pair.bob.set_access(pair.alice.peer_id(), Access::kNormal));
  CHECK(bench().error() == Errc::kProtocolNotSupported);
}

TEST_CASE("an allowed node may be measured from whatever peer it is") {
  test::Pair pair({}, {{AccessSubject(NodeId(value_or_throw(
                            NodeId::parse("zEPJcGHUVYyrGAXXGQhLF39KAny4ojC9RPmA777H2iVztKwBd")))),
                        Access::kAllowed}});
  pair.world.run(pair.alice.connect(pair.target(pair.bob)));
  CHECK(!pair.world.run(as_result(pair.alice.bench(pair.target(pair.bob), kPlan))));
  pair.world.run(pair.bob.set_access(pair.alice.node_id(), Access::kAllowed));
  CHECK(pair.world.run(as_result(pair.alice.bench(pair.target(pair.bob), kPlan))));
}

TEST_CASE("a measurement tells its progress") {
  test::Pair pair;
  pair.world.run(pair.bob.set_access(pair.alice.peer_id(), Access::kAllowed));
  std::vector<BenchReport> told;
  const auto keep = [&](const BenchReport& report) { told.push_back(report); };
  const auto report = pair.world.run(pair.alice.bench(pair.target(pair.bob), kPlan, keep));
  REQUIRE(told.size() > 10);
  CHECK(told.front().path == report.path);
  CHECK(told.front().measured.round_trip_time == 20ms);
  CHECK(!told.front().measured.download);
  CHECK(told.back().measured.upload->bytes == kMiB);
}
