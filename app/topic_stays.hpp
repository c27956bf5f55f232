// What this node has sent reliably others can fetch from it, if they find it among the topic's subscribers:
// so it stays there as long as the messages live. Lives in the loop.
#pragma once

#include <map>
#include <string>

#include "warren/async/task_group.hpp"
#include "warren/env/env.hpp"
#include "warren/node/node.hpp"

namespace warren::app {

class TopicStays {
 public:
  // Both outlive it.
  TopicStays(Env& env, Node& node);

  // For so long from now on, if the node's limits let it.
  Task<void> stay(std::string topic, std::chrono::milliseconds ttl);

  // Leaves all.
  Task<void> close();

 private:
  struct Stay {
    Subscription subscription;
    Instant until;
  };

  Task<void> leave_in_time();

  Env& env_;
  Node& node_;
  std::map<std::string, Stay> stays_;
  TaskGroup tasks_;
};

}  // namespace warren::app
