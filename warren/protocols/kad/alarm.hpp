// Wakes whoever waits for an Event at an instant, for loops that wait for a change or for a time.
#pragma once

#include <optional>

#include "warren/async/event.hpp"
#include "warren/async/task_group.hpp"
#include "warren/env/clock.hpp"

namespace warren::kad {

class Alarm {
 public:
  // All outlive it; `tasks` runs the sleeper.
  Alarm(Clock& clock, TaskGroup& tasks, Event& event) : clock_(clock), tasks_(tasks), event_(event) {}

  // Rings then, or earlier: one that is set already and comes sooner is as good. Who is woken sets it anew.
  void set(Instant at) {
    if (at_ && *at_ <= at) return;
    at_ = at;
    tasks_.spawn(ring(at));
  }

 private:
  Task<void> ring(Instant at) {
    co_await clock_.sleep_until(at);
    if (at_ == at) at_.reset();
    event_.notify_all();
  }

  Clock& clock_;
  TaskGroup& tasks_;
  Event& event_;
  std::optional<Instant> at_;
};

}  // namespace warren::kad
