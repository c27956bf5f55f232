// SIGINT and SIGTERM as something a coroutine can wait for.
#pragma once

#include <memory>

#include "warren/async/task.hpp"

namespace warren::app {

class StopSignals {
 public:
  // From here on the signals no longer end the process.
  explicit StopSignals(Executor executor);
  ~StopSignals();

  // Returns at the first signal, also one that came before the call. After it the signals have their usual
  // effect again, so that a second Ctrl-C ends a shutdown that hangs. Cancelable.
  Task<void> wait();

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace warren::app
