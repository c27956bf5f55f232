// Makes direct paths through NATs, together with the peer (core/punch.hpp): plans a punch, runs it within the
// budget for new flows, and tells what became of each address. Neither what has failed before nor an open
// relayed connection keeps it from anything; whom the access list denies does.
#pragma once

#include "warren/swarm/punch_race.hpp"

namespace warren {

class Puncher {
 public:
  Puncher(PunchNeeds needs, PunchTable& table);

  // See PunchDialer::punch. `listening`: our own addresses.
  Task<PunchOutcome> punch(PunchCall call, std::vector<Multiaddr> listening);

  // Brings the limits that count with time up to date.
  void update_limits() { flows_.update(); }

  // Ends the punches under way, with kClosed, and waits until nothing of them runs. From now on there are
  // none.
  Task<void> close();

 private:
  Task<void> wait_until_closed();

  PunchNeeds needs_;
  PunchTable& table_;
  DialRate flows_;
  std::size_t running_ = 0;
  bool closed_ = false;
  Event changed_;
};

}  // namespace warren
