// What one peer did in one topic: the counters behind P1 to P4.
// https://github.com/libp2p/specs/blob/master/pubsub/gossipsub/gossipsub-v1.1.md#topic-parameter-calculation-and-decay
#pragma once

#include "warren/protocols/pubsub/score/params.hpp"

namespace warren::pubsub {

// `params`: always those of the topic.
class TopicCounters {
 public:
  // P1 begins anew, and P3 is not active before its activation time is over.
  void graft(Instant now);
  // What P3 lacks is kept as P3b. Outside of the mesh P1 and P3 are nothing: one who has been pruned could
  // never make up for what it lacks.
  void prune(const TopicScoreParams& params, Instant now);

  // It brought a valid message first: P2, and in the mesh P3.
  void count_first(const TopicScoreParams& params);
  // It brought one that somebody else had brought just before: P3, in the mesh.
  void count_near_first(const TopicScoreParams& params);
  void count_invalid() { invalid_ += 1; }

  // What `intervals` (>= 1) decay intervals leave; less than `to_zero` is nothing.
  void decay(const TopicScoreParams& params, double to_zero, std::int64_t intervals);
  // For caps that have been lowered.
  void cap(const TopicScoreParams& params);
  // A peer that comes back has to earn P2 again; what is held against it stays.
  void forget_first() { first_ = 0; }

  // There is something that a peer would lose by coming back under this name: P3b or P4.
  bool incriminating() const { return failures_ > 0 || invalid_ > 0; }
  // Weighted, with the topic's weight.
  double score(const TopicScoreParams& params, Instant now) const;

 private:
  // What the peer owes of P3 at this time.
  double deficit(const TopicScoreParams& params, Instant now) const;

  double first_ = 0;     // P2
  double in_mesh_ = 0;   // P3: first and near-first ones
  double failures_ = 0;  // P3b
  double invalid_ = 0;   // P4
  Instant grafted_;      // of the last GRAFT; valid in the mesh
  bool grafted_now_ = false;
};

}  // namespace warren::pubsub
