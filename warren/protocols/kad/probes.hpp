// Who of the routing table still lives: those that have not said anything for a while are asked, one after
// the other; those that are dead leave the table at once.
#pragma once

#include <unordered_map>

#include "warren/async/task_group.hpp"
#include "warren/protocols/kad/alarm.hpp"
#include "warren/protocols/kad/members.hpp"
#include "warren/protocols/kad/rpc.hpp"

namespace warren::kad {

class Probes {
 public:
  // All outlive it.
  Probes(Host& host, const Config& config, Members& members, Rpc& rpc);

  void start();
  Task<void> close();

  // What became of a question to a peer, of the table or not.
  void heard(const PeerId& peer);
  void failed(const PeerId& peer, std::error_code error);

  // One FIND_NODE. False: the peer is dead, and has left the table if it was there.
  Task<bool> probe(PeerId peer);

 private:
  struct Watch {
    Instant due;
    int strikes = 0;
    bool probing = false;
  };

  Task<void> run();
  Task<void> probe_due(PeerId peer);
  std::unordered_map<PeerId, Watch>::iterator next_due();
  void disconnected(const ConnectionPtr& connection);

  Host& host_;
  const Config& config_;
  Members& members_;
  Rpc& rpc_;
  std::unordered_map<PeerId, Watch> watched_;  // the members
  std::vector<Subscription> subscriptions_;
  TaskGroup tasks_;
  Event changed_;
  Alarm alarm_;
  std::size_t under_way_ = 0;
};

}  // namespace warren::kad
