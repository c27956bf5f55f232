#include "warren/protocols/perf/perf.hpp"

#include <doctest/doctest.h>

#include "warren/async/as_result.hpp"
#include "warren/async/cancellation.hpp"
#include "warren/async/task_group.hpp"
#include "warren/sim/for_each_failure.hpp"
#include "warren/sim/pipe.hpp"
#include "warren/swarm/test_node.hpp"

using namespace warren;

namespace {

constexpr std::uint64_t kMiB = 1024 * 1024;

// Both sides over a pipe.
struct OnePipe {
  explicit OnePipe(sim::PipeOptions options = {}) : ends(sim::pipe(loop, options)) {}
  sim::Loop loop;
  sim::StreamPair ends;
};

Task<perf::Report> converse(Clock* clock, Executor executor, sim::StreamPair* ends, perf::Plan plan,
                            perf::OnProgress on_progress = {}) {
  TaskGroup serving(executor, "test");
  serving.spawn(perf::answer(*clock, std::move(ends->second)));
  co_return co_await finally(perf::run(*clock, *ends->first, plan, std::move(on_progress)), serving.join());
}

perf::Report converse(OnePipe& pipe, perf::Plan plan, perf::OnProgress on_progress = {}) {
  return pipe.loop.run(
      converse(&pipe.loop.clock(), pipe.loop.executor(), &pipe.ends, plan, std::move(on_progress)));
}

Task<void> measurement_with_faults(sim::Loop& loop, sim::Faults& faults) {
  auto ends = sim::pipe(loop, {.faults = &faults});
  const perf::Plan plan{.upload_bytes = 200'000, .download_bytes = 150'000};
  co_await converse(&loop.clock(), loop.executor(), &ends, plan);
}

Task<void> write_and_end(ByteStream* stream, Bytes bytes) {
  co_await stream->write(bytes);
  co_await stream->close_write();
}

// Reads the whole request into `to`, and answers with `count` bytes.
Task<void> keep_request(StreamPtr stream, Bytes* to, std::size_t count) {
  *to = co_await read_to_end(*stream, kMiB);
  const Bytes answer(count);
  co_await stream->write(answer);
  co_await stream->close_write();
}

}  // namespace

TEST_CASE("the bytes go up, then the ones asked for come down") {
  OnePipe pipe({.delay = 10ms});
  std::vector<perf::Progress> seen;
  const auto on_progress = [&](const perf::Progress& progress) { seen.push_back(progress); };
  const perf::Report report =
      converse(pipe, {.upload_bytes = 3 * kMiB + 1, .download_bytes = 2 * kMiB + 1}, on_progress);
  CHECK(report.bytes == perf::Progress{3 * kMiB + 1, 2 * kMiB + 1});
  CHECK(report.upload >= 20ms);
  CHECK(report.download > 0ms);
  CHECK(report.upload + report.download == pipe.loop.clock().now() - Instant{});
  REQUIRE(seen.size() >= 5 * kMiB / perf::kChunkSize);
  for (std::size_t i = 1; i < seen.size(); ++i) {
    CHECK(seen[i].uploaded >= seen[i - 1].uploaded);
    CHECK(seen[i].downloaded >= seen[i - 1].downloaded);
    CHECK((seen[i].downloaded == 0 || seen[i].uploaded == 3 * kMiB + 1));  // never both at once
  }
  CHECK(seen.back() == report.bytes);
}

TEST_CASE("nothing up and nothing down is one round trip") {
  OnePipe pipe({.delay = 10ms});
  const perf::Report report = converse(pipe, {});
  CHECK(report.bytes == perf::Progress{});
  CHECK(report.upload == 20ms);
  CHECK(report.download == 0ms);
}

TEST_CASE("on the wire a request is the number in 8 bytes, big-endian, then the upload, then the end") {
  OnePipe pipe;
  TaskGroup group(pipe.loop.executor(), "test");
  Bytes request;
  group.spawn(keep_request(std::move(pipe.ends.second), &request, 0x0102));
  const perf::Plan plan{.upload_bytes = 3, .download_bytes = 0x0102};
  const auto report = pipe.loop.run(perf::run(pipe.loop.clock(), *pipe.ends.first, plan));
  pipe.loop.run(group.join());
  CHECK(to_hex(request) == "0000000000000102000000");
  CHECK(report.bytes == perf::Progress{3, 0x0102});
}

TEST_CASE("a server answers after the end of the upload, and not before") {
  OnePipe pipe;
  TaskGroup group(pipe.loop.executor(), "test");
  group.spawn(perf::answer(pipe.loop.clock(), std::move(pipe.ends.second)));
  ByteStream& stream = *pipe.ends.first;
  const Bytes request = *from_hex("0000000000000005aabbcc");
  pipe.loop.run(stream.write(request));
  std::array<std::uint8_t, 16> buffer;
  const auto early = pipe.loop.run(as_result(with_timeout(pipe.loop.clock(), 1s, stream.read_some(buffer))));
  CHECK(early.error() == Errc::kTimedOut);
  pipe.loop.run(stream.close_write());
  CHECK(pipe.loop.run(read_to_end(stream, 100)).size() == 5);
  pipe.loop.run(group.join());
}

TEST_CASE("a request that ends within the number is an error at the server") {
  OnePipe pipe;
  pipe.loop.run(write_and_end(pipe.ends.first.get(), Bytes(7)));
  const auto outcome = pipe.loop.run(as_result(perf::answer(pipe.loop.clock(), std::move(pipe.ends.second))));
  CHECK(outcome.error() == Errc::kEndOfStream);
}

TEST_CASE("a server that sends another number of bytes is found out") {
  for (const auto& [sent, error] : {std::pair{9u, Errc::kEndOfStream}, std::pair{11u, Errc::kMalformed}}) {
    OnePipe pipe;
    TaskGroup group(pipe.loop.executor(), "test");
    Bytes request;
    group.spawn(keep_request(std::move(pipe.ends.second), &request, sent));
    const perf::Plan plan{.download_bytes = 10};
    CHECK(pipe.loop.run(as_result(perf::run(pipe.loop.clock(), *pipe.ends.first, plan))).error() == error);
    pipe.loop.run(group.close());
  }
}

TEST_CASE("a run that stands still is given up, on both sides") {
  SUBCASE("the client, at a server that does not read") {
    OnePipe pipe;
    const perf::Plan plan{.upload_bytes = 10 * kMiB};
    const auto outcome = pipe.loop.run(as_result(perf::run(pipe.loop.clock(), *pipe.ends.first, plan)));
    CHECK(outcome.error() == Errc::kTimedOut);
    CHECK(pipe.loop.clock().now() == Instant{} + perf::kIdleTimeout);
  }
  SUBCASE("the server, at a client that does not send") {
    OnePipe pipe;
    const auto outcome =
        pipe.loop.run(as_result(perf::answer(pipe.loop.clock(), std::move(pipe.ends.second))));
    CHECK(outcome.error() == Errc::kTimedOut);
    CHECK(pipe.loop.clock().now() == Instant{} + perf::kIdleTimeout);
  }
  SUBCASE("the server, at a client that does not read") {
    OnePipe pipe;
    pipe.loop.run(write_and_end(pipe.ends.first.get(), Bytes(8, 0xff)));  // 2^64 - 1 bytes, please
    const auto outcome =
        pipe.loop.run(as_result(perf::answer(pipe.loop.clock(), std::move(pipe.ends.second))));
    CHECK(outcome.error() == Errc::kTimedOut);
  }
}

TEST_CASE("a slow run is not given up") {
  // 16 KiB a second: a chunk takes four.
  OnePipe pipe({.delay = 500ms, .buffer = 16 * 1024});
  const perf::Report report = converse(pipe, {.upload_bytes = kMiB, .download_bytes = kMiB});
  CHECK(report.bytes == perf::Progress{kMiB, kMiB});
  CHECK(report.upload + report.download > 2 * perf::kIdleTimeout);
}

TEST_CASE("a run may be limited in time instead of bytes") {
  constexpr std::uint64_t kEndless = std::numeric_limits<std::uint64_t>::max();
  SUBCASE("an upload ends early, and the server has got all of it") {
    OnePipe pipe({.delay = 10ms});
    const perf::Report report = converse(pipe, {.upload_bytes = kEndless, .time_max = 5s});
    CHECK(report.bytes.uploaded > kMiB);
    CHECK(report.upload >= 5s);
    CHECK(report.upload < 6s);
  }
  SUBCASE("a download is dropped") {
    OnePipe pipe({.delay = 10ms});
    const perf::Report report = converse(pipe, {.download_bytes = kEndless, .time_max = 5s});
    CHECK(report.bytes.downloaded > kMiB);
    CHECK(report.upload + report.download >= 5s);
    CHECK(report.upload + report.download < 6s);
  }
}

TEST_CASE("a canceled run ends at once") {
  OnePipe pipe({.delay = 10ms});
  TaskGroup serving(pipe.loop.executor(), "test");
  serving.spawn(perf::answer(pipe.loop.clock(), std::move(pipe.ends.second)));
  constexpr std::uint64_t kEndless = std::numeric_limits<std::uint64_t>::max();
  auto running = perf::run(pipe.loop.clock(), *pipe.ends.first, {.upload_bytes = kEndless});
  const auto outcome = pipe.loop.run(as_result(with_timeout(pipe.loop.clock(), 3s, std::move(running))));
  CHECK(outcome.error() == Errc::kTimedOut);
  CHECK(pipe.loop.clock().now() == Instant{3s});
  pipe.ends.first.reset();
  pipe.loop.run(serving.join());
}

TEST_CASE("perf fails cleanly at each step") {
  CHECK(sim::for_each_failure(measurement_with_faults) > 10);
}

TEST_CASE("two hosts measure each other") {
  sim::World world(1);
  TestNode alice(world.add_machine("alice"));
  TestNode bob(world.add_machine("bob"));
  const ConnectionPtr connection = world.run(alice.host.connect(bob.listen()));
  Clock& clock = world.clock();
  const perf::Plan plan{.upload_bytes = 10 * kMiB, .download_bytes = 10 * kMiB};
  const auto refused = world.run(as_result(perf::run(clock, connection, perf::Plan{})));
  CHECK(refused.error() == Errc::kProtocolNotSupported);

  perf::serve(bob.host);
  const perf::Report report = world.run(perf::run(clock, connection, plan));
  CHECK(report.bytes == perf::Progress{10 * kMiB, 10 * kMiB});
  const perf::Report empty = world.run(perf::run(clock, connection, perf::Plan{}));
  CHECK(empty.upload == 20ms);  // the protocol is negotiated in the same round trip
  world.run(alice.host.close());
  world.run(bob.host.close());
}
