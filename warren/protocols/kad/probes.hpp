// Who of the routing table still lives: those that have not said anything for a while are asked, one after
// the other; those that are dead leave the table.
#pragma once

#include <set>

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

  // A question to a peer, of the table or not, was not answered.
  void failed(const PeerId& peer, std::error_code error);

  // One FIND_NODE. False: it does not answer.
  Task<bool> probe(PeerId peer);

 private:
  // How often each peer of the table is to show that it is alive.
  Duration interval() const;
  Task<void> run();
  // Unless it is being probed, or too many are.
  void spawn(const PeerId& peer);
  Task<void> probe_and_note(PeerId peer);
  void disconnected(const ConnectionPtr& connection);

  Host& host_;
  const Config& config_;
  Members& members_;
  Rpc& rpc_;
  std::set<PeerId> under_way_;
  std::vector<PeerId> suspects_;  // whose connection has broken: they are next
  Subscription disconnected_;
  TaskGroup tasks_;
  Event changed_;
  Alarm alarm_;
};

}  // namespace warren::kad
