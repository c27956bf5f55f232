#include "warren/protocols/pubsub/score/topic_counters.hpp"

#include <algorithm>

#include "warren/protocols/pubsub/score/decay.hpp"

namespace warren::pubsub {

void TopicCounters::graft(Instant now) {
  grafted_now_ = true;
  grafted_ = now;
}

void TopicCounters::prune(const TopicScoreParams& params, Instant now) {
  const double lacking = deficit(params, now);
  failures_ += lacking * lacking;
  grafted_now_ = false;
}

void TopicCounters::count_first(const TopicScoreParams& params) {
  first_ = std::min(first_ + 1, params.first_message_deliveries_cap);
  count_near_first(params);
}

void TopicCounters::count_near_first(const TopicScoreParams& params) {
  if (grafted_now_) in_mesh_ = std::min(in_mesh_ + 1, params.mesh_message_deliveries_cap);
}

void TopicCounters::decay(const TopicScoreParams& params, double to_zero, std::int64_t intervals) {
  decay_counter(first_, params.first_message_deliveries_decay, to_zero, intervals);
  decay_counter(in_mesh_, params.mesh_message_deliveries_decay, to_zero, intervals);
  decay_counter(failures_, params.mesh_failure_penalty_decay, to_zero, intervals);
  decay_counter(invalid_, params.invalid_message_deliveries_decay, to_zero, intervals);
}

void TopicCounters::cap(const TopicScoreParams& params) {
  first_ = std::min(first_, params.first_message_deliveries_cap);
  in_mesh_ = std::min(in_mesh_, params.mesh_message_deliveries_cap);
}

double TopicCounters::score(const TopicScoreParams& params, Instant now) const {
  double score = params.first_message_deliveries_weight * first_;
  if (grafted_now_ && params.time_in_mesh_weight != 0) {
    const auto quanta = (now - grafted_) / params.time_in_mesh_quantum;
    const double time_in_mesh = std::clamp(static_cast<double>(quanta), 0.0, params.time_in_mesh_cap);
    score += params.time_in_mesh_weight * time_in_mesh;
  }
  const double lacking = deficit(params, now);
  score += params.mesh_message_deliveries_weight * lacking * lacking;
  score += params.mesh_failure_penalty_weight * failures_;
  score += params.invalid_message_deliveries_weight * invalid_ * invalid_;
  return params.topic_weight * score;
}

double TopicCounters::deficit(const TopicScoreParams& params, Instant now) const {
  const bool active = grafted_now_ && params.judges_mesh_deliveries() &&
                      now - grafted_ > params.mesh_message_deliveries_activation;
  return active ? std::max(params.mesh_message_deliveries_threshold - in_mesh_, 0.0) : 0;
}

}  // namespace warren::pubsub
