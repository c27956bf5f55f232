// Hands verified messages to a topic's subscribers, one after the other, those of reliable topics once they
// are on disk.
#pragma once

#include "warren/async/task_group.hpp"
#include "warren/broadcast/topic_entry.hpp"
#include "warren/env/env.hpp"

namespace warren {

class Deliveries {
 public:
  // All outlive this object; `tasks` is closed before.
  Deliveries(Env& env, BroadcastStore& store, const BroadcastLimits& limits, TaskGroup& tasks)
      : env_(env), store_(store), limits_(limits), tasks_(tasks) {}

  // Waits while too much waits for the disk.
  Task<void> wait_for_room(TopicPtr topic);

  // In this order, from the loop's next turn on.
  void push(const TopicPtr& topic, Delivery delivery);

  // Returns when all that was pushed is delivered.
  Task<void> finish(TopicPtr topic);

  // Calls the gap handlers, from the loop's next turn on.
  void tell(const TopicPtr& topic, const std::vector<GapReport>& reports);

 private:
  Task<void> drain(TopicPtr topic);
  Task<void> store_and_deliver(TopicPtr topic, std::vector<Delivery> batch);
  Task<bool> deliver(TopicPtr topic, TopicMessage message);
  Task<void> take_back(TopicPtr topic, std::vector<StoredBroadcast> unheard);
  Task<void> tell_all(TopicPtr topic, std::vector<TopicGap> gaps);

  Env& env_;
  BroadcastStore& store_;
  const BroadcastLimits& limits_;
  TaskGroup& tasks_;
};

}  // namespace warren
