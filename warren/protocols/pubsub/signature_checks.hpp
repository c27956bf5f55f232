// Signatures of messages, verified on the pool in batches: what waits together makes its way there and back
// together. https://github.com/libp2p/specs/blob/master/pubsub/README.md#message-signing
#pragma once

#include <deque>
#include <functional>
#include <vector>

#include "warren/async/task_group.hpp"
#include "warren/env/env.hpp"
#include "warren/protocols/pubsub/config.hpp"
#include "warren/protocols/pubsub/router/router.hpp"

namespace warren::pubsub {

class SignatureChecks {
 public:
  struct Checked {
    Arrival arrival;
    Instant arrived{};
    Result<> outcome;  // verify_message's
  };
  // Called in the loop for each batch; calls nothing of this object but add().
  using Done = std::function<void(std::vector<Checked>)>;

  // `env` and `tasks` outlive it.
  SignatureChecks(Env& env, TaskGroup& tasks, Done done) : env_(env), tasks_(tasks), done_(std::move(done)) {}

  // The order of messages is not kept.
  void add(Arrival arrival, Instant now);

  const Verifications& verifications() const { return counters_; }

 private:
  Task<void> check_waiting();
  std::vector<Checked> take_batch();

  Env& env_;
  TaskGroup& tasks_;
  Done done_;
  std::deque<Checked> waiting_;
  std::size_t running_ = 0;  // batches at a time
  Verifications counters_;
};

}  // namespace warren::pubsub
