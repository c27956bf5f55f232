// Counts for as long as it lives, and tells of the end: who closes waits until nobody is counted any more.
#pragma once

#include <cstddef>

#include "warren/async/event.hpp"

namespace warren {

class Counted {
 public:
  // Both outlive it.
  Counted(std::size_t& count, Event& changed) : count_(count), changed_(changed) { ++count_; }
  Counted(const Counted&) = delete;
  Counted& operator=(const Counted&) = delete;
  ~Counted() {
    --count_;
    changed_.notify_all();
  }

 private:
  std::size_t& count_;
  Event& changed_;
};

}  // namespace warren
