// What a DHT node does by itself: joins, keeps its routing table fresh, republishes what is its own, forgets
// what has expired, and saves the table for its next start. One task and one timer.
#pragma once

#include "warren/async/task_group.hpp"
#include "warren/protocols/kad/alarm.hpp"
#include "warren/protocols/kad/providers.hpp"
#include "warren/protocols/kad/search.hpp"
#include "warren/protocols/kad/values.hpp"

namespace warren::kad {

class Upkeep {
 public:
  // All outlive it.
  Upkeep(Host& host, const Config& config, Members& members, Rpc& rpc, Search& search, Records& records,
         Values& values, Providers& providers);

  void start();
  // Saves the table.
  Task<void> close();

 private:
  // Something to be done again and again.
  struct Chore {
    Task<void> (Upkeep::*run)();
    Duration interval;
    Instant due;
    bool running = false;
  };

  Task<void> run();
  Task<void> do_chore(Chore& chore);

  // Those of the table that was saved are asked, and the own place in the network is looked for.
  Task<void> join_saved();
  Task<void> join();
  Task<void> refresh();
  Task<void> republish();
  Task<void> expire();
  Task<void> save();

  Host& host_;
  const Config& config_;
  Members& members_;
  Rpc& rpc_;
  Search& search_;
  Records& records_;
  Values& values_;
  Providers& providers_;
  std::vector<Subscription> subscriptions_;
  std::vector<Chore> chores_;
  TaskGroup tasks_;
  Event changed_;
  Alarm alarm_;
  bool joined_ = false;
};

}  // namespace warren::kad
