#include "warren/sim/loop.hpp"

#include <algorithm>
#include <boost/asio/as_tuple.hpp>
#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <cstdio>
#include <exception>
#include <map>
#include <string>

#include "warren/async/cancellation.hpp"
#include "warren/base/assert.hpp"

namespace warren::sim {

namespace asio = boost::asio;

namespace {

constexpr WallTime kWallStart = std::chrono::sys_days(std::chrono::January / 1 / 2026);

class VirtualClock final : public Clock {
 public:
  explicit VirtualClock(Loop& loop) : loop_(loop) {}

  Instant now() const override { return now_; }
  WallTime wall_now() const override {
    return kWallStart + std::chrono::duration_cast<std::chrono::milliseconds>(now_.time_since_epoch());
  }
  Task<void> sleep_until(Instant instant) override;

  void set(Instant now) { now_ = now; }

 private:
  Loop& loop_;
  Instant now_{};
};

// Lives in the frame of a coroutine that sleeps, so it is gone whatever way the sleep ends.
struct Sleeper {
  Sleeper(Loop& loop, const Executor& executor, Instant instant)
      : loop(loop), timer(executor, asio::steady_timer::time_point::max()) {
    ticket = loop.at(instant, [this] { timer.cancel(); });
  }
  ~Sleeper() { loop.cancel(ticket); }
  Sleeper(const Sleeper&) = delete;
  Sleeper& operator=(const Sleeper&) = delete;

  Loop& loop;
  asio::steady_timer timer;  // never expires: it is canceled, by the clock or by the sleeper's owner
  Loop::Ticket ticket;
};

Task<void> VirtualClock::sleep_until(Instant instant) {
  co_await throw_if_canceled();
  Sleeper sleeper(loop_, loop_.executor(), instant);
  co_await sleeper.timer.async_wait(asio::as_tuple(asio::use_awaitable));
  co_await throw_if_canceled();
}

// run() does not nest, but may be called again after it threw.
struct RunningFlag {
  explicit RunningFlag(bool& running) : running(running) {
    WARREN_ASSERT(!running);
    running = true;
  }
  ~RunningFlag() { running = false; }
  RunningFlag(const RunningFlag&) = delete;
  RunningFlag& operator=(const RunningFlag&) = delete;
  bool& running;
};

}  // namespace

struct Loop::State {
  explicit State(Loop& loop) : clock(loop) {}

  VirtualClock clock;
  std::map<Ticket, std::function<void()>> agenda;
  std::uint64_t tickets = 0;
  bool running = false;
  std::unique_ptr<asio::io_context> io = std::make_unique<asio::io_context>(1);
};

Loop::Loop() : state_(std::make_unique<State>(*this)) {}

Loop::~Loop() {
  state_->io.reset();  // the frames that die with it still take their tickets back
}

Executor Loop::executor() const {
  return state_->io->get_executor();
}

Clock& Loop::clock() {
  return state_->clock;
}

Instant Loop::now() const {
  return state_->clock.now();
}

Loop::Ticket Loop::at(Instant instant, std::function<void()> action) {
  const Ticket ticket{std::max(instant, now()), ++state_->tickets};
  state_->agenda.emplace_hint(state_->agenda.end(), ticket, std::move(action));
  return ticket;
}

void Loop::cancel(const Ticket& ticket) {
  state_->agenda.erase(ticket);
}

// Runs all that is ready.
void Loop::poll() {
  state_->io->restart();
  state_->io->poll();
}

// Then the next thing on the agenda, if it is due by `until`; false when there is none.
bool Loop::next(Instant until) {
  auto& agenda = state_->agenda;
  if (agenda.empty() || agenda.begin()->first.at > until) return false;
  const auto entry = agenda.extract(agenda.begin());
  state_->clock.set(entry.key().at);
  entry.mapped()();
  return true;
}

void Loop::run_until_idle() {
  do poll();
  while (next(now()));
}

void Loop::advance(Duration duration) {
  const Instant end = now() + duration;
  do poll();
  while (next(end));
  state_->clock.set(end);
}

bool Loop::busy() {
  run_until_idle();
  return !state_->io->stopped();  // Asio stops when no work is outstanding, and each coroutine is work
}

void Loop::run_to_end(Task<void> task, Duration limit) {
  const RunningFlag running(state_->running);
  struct Outcome {
    asio::cancellation_signal cancel;
    std::exception_ptr error;
    bool ended = false;
  };
  // Shared, because a task that is stuck outlives this call.
  const auto outcome = std::make_shared<Outcome>();
  asio::co_spawn(*state_->io, std::move(task),
                 asio::bind_cancellation_slot(outcome->cancel.slot(), [outcome](std::exception_ptr error) {
                   outcome->error = error;
                   outcome->ended = true;
                 }));
  const auto run_by = [&](Instant deadline) {
    do poll();
    while (!outcome->ended && next(deadline));
  };
  run_by(now() + limit);
  if (!outcome->ended) {
    const bool deadlock = state_->agenda.empty();
    const std::string when = std::to_string(to_ms(now().time_since_epoch())) + " ms";
    const std::string finding =
        deadlock ? "deadlock: nothing can happen any more at " + when + ", but the task has not ended"
                 : "the task has not ended within its limit of virtual time, at " + when;
    // Said at once, too: objects that the task leaves behind may assert while the exception unwinds.
    std::fprintf(stderr, "sim::Loop: %s\n", finding.c_str());
    asio::post(*state_->io, [outcome] { outcome->cancel.emit(asio::cancellation_type::terminal); });
    run_by(now() + limit);
    throw Stuck(finding);
  }
  if (outcome->error) std::rethrow_exception(outcome->error);
}

}  // namespace warren::sim
