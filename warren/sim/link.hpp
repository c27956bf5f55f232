// The line between two machines: what is sent arrives in order after a delay, unless the line is cut.
#pragma once

#include <array>
#include <deque>
#include <functional>

#include "warren/sim/loop.hpp"
#include "warren/sim/packet.hpp"

namespace warren::sim {

class Link {
 public:
  // `deliver` takes what has arrived, and the direction it went.
  using Deliver = std::function<void(int direction, Packet)>;
  Link(Loop& loop, Duration delay, Deliver deliver);

  // One way. What is on its way already keeps its own arrival, and is not overtaken.
  void set_delay(Duration delay) { delay_ = delay; }

  void cut();
  void mend();

  // Takes the packet in direction 0 or 1; while the line is cut it waits.
  void send(int direction, Packet packet);

 private:
  struct Direction {
    std::deque<Packet> queue;  // on the way
    Instant last_arrival{};
  };
  void schedule(int direction);

  Loop& loop_;
  Duration delay_;
  Deliver deliver_;
  std::array<Direction, 2> directions_;
  bool cut_ = false;
  std::uint64_t cuts_ = 0;  // arrivals that were planned before the last cut do not happen
};

}  // namespace warren::sim
