// When both sides punch, more than one direct connection may come about. One side, that of the smaller peer
// id, ends those that are not the best as soon as no stream runs on them; the other side would at best
// choose the same.
#pragma once

#include <set>

#include "warren/async/task_group.hpp"
#include "warren/swarm/path_watch.hpp"

namespace warren {

class TwinPaths {
 public:
  // All outlive it.
  TwinPaths(Env& env, SwarmState& state, const PathWatch& paths);

  // After a punch: looks at the peer's connections for a while. Those that are twins were opened within
  // kTwinTime of the best.
  void keep_one(const PeerId& peer);

  // Waits until nothing runs.
  Task<void> close() { return watching_.close(); }

 private:
  Task<void> watch(PeerId peer);
  void end_spare_ones(const PeerId& peer);

  Env& env_;
  SwarmState& state_;
  const PathWatch& paths_;
  std::set<PeerId> watched_;
  TaskGroup watching_;
};

}  // namespace warren
