#include "warren/sim/link.hpp"

#include <algorithm>
#include <utility>

namespace warren::sim {

Link::Link(Loop& loop, Duration delay, Deliver deliver)
    : loop_(loop), delay_(delay), deliver_(std::move(deliver)) {}

void Link::send(int direction, Packet packet) {
  directions_[direction].queue.push_back(std::move(packet));
  if (!cut_) schedule(direction);
}

// Plans the arrival of one more packet of the queue.
void Link::schedule(int direction) {
  Instant& last = directions_[direction].last_arrival;
  last = std::max(last, loop_.now() + delay_);
  loop_.at(last, [this, direction, cuts = cuts_] {
    if (cuts != cuts_) return;
    auto& queue = directions_[direction].queue;
    Packet packet = std::move(queue.front());
    queue.pop_front();
    deliver_(direction, std::move(packet));
  });
}

void Link::cut() {
  if (std::exchange(cut_, true)) return;
  ++cuts_;
}

void Link::mend() {
  if (!std::exchange(cut_, false)) return;
  for (const int direction : {0, 1}) {
    for (std::size_t i = directions_[direction].queue.size(); i > 0; --i) schedule(direction);
  }
}

}  // namespace warren::sim
