// SIGINT and SIGTERM for commands that have to do something before they end.
#pragma once

namespace warren::app {

// Readable from the moment when everything is to end: a signal came, or the command says so.
class StopFlag {
 public:
  // Before any thread starts, since threads inherit what is blocked here. Throws Failure.
  StopFlag();
  ~StopFlag();
  StopFlag(const StopFlag&) = delete;
  StopFlag& operator=(const StopFlag&) = delete;

  int descriptor() const { return flag_; }
  void raise() const;

  // Returns when it is raised, and whether by a signal.
  bool wait() const;

 private:
  int flag_ = -1;
  int signals_ = -1;
};

}  // namespace warren::app
