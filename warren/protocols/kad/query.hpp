// The pump around a lookup's policy: asks whom it names, as many at a time as it wants, and tells it what
// came of that, until it has its answer or the caller has.
#pragma once

#include <functional>
#include <utility>
#include <vector>

#include "warren/async/as_result.hpp"
#include "warren/async/cancellation.hpp"
#include "warren/async/task_group.hpp"
#include "warren/core/peerstore.hpp"
#include "warren/env/env.hpp"
#include "warren/protocols/kad/alarm.hpp"

namespace warren::kad {

// Asks one peer and returns the peers that it names. A std::system_error counts as a failure of that peer.
using Ask = std::function<Task<std::vector<PeerInfo>>(PeerInfo peer)>;

// `Policy` is Lookup, or has its next(), answered(), failed(), wake_at() and done().
template <class Policy>
class Query {
 public:
  // All outlive the run. `enough`, when given, is asked after each answer, and ends the query early.
  Query(Env& env, Policy& policy, Ask ask, std::function<bool()> enough = {})
      : env_(env),
        policy_(policy),
        ask_(std::move(ask)),
        enough_(std::move(enough)),
        questions_(env.executor, "kad.query"),
        alarm_(env.clock, questions_, changed_) {}

  // Once. Questions that are under way in the end are canceled. Cancelable.
  Task<void> run() {
    // Begun by finally, so that whatever way the coroutine that awaits this ends, nothing is left of it.
    return finally(drive(), questions_.close());
  }

 private:
  Task<void> drive() {
    while (!(enough_ && enough_())) {
      const Instant now = env_.clock.now();
      while (auto peer = policy_.next(now)) {
        ++under_way_;
        questions_.spawn(ask_one(std::move(*peer)));
      }
      if (policy_.done(now) || under_way_ == 0) co_return;
      if (const auto at = policy_.wake_at()) alarm_.set(*at);
      co_await changed_.wait();
    }
  }

  Task<void> ask_one(PeerInfo peer) {
    const PeerId id = peer.id;
    auto closer = co_await as_result(ask_(std::move(peer)));
    --under_way_;
    const Instant now = env_.clock.now();
    if (closer) {
      policy_.answered(id, std::move(*closer), now);
    } else {
      policy_.failed(id, now);
    }
    changed_.notify_all();
  }

  Env& env_;
  Policy& policy_;
  Ask ask_;
  std::function<bool()> enough_;
  TaskGroup questions_;
  Event changed_;
  std::size_t under_way_ = 0;
  Alarm alarm_;
};

}  // namespace warren::kad
