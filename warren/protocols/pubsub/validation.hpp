// From a message that is new to its verdict: its signature, then the topic's validator. Bounded: a peer that
// has brought much that waits is not read until some of it is done.
#pragma once

#include <deque>
#include <functional>
#include <memory>
#include <unordered_map>

#include "warren/async/task_group.hpp"
#include "warren/core/host.hpp"
#include "warren/protocols/pubsub/signature_checks.hpp"
#include "warren/protocols/pubsub/topic_table.hpp"

namespace warren::pubsub {

// What a message is to its validator and its handler. Of one that came: the author must be known to be so.
std::shared_ptr<const Message> make_message(const MessageView& view, MessageId id, const PeerId& from);

class Validation {
 public:
  struct Callbacks {
    // The verdict on a message; it is null where nobody needs it.
    std::function<void(const Arrival&, Verdict, const std::shared_ptr<const Message>&)> judge;
    // Verdicts were told.
    std::function<void()> judged;
  };
  // All outlive it.
  Validation(Host& host, const GossipConfig& config, const TopicTable& topics, TaskGroup& tasks,
             Callbacks callbacks);

  // Verdicts come at once where there is nothing to check, or later; judged() is called for the later ones.
  void submit(std::vector<Arrival> arrivals);
  bool has_room(const PeerId& peer) const;

  const Verifications& verifications() const { return checks_.verifications(); }

 private:
  struct Ready {
    Arrival arrival;
    Instant arrived{};
    std::shared_ptr<const Message> message;
    Validator validator;
  };

  void take_checked(std::vector<SignatureChecks::Checked> batch);
  // The author's word is good, or needs none.
  void go_on(Arrival arrival, Instant arrived);
  void start_validators();
  Task<void> validate(Ready ready);
  void finish(const Arrival& arrival, Verdict verdict, const std::shared_ptr<const Message>& message);
  bool is_stale(Instant arrived) const;

  Host& host_;
  const GossipConfig& config_;
  const TopicTable& topics_;
  TaskGroup& tasks_;
  Callbacks callbacks_;
  SignatureChecks checks_;
  std::deque<Ready> ready_;  // for their validators
  std::size_t validating_ = 0;
  std::unordered_map<PeerId, std::size_t> waiting_;  // by who brought them
  std::size_t waiting_in_all_ = 0;
};

}  // namespace warren::pubsub
