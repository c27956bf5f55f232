// What became of one published message at the peers it was meant for.
#pragma once

#include <cstddef>

#include "warren/async/event.hpp"

namespace warren::pubsub {

struct SendTally {
  std::size_t queued = 0;   // peers that it is meant for
  std::size_t sent = 0;     // of these: written to the peer's stream
  std::size_t spared = 0;   // of these: said that they have it
  std::size_t dropped = 0;  // of these: their queue was full, or they have gone
  Event changed;

  bool settled() const { return sent + spared + dropped >= queued; }
  void count(std::size_t SendTally::* what) {
    ++(this->*what);
    changed.notify_all();
  }
};

}  // namespace warren::pubsub
