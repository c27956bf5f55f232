#include "warren/protocols/perf/measure.hpp"

#include <algorithm>
#include <limits>

#include "warren/async/as_result.hpp"
#include "warren/async/cancellation.hpp"
#include "warren/async/task_group.hpp"

namespace warren::perf {

namespace {

// The first one may wait for what the connection's beginning still brings along.
constexpr int kEmptyRuns = 3;

// What one measurement has got so far. Its runs refer to it.
struct State {
  Env& env;
  ConnectionPtr connection;
  OnMeasured on_measured;
  Measurement measured;

  void tell() const {
    if (on_measured) on_measured(measured);
  }
};

// The runs of one direction.
struct Direction {
  Direction(State& state, std::optional<Transfer> Measurement::* to)
      : state(state),
        transfer((state.measured.*to).emplace()),
        began(state.env.clock.now()),
        runs(state.env.executor, "perf") {}

  void add(std::uint64_t bytes) {
    transfer.bytes += bytes;
    transfer.time = state.env.clock.now() - began;
    state.tell();
  }

  State& state;
  Transfer& transfer;
  const Instant began;
  std::error_code error;  // the first
  TaskGroup runs;
};

// An empty run that is reset at once, on a connection that lives on, was refused.
Task<Duration> round_trip(State& state) {
  const Plan nothing;
  const auto report = co_await as_result(run(state.env.clock, state.connection, nothing));
  if (report) co_return report->upload;
  const bool refused = report.error() == Errc::kReset && state.connection->is_open();
  if (refused) throw_error(Errc::kProtocolNotSupported, std::string(kProtocol));
  throw_error(report.error(), std::string(kProtocol));
}

Task<void> run_one(Direction* direction, Plan plan) {
  State& state = direction->state;
  const OnProgress count = [direction, before = std::uint64_t{0}](const Progress& progress) mutable {
    const std::uint64_t all = progress.uploaded + progress.downloaded;  // one of them is always 0
    direction->add(all - std::exchange(before, all));
  };
  const auto report = co_await as_result(run(state.env.clock, state.connection, plan, count));
  if (report || direction->error) co_return;
  direction->error = report.error();
  direction->runs.cancel();
}

Task<void> run_all(Direction* direction, std::uint64_t Plan::* plan_bytes, Bounds bounds,
                   std::size_t streams) {
  constexpr std::uint64_t kEndless = std::numeric_limits<std::uint64_t>::max();
  for (std::size_t i = 0; i < streams; ++i) {
    Plan plan{.time_max = bounds.time};
    plan.*plan_bytes = kEndless;
    if (bounds.bytes) plan.*plan_bytes = *bounds.bytes / streams + (i < *bounds.bytes % streams ? 1 : 0);
    if (plan.*plan_bytes > 0) direction->runs.spawn(run_one(direction, plan));
  }
  co_await direction->runs.join();
}

Task<void> transfer(State& state, std::optional<Transfer> Measurement::* to, std::uint64_t Plan::* plan_bytes,
                    Bounds bounds, std::size_t streams) {
  Direction direction(state, to);
  co_await finally(run_all(&direction, plan_bytes, bounds, streams), direction.runs.close());
  if (direction.error) throw_error(direction.error, std::string(kProtocol));
  direction.add(0);  // the end of the last stream counts
}

}  // namespace

double Transfer::bits_per_second() const {
  const double seconds = std::chrono::duration<double>(time).count();
  return seconds > 0 ? static_cast<double>(bytes) * 8 / seconds : 0;
}

Task<Measurement> measure(Env& env, ConnectionPtr connection, MeasurePlan plan, OnMeasured on_measured) {
  State state{
      .env = env, .connection = std::move(connection), .on_measured = std::move(on_measured), .measured = {}};
  const std::size_t streams = std::clamp(plan.streams, std::size_t{1}, kStreamsMax);
  Duration least = co_await round_trip(state);
  for (int i = 1; i < kEmptyRuns; ++i) {
    const Duration next = co_await round_trip(state);
    least = std::min(least, next);
  }
  state.measured.round_trip_time = least;
  state.tell();
  if (plan.download)
    co_await transfer(state, &Measurement::download, &Plan::download_bytes, *plan.download, streams);
  if (plan.upload) co_await transfer(state, &Measurement::upload, &Plan::upload_bytes, *plan.upload, streams);
  co_return state.measured;
}

}  // namespace warren::perf
