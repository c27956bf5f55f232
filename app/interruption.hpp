// Ctrl-C during a call of the control API that goes on: the call is canceled, and the command can say what it
// has so far.
#pragma once

#include <thread>

#include "app/stop_flag.hpp"

namespace warren::app {

class Interruption {
 public:
  // Cancels the stream at the first signal. Both outlive it.
  template <class Stream>
  Interruption(const StopFlag& stop, Stream& stream)
      : stop_(stop), thread_([this, &stream] {
          if (!stop_.wait()) return;
          interrupted_ = true;
          stream.cancel();
        }) {}
  ~Interruption() { end(); }
  Interruption(const Interruption&) = delete;
  Interruption& operator=(const Interruption&) = delete;

  // No longer looks out for signals. Whether there was one.
  bool end() {
    stop_.raise();
    if (thread_.joinable()) thread_.join();
    return interrupted_;
  }

 private:
  const StopFlag& stop_;
  bool interrupted_ = false;  // the thread's, until it has ended
  std::thread thread_;
};

}  // namespace warren::app
