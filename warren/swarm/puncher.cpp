#include "warren/swarm/puncher.hpp"

#include <algorithm>

#include "warren/async/cancellation.hpp"
#include "warren/async/counted.hpp"

namespace warren {

namespace {

// Home routers drop what comes at once beyond their tables: ten new flows a second, fifty at once.
constexpr double kBurst = 5;

// What most attempts failed with; silence is what a failed punch looks like.
std::error_code common_error(const std::vector<DialOutcome>& attempts) {
  std::error_code most = Errc::kNoAddresses;
  std::ptrdiff_t most_count = 0;
  for (const DialOutcome& attempt : attempts) {
    const auto count = std::ranges::count(attempts, attempt.error, &DialOutcome::error);
    if (!attempt.error || count <= most_count) continue;
    most = attempt.error;
    most_count = count;
  }
  return most == Errc::kTimedOut ? make_error_code(Errc::kPunchFailed) : most;
}

}  // namespace

Puncher::Puncher(PunchNeeds needs, PunchTable& table)
    : needs_(std::move(needs)),
      table_(table),
      flows_(needs_.env.clock, needs_.state.table[&SwarmLimits::punch_flows_per_second_max], kBurst) {}

Task<PunchOutcome> Puncher::punch(PunchCall call, std::vector<Multiaddr> listening) {
  PunchOutcome outcome;
  if (needs_.state.self == call.peer) outcome.error = Errc::kSelfDial;
  if (closed_) outcome.error = Errc::kClosed;
  if (outcome.error) co_return outcome;
  outcome.connection = needs_.direct_connection(call.peer);
  if (outcome.connection) co_return outcome;
  if (const auto may = needs_.gate.check_dial(call.peer); !may) {
    outcome.error = may.error().reason;
    co_return outcome;
  }
  const Counted running(running_, changed_);
  PunchPlan plan = plan_punch(call, needs_.transports, needs_.gate);
  PunchRace attempts(needs_, table_, flows_, call, std::move(plan.targets), std::move(listening));
  co_await race(attempts.run(), wait_until_closed());
  outcome.connection = needs_.direct_connection(call.peer);
  outcome.attempts = attempts.outcomes();
  std::ranges::move(plan.left_out, std::back_inserter(outcome.attempts));
  if (outcome.connection) needs_.punched(call.peer);
  if (!outcome.connection) outcome.error = common_error(outcome.attempts);
  if (closed_) outcome.error = Errc::kClosed;
  for (const DialOutcome& attempt : outcome.attempts) needs_.state.events.dialed.emit(attempt);
  co_return outcome;
}

Task<void> Puncher::wait_until_closed() {
  while (!closed_) co_await changed_.wait();
}

Task<void> Puncher::close() {
  closed_ = true;
  changed_.notify_all();
  while (running_ > 0) co_await changed_.wait_uncanceled();
}

}  // namespace warren
