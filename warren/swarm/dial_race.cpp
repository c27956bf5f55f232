#include "warren/swarm/dial_race.hpp"

#include <algorithm>

#include "warren/async/as_result.hpp"
#include "warren/async/cancellation.hpp"

namespace warren {

DialRace::DialRace(Env& env, std::vector<DialAttempt> plan, Instant deadline, Attempt attempt)
    : env_(env),
      plan_(std::move(plan)),
      deadline_(deadline),
      attempt_(std::move(attempt)),
      running_(env.executor, "swarm.dial") {}

Task<std::optional<UpgradedConnection>> DialRace::run() {
  co_await finally(run_all(), running_.close());
  settle_canceled();
  co_return std::move(winner_);
}

Task<void> DialRace::run_all() {
  const Instant began = env_.clock.now();
  while (!winner_) {
    while (may_start(began)) start_next();
    if (ended_ == reports_.size()) co_return;
    if (env_.clock.now() >= deadline_) {
      time_out();
      co_return;
    }
    Instant wake = deadline_;
    const bool has_room = reports_.size() < plan_.size() && reports_.size() - ended_ < kParallelMax;
    if (has_room) wake = std::min(wake, began + plan_[reports_.size()].delay);
    co_await race(wait_for_end(ended_), env_.clock.sleep_until(wake));
  }
}

// Whoever has the delay of one that had to begin early goes with it.
bool DialRace::may_start(Instant began) const {
  const std::size_t next = reports_.size();
  const std::size_t under_way = next - ended_;
  if (winner_ || next == plan_.size() || under_way >= kParallelMax) return false;
  return under_way == 0 || plan_[next].delay <= std::max(reached_, env_.clock.now() - began);
}

void DialRace::start_next() {
  const std::size_t index = reports_.size();
  reached_ = std::max(reached_, plan_[index].delay);
  reports_.push_back({.address = plan_[index].address, .code = {}, .why = {}, .began = env_.clock.now()});
  running_.spawn(run_attempt(index));
}

Task<void> DialRace::run_attempt(std::size_t index) {
  Task<UpgradedConnection> attempt = attempt_(reports_[index].address);
  auto upgraded = co_await as_outcome(std::move(attempt));
  DialReport& report = reports_[index];
  report.took = env_.clock.now() - report.began;
  if (!upgraded) {
    report.code = upgraded.error().code();
    // Limits are told with their name.
    report.why = report.code == Errc::kLimitReached ? upgraded.error().what() : report.code.message();
  } else if (!winner_) {
    report.won = true;
    winner_.emplace(std::move(*upgraded));
  }
  ++ended_;
  changed_.notify_all();
}

Task<void> DialRace::wait_for_end(std::size_t ended) {
  while (ended_ == ended) co_await changed_.wait();
}

std::vector<Multiaddr> DialRace::not_begun() const {
  std::vector<Multiaddr> addresses;
  for (std::size_t i = reports_.size(); i < plan_.size(); ++i) addresses.push_back(plan_[i].address);
  return addresses;
}

void DialRace::time_out() {
  timed_out_ = true;
  for (DialReport& report : reports_) {
    if (report.code) continue;
    report.took = env_.clock.now() - report.began;
    report.code = Errc::kTimedOut;
    report.why = report.code.message();
  }
}

void DialRace::settle_canceled() {
  for (DialReport& report : reports_) {
    if (report.won || report.code) continue;
    report.took = env_.clock.now() - report.began;
    report.why = "another address was faster";
  }
}

}  // namespace warren
