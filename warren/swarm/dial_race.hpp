// Runs the attempts of one dial against each other (happy eyeballs, RFC 8305): each begins after its delay,
// or at once when nothing is under way any more; the first that succeeds ends the others.
#pragma once

#include <functional>
#include <optional>
#include <vector>

#include "warren/async/task_group.hpp"
#include "warren/env/env.hpp"
#include "warren/swarm/dial_error.hpp"
#include "warren/swarm/dial_ranking.hpp"
#include "warren/swarm/upgrader.hpp"

namespace warren {

class DialRace {
 public:
  // At a time. Each holds a socket, and who names many addresses should not get many of those.
  static constexpr std::size_t kParallelMax = 8;

  using Attempt = std::function<Task<UpgradedConnection>(Multiaddr address)>;

  // `plan`: by delays, as plan_dials() makes it. Who counts as a failure of `attempt`: std::system_error.
  DialRace(Env& env, std::vector<DialAttempt> plan, Instant deadline, Attempt attempt);

  // Until one has succeeded, all have failed, or the deadline. In any case, and when canceled, none runs any
  // more afterwards. To be called once.
  Task<std::optional<UpgradedConnection>> run();

  // Of the attempts that have begun, in that order. Those that the deadline ended have timed out, and those
  // that another one was faster than have no error.
  const std::vector<DialReport>& reports() const { return reports_; }
  // Whether the deadline came first, and whom it left no time for.
  bool timed_out() const { return timed_out_; }
  std::vector<Multiaddr> not_begun() const;

 private:
  Task<void> run_all();
  bool may_start(Instant began) const;
  void start_next();
  void time_out();
  void settle_canceled();
  Task<void> run_attempt(std::size_t index);
  Task<void> wait_for_end(std::size_t ended);

  Env& env_;
  std::vector<DialAttempt> plan_;
  Instant deadline_;
  Attempt attempt_;
  std::vector<DialReport> reports_;
  std::optional<UpgradedConnection> winner_;
  std::size_t ended_ = 0;
  Duration reached_{};  // the furthest delay of those that have begun
  bool timed_out_ = false;
  Event changed_;
  TaskGroup running_;
};

}  // namespace warren
