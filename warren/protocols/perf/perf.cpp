#include "warren/protocols/perf/perf.hpp"

#include <algorithm>
#include <array>

#include "warren/async/race.hpp"
#include "warren/base/reader.hpp"
#include "warren/base/writer.hpp"

namespace warren::perf {

namespace {

constexpr std::array<std::uint8_t, kChunkSize> kZeros{};
constexpr std::size_t kHeaderSize = 8;

// One run's state, on either side.
struct Run {
  Run(Clock& clock, Plan plan, OnProgress on_progress)
      : clock(clock),
        plan(plan),
        on_progress(std::move(on_progress)),
        started(clock.now()),
        active(started) {}

  bool time_over() const { return plan.time_max && active - started >= *plan.time_max; }

  void note(std::uint64_t Progress::* count, std::size_t bytes) {
    bytes_moved.*count += bytes;
    active = clock.now();
    if (on_progress) on_progress(bytes_moved);
  }

  Clock& clock;
  const Plan plan;
  const OnProgress on_progress;
  const Instant started;
  Instant active;  // when the last chunk got through
  Progress bytes_moved;
};

// Ends when nothing has got through for too long. One timer for the whole run: a time limit for each chunk
// would cost as much as the chunk.
Task<void> watch(Run& run) {
  while (run.clock.now() < run.active + kIdleTimeout)
    co_await run.clock.sleep_until(run.active + kIdleTimeout);
}

Task<void> watched(Run& run, Task<void> transfer) {
  const Winner winner = co_await race(std::move(transfer), watch(run));
  if (winner == Winner::kSecond) throw_error(Errc::kTimedOut, "perf");
}

Task<void> send_zeros(Run& run, ByteStream& stream, std::uint64_t count) {
  while (run.bytes_moved.uploaded < count && !run.time_over()) {
    const std::uint64_t left = count - run.bytes_moved.uploaded;
    const std::size_t size = static_cast<std::size_t>(std::min<std::uint64_t>(left, kZeros.size()));
    co_await stream.write(BytesView(kZeros).first(size));
    run.note(&Progress::uploaded, size);
  }
  co_await stream.close_write();
}

Task<void> serve_run(Run& run, ByteStream& stream) {
  std::array<std::uint8_t, kHeaderSize> header;
  co_await read_exactly(stream, header);
  const std::uint64_t wanted = Reader(header).u64();
  Bytes buffer(kChunkSize);
  for (;;) {
    const std::size_t size = co_await stream.read_some(buffer);
    if (size == 0) break;
    run.note(&Progress::downloaded, size);
  }
  buffer = {};
  co_await send_zeros(run, stream, wanted);
}

// Reads to the end. False when the time was over before.
Task<bool> receive(Run& run, ByteStream& stream, Instant& answered) {
  Bytes buffer(kChunkSize);
  for (bool first = true;; first = false) {
    const std::size_t size = co_await stream.read_some(buffer);
    run.note(&Progress::downloaded, size);
    if (first) answered = run.active;
    if (size == 0) break;
    if (run.bytes_moved.downloaded > run.plan.download_bytes) throw_error(Errc::kMalformed, "perf: too much");
    if (run.time_over() && run.bytes_moved.downloaded < run.plan.download_bytes) co_return false;
  }
  if (run.bytes_moved.downloaded < run.plan.download_bytes) throw_error(Errc::kEndOfStream, "perf");
  co_return true;
}

Task<void> request_run(Run& run, ByteStream& stream, Instant& answered) {
  const Bytes header = Writer().u64(run.plan.download_bytes).take();
  co_await stream.write(header);
  co_await send_zeros(run, stream, run.plan.upload_bytes);
  const bool complete = co_await receive(run, stream, answered);
  if (!complete) stream.reset();
}

Task<Report> request_report(Run& run, ByteStream& stream) {
  Instant answered = run.started;
  co_await watched(run, request_run(run, stream, answered));
  co_return Report{
      .bytes = run.bytes_moved, .upload = answered - run.started, .download = run.active - answered};
}

Task<void> handle(Host* host, StreamPtr stream) {
  co_await answer(host->env().clock, std::move(stream));
}

}  // namespace

Task<void> answer(Clock& clock, StreamPtr stream) {
  Run run(clock, {}, {});
  co_await watched(run, serve_run(run, *stream));
}

Task<Report> run(Clock& clock, ByteStream& stream, Plan plan, OnProgress on_progress) {
  Run run(clock, plan, std::move(on_progress));
  co_return co_await request_report(run, stream);
}

Task<Report> run(Clock& clock, ConnectionPtr connection, Plan plan, OnProgress on_progress) {
  Run run(clock, plan, std::move(on_progress));
  StreamPtr stream = co_await connection->open_stream(ProtocolId(kProtocol));
  co_return co_await request_report(run, *stream);
}

void serve(Host& host) {
  host.handle(ProtocolId(kProtocol),
              [&host](ConnectionPtr, StreamPtr stream) { return handle(&host, std::move(stream)); });
}

}  // namespace warren::perf
