// Turns a service on and off, one step after the other, whatever is wanted while a step is under way.
#pragma once

#include <functional>

#include "warren/async/task_group.hpp"

namespace warren {

class ServiceSwitch {
 public:
  // Its steps run in `tasks`, which outlives it.
  ServiceSwitch(TaskGroup& tasks, std::function<Task<void>()> on, std::function<Task<void>()> off)
      : tasks_(tasks), on_(std::move(on)), off_(std::move(off)) {}

  void set(bool wanted) {
    wanted_ = wanted;
    if (wanted_ == is_on_ || turning_) return;
    turning_ = true;
    tasks_.spawn(turn());
  }

 private:
  Task<void> turn() {
    while (wanted_ != is_on_) {
      is_on_ = wanted_;
      if (is_on_) {
        co_await on_();
      } else {
        co_await off_();
      }
    }
    turning_ = false;
  }

  TaskGroup& tasks_;
  std::function<Task<void>()> on_;
  std::function<Task<void>()> off_;
  bool wanted_ = false;
  bool is_on_ = false;
  bool turning_ = false;
};

}  // namespace warren
