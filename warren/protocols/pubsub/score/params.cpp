#include "warren/protocols/pubsub/score/params.hpp"

#include <cmath>
#include <string>

#include "warren/base/log.hpp"

namespace warren::pubsub {

namespace {

// Remembers the first rule that is broken. Every comparison is false for NaN, and so NaN breaks every rule.
class Rules {
 public:
  void need(bool holds, std::string_view name, std::string_view rule) {
    if (!holds && broken_.empty()) broken_ = std::string(name) + " must be " + std::string(rule);
  }
  void at_least_0(double value, std::string_view name) {
    need(std::isfinite(value) && value >= 0, name, "0 or more");
  }
  void at_most_0(double value, std::string_view name) {
    need(std::isfinite(value) && value <= 0, name, "0 or less");
  }
  void above_0(double value, std::string_view name) {
    need(std::isfinite(value) && value > 0, name, "above 0");
  }
  void above_0(Duration value, std::string_view name) { need(value > Duration::zero(), name, "above 0"); }
  void decay(double value, std::string_view name) {
    need(value > 0 && value < 1, name, "between 0 and 1, without both");
  }

  Result<> verdict() const {
    if (broken_.empty()) return {};
    log::warning("pubsub", "score parameters: " + broken_);
    return fail(Errc::kBadConfig);
  }

 private:
  std::string broken_;
};

void check_thresholds(Rules& rules, const ScoreThresholds& thresholds) {
  const auto& [gossip, publish, graylist, accept_px, opportunistic_graft] = thresholds;
  rules.need(std::isfinite(gossip) && gossip < 0, "thresholds.gossip", "below 0");
  rules.need(std::isfinite(publish) && publish <= gossip, "thresholds.publish", "at most that of gossip");
  rules.need(std::isfinite(graylist) && graylist < publish, "thresholds.graylist",
             "below that of publishing");
  rules.at_least_0(accept_px, "thresholds.accept_px");
  rules.at_least_0(opportunistic_graft, "thresholds.opportunistic_graft");
}

}  // namespace

Result<> ScoreParams::check() const {
  Rules rules;
  check_thresholds(rules, thresholds);
  rules.above_0(decay_interval, "decay_interval");
  rules.decay(decay_to_zero, "decay_to_zero");
  rules.need(retain >= Duration::zero(), "retain", "0 or more");
  rules.at_least_0(topic_score_cap, "topic_score_cap");

  rules.at_least_0(app_specific_weight, "app_specific_weight");

  rules.at_most_0(ip_colocation_weight, "ip_colocation_weight");
  if (ip_colocation_weight != 0) {
    rules.need(ip_colocation_threshold >= 1, "ip_colocation_threshold", "1 or more");
  }

  rules.at_most_0(behaviour_penalty_weight, "behaviour_penalty_weight");
  rules.at_least_0(behaviour_penalty_threshold, "behaviour_penalty_threshold");
  if (behaviour_penalty_weight != 0) rules.decay(behaviour_penalty_decay, "behaviour_penalty_decay");

  rules.above_0(delivery_record_life, "delivery_record_life");
  rules.need(delivery_records_max >= 1, "delivery_records_max", "1 or more");
  return rules.verdict();
}

Result<> check(const TopicScoreParams& params) {
  Rules rules;
  rules.at_least_0(params.topic_weight, "topic_weight");

  rules.at_least_0(params.time_in_mesh_weight, "time_in_mesh_weight");
  if (params.time_in_mesh_weight != 0) {
    rules.above_0(params.time_in_mesh_quantum, "time_in_mesh_quantum");
    rules.above_0(params.time_in_mesh_cap, "time_in_mesh_cap");
  }

  rules.at_least_0(params.first_message_deliveries_weight, "first_message_deliveries_weight");
  if (params.first_message_deliveries_weight != 0) {
    rules.decay(params.first_message_deliveries_decay, "first_message_deliveries_decay");
    rules.above_0(params.first_message_deliveries_cap, "first_message_deliveries_cap");
  }

  rules.at_most_0(params.mesh_message_deliveries_weight, "mesh_message_deliveries_weight");
  rules.at_most_0(params.mesh_failure_penalty_weight, "mesh_failure_penalty_weight");
  if (params.judges_mesh_deliveries()) {
    const double threshold = params.mesh_message_deliveries_threshold;
    rules.decay(params.mesh_message_deliveries_decay, "mesh_message_deliveries_decay");
    rules.above_0(threshold, "mesh_message_deliveries_threshold");
    const double cap = params.mesh_message_deliveries_cap;
    rules.need(std::isfinite(cap) && cap >= threshold, "mesh_message_deliveries_cap",
               "at least the threshold, which nobody could reach otherwise");
    rules.need(params.mesh_message_deliveries_window >= Duration::zero(), "mesh_message_deliveries_window",
               "0 or more");
    rules.need(params.mesh_message_deliveries_activation >= 1s, "mesh_message_deliveries_activation",
               "1 s or more");
  }
  if (params.mesh_failure_penalty_weight != 0) {
    rules.decay(params.mesh_failure_penalty_decay, "mesh_failure_penalty_decay");
  }

  rules.at_most_0(params.invalid_message_deliveries_weight, "invalid_message_deliveries_weight");
  if (params.invalid_message_deliveries_weight != 0) {
    rules.decay(params.invalid_message_deliveries_decay, "invalid_message_deliveries_decay");
  }
  return rules.verdict();
}

}  // namespace warren::pubsub
