// The way out: what we broadcast on a topic is numbered, signed, stored if it is to be reliable, delivered to
// our own subscribers and given to gossipsub, in the order of the calls.
#pragma once

#include <deque>
#include <unordered_map>

#include "warren/async/task_group.hpp"
#include "warren/base/token_bucket.hpp"
#include "warren/broadcast/intake.hpp"
#include "warren/broadcast/topic_sealer.hpp"
#include "warren/core/host.hpp"
#include "warren/protocols/pubsub/gossipsub.hpp"

namespace warren {

class Announcer {
 public:
  struct Needs {
    Host& host;
    pubsub::GossipSub& gossip;
    BroadcastStore& store;
    TopicSealer& sealer;
    Intake& intake;
    TaskGroup& tasks;
    const BroadcastLimits& limits;
  };
  // All outlive this object; the tasks are closed before.
  explicit Announcer(Needs needs);

  // On a warren topic. Waits where there are more of ours than others would listen to. Throws kStorage: it
  // was to be reliable and could not be stored, so it was not sent; kClosed. Cancelable, but once it has its
  // number it is sent all the same: numbers have no holes.
  Task<BroadcastReport> announce(TopicPtr topic, Bytes payload, BroadcastOptions options);

 private:
  // A call of announce().
  struct Job {
    Bytes payload;
    BroadcastOptions options;
    std::optional<std::expected<BroadcastReport, std::system_error>> outcome;
    bool is_given_up = false;  // before it had a number
    Event done;
  };
  using JobPtr = std::shared_ptr<Job>;

  // Jobs are sealed one after the other for each topic.
  Task<void> work_off(TopicPtr topic);
  Task<void> take_turn(JobPtr job);
  Task<void> send(TopicPtr topic, JobPtr job);
  Task<void> publish(TopicPtr topic, JobPtr job, Bytes wire, BroadcastReport report);
  Task<TopicSealer::Sealed> seal_and_store(TopicPtr topic, Bytes payload, WallTime now,
                                           BroadcastOptions options);
  Task<void> finish(JobPtr job, Task<void> work);

  Host& host_;
  pubsub::GossipSub& gossip_;
  BroadcastStore& store_;
  TopicSealer& sealer_;
  Intake& intake_;
  TaskGroup& tasks_;
  TokenBucket pace_;
  std::unordered_map<TopicEntry*, std::deque<JobPtr>> queues_;  // of topics that are being worked off
};

}  // namespace warren
