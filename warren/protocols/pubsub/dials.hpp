// Connects to peers that the router wants: explicit ones, and those that others offer with their signed
// addresses. A few at a time.
// https://github.com/libp2p/specs/blob/master/pubsub/gossipsub/gossipsub-v1.1.md#prune-backoff-and-peer-exchange
#pragma once

#include <deque>
#include <unordered_set>
#include <vector>

#include "warren/async/task_group.hpp"
#include "warren/core/host.hpp"
#include "warren/protocols/pubsub/router/actions.hpp"

namespace warren::pubsub {

class Dials {
 public:
  // Both outlive it.
  Dials(Host& host, TaskGroup& tasks) : host_(host), tasks_(tasks) {}

  // Peers that are connected already, and those for which there is no room, are left out.
  void add(Dial dial);

 private:
  Task<void> dial_waiting();
  Task<void> dial(Dial dial);
  // Signed addresses lead anywhere: into this machine or its network only while somebody is connected from
  // there.
  std::vector<Multiaddr> plausible(std::vector<Multiaddr> addresses) const;

  Host& host_;
  TaskGroup& tasks_;
  std::deque<Dial> waiting_;
  std::unordered_set<PeerId> known_;  // that wait or are being dialed
  std::size_t running_ = 0;
};

}  // namespace warren::pubsub
