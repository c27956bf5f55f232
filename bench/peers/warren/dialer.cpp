#include "bench/peers/warren/dialer.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "warren/async/as_result.hpp"
#include "warren/async/task_group.hpp"
#include "warren/protocols/perf/perf.hpp"

namespace warren::bench {

namespace {

constexpr std::size_t kIdleAtOnce = 32;

// A group forgets why a task failed; the dialer ends with it.
Task<void> keep_error(Task<void> task, std::error_code* error) {
  const auto done = co_await as_result(std::move(task));
  if (!done) *error = done.error();
}

Task<void> echo(ConnectionPtr connection) {
  StreamPtr stream = co_await connection->open_stream(ProtocolId(kEchoProtocol));
  std::array<std::uint8_t, kEchoSize> message{};
  co_await stream->write(message);
  co_await stream->close_write();
  co_await read_exactly(*stream, message);
}

std::int64_t nanoseconds(Duration duration) {
  return std::chrono::nanoseconds(duration).count();
}

}  // namespace

Task<void> Dialer::start() {
  if (options_.operation != Operation::kThroughput && options_.operation != Operation::kRequest) co_return;
  connection_ = co_await peer_.connect(*options_.target);
}

Task<std::string> Dialer::run(std::uint64_t amount) {
  Times times;
  const Instant start = env_.clock.now();
  co_await work(amount, times);
  const std::int64_t wall = nanoseconds(env_.clock.now() - start);
  std::ranges::sort(times);
  const auto quantile = [&times](std::size_t percent) {
    return times.empty() ? 0 : nanoseconds(times[times.size() * percent / 100]);
  };
  co_return fmt::format(R"({{"amount":{},"wall_ns":{},"p50_ns":{},"p99_ns":{}}})", amount, wall, quantile(50),
                        quantile(99));
}

Task<void> Dialer::work(std::uint64_t amount, Times& times) {
  switch (options_.operation) {
    case Operation::kThroughput: return on_each_stream(amount, &Dialer::transfer, times);
    case Operation::kRequest: return on_each_stream(amount, &Dialer::requests, times);
    case Operation::kConnect:
    case Operation::kHandshakes: return connects(amount, times);
    case Operation::kIdle: return open_idle(amount);
  }
  std::unreachable();
}

Task<void> Dialer::on_each_stream(std::uint64_t amount, Task<void> (Dialer::*part)(std::uint64_t, Times&),
                                  Times& times) {
  TaskGroup group(env_.executor, "bench");
  std::error_code error;
  for (std::uint64_t i = 0; i < options_.streams; ++i) {
    const std::uint64_t share = amount / options_.streams + (i < amount % options_.streams ? 1 : 0);
    group.spawn(keep_error((this->*part)(share, times), &error));
  }
  co_await group.join();
  if (error) throw std::system_error(error);
}

Task<void> Dialer::transfer(std::uint64_t bytes, Times&) {
  perf::Plan plan;
  (options_.download ? plan.download_bytes : plan.upload_bytes) = bytes;
  co_await perf::run(env_.clock, connection_, plan);
}

Task<void> Dialer::requests(std::uint64_t count, Times& times) {
  for (std::uint64_t i = 0; i < count; ++i) {
    const Instant start = env_.clock.now();
    co_await echo(connection_);
    times.push_back(env_.clock.now() - start);
  }
}

Task<void> Dialer::connects(std::uint64_t count, Times& times) {
  for (std::uint64_t i = 0; i < count; ++i) {
    const Instant start = env_.clock.now();
    const ConnectionPtr connection = co_await peer_.connect(*options_.target);
    if (options_.operation == Operation::kConnect) co_await echo(connection);
    times.push_back(env_.clock.now() - start);
    co_await peer_.disconnect(options_.target->id);
  }
}

Task<void> Dialer::open_idle(std::uint64_t count) {
  while (idle_.size() < count) {
    TaskGroup group(env_.executor, "bench");
    std::error_code error;
    for (std::size_t i = 0; i < kIdleAtOnce && idle_.size() < count; ++i) {
      idle_.push_back(std::make_unique<Peer>(env_, options_.way));
      group.spawn(keep_error(add_idle(idle_.back().get()), &error));
    }
    co_await group.join();
    if (error) throw std::system_error(error);
  }
}

Task<void> Dialer::add_idle(Peer* peer) {
  std::ignore = co_await peer->connect(*options_.target);
}

Task<void> Dialer::close() {
  for (const auto& peer : idle_) co_await peer->close();
  connection_.reset();
  co_await peer_.close();
}

}  // namespace warren::bench
