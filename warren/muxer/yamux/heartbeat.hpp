// One task that watches the time for all connections of a muxer, because thousands of idle ones should not
// have a sleeping task each.
#pragma once

#include <map>
#include <memory>
#include <optional>

#include "warren/async/task_group.hpp"
#include "warren/env/clock.hpp"

namespace warren::yamux {

class Heartbeat {
 public:
  class Watched;
  using Schedule = std::multimap<Instant, Watched*>;

  // Something for which time passes.
  class Watched {
   public:
    virtual ~Watched() = default;
    // Its time has come. Returns when to come again; std::nullopt: never.
    virtual std::optional<Instant> beat(Instant now) = 0;

   private:
    friend class Heartbeat;
    std::optional<Schedule::iterator> place_;
  };

  // `clock` outlives it.
  Heartbeat(Executor executor, Clock& clock) : executor_(std::move(executor)), clock_(clock) {}

  // beat() will be called at `due`. Precondition: it is not watched already.
  void watch(Watched& watched, Instant due);
  // beat() is not called any more. Whoever was watched leaves before it is destroyed. Not cancelable.
  Task<void> leave(Watched& watched);

 private:
  Task<void> run();

  Executor executor_;
  Clock& clock_;
  Schedule schedule_;
  Event earlier_;  // something is due before all others
  bool running_ = false;
  std::unique_ptr<TaskGroup> task_;  // while there is anybody to watch
};

}  // namespace warren::yamux
