#include "warren/protocols/pubsub/score/params.hpp"

#include <doctest/doctest.h>

#include <limits>

using namespace warren;
using namespace warren::pubsub;

namespace {

constexpr double kNan = std::numeric_limits<double>::quiet_NaN();
constexpr double kInfinity = std::numeric_limits<double>::infinity();

bool refused(auto&& change) {
  ScoreParams params;
  change(params);
  const auto checked = params.check();
  return !checked && checked.error() == Errc::kBadConfig;
}

bool topic_refused(auto&& change) {
  TopicScoreParams params;
  params.mesh_message_deliveries_weight = -1;
  params.mesh_failure_penalty_weight = -1;
  change(params);
  const auto checked = check(params);
  return !checked && checked.error() == Errc::kBadConfig;
}

}  // namespace

TEST_CASE("the parameters that nobody set are allowed") {
  CHECK(ScoreParams{}.check());
  CHECK(check(TopicScoreParams{}));
  CHECK_FALSE(topic_refused([](TopicScoreParams&) {}));
}

TEST_CASE("thresholds are ordered: graylist below publish, publish not above gossip, gossip below 0") {
  CHECK(refused([](ScoreParams& params) { params.thresholds.gossip = 0; }));
  CHECK(refused([](ScoreParams& params) { params.thresholds.publish = -99; }));
  CHECK_FALSE(refused([](ScoreParams& params) { params.thresholds.publish = -100; }));
  CHECK(refused([](ScoreParams& params) { params.thresholds.graylist = params.thresholds.publish; }));
  CHECK(refused([](ScoreParams& params) { params.thresholds.accept_px = -1; }));
  CHECK(refused([](ScoreParams& params) { params.thresholds.opportunistic_graft = -1; }));
  for (const double bad : {kNan, kInfinity, -kInfinity}) {
    CHECK(refused([bad](ScoreParams& params) { params.thresholds.gossip = bad; }));
    CHECK(refused([bad](ScoreParams& params) { params.thresholds.publish = bad; }));
    CHECK(refused([bad](ScoreParams& params) { params.thresholds.graylist = bad; }));
    CHECK(refused([bad](ScoreParams& params) { params.thresholds.accept_px = bad; }));
    CHECK(refused([bad](ScoreParams& params) { params.thresholds.opportunistic_graft = bad; }));
  }
}

TEST_CASE("penalties do not reward, and P6 needs a threshold") {
  CHECK(refused([](ScoreParams& params) { params.ip_colocation_weight = 1; }));
  CHECK(refused([](ScoreParams& params) { params.behaviour_penalty_weight = 1; }));
  CHECK(refused([](ScoreParams& params) { params.behaviour_penalty_threshold = -1; }));
  CHECK(refused([](ScoreParams& params) { params.app_specific_weight = -1; }));
  CHECK(refused([](ScoreParams& params) { params.topic_score_cap = -1; }));
  CHECK(refused([](ScoreParams& params) { params.ip_colocation_threshold = 0; }));
  CHECK_FALSE(refused([](ScoreParams& params) {
    params.ip_colocation_weight = 0;
    params.ip_colocation_threshold = 0;
  }));
}

TEST_CASE("what decays decays: factors are between 0 and 1, intervals above 0") {
  for (const double bad : {0.0, 1.0, -0.5, 1.5, kNan}) {
    CHECK(refused([bad](ScoreParams& params) { params.behaviour_penalty_decay = bad; }));
    CHECK(refused([bad](ScoreParams& params) { params.decay_to_zero = bad; }));
    CHECK(topic_refused([bad](TopicScoreParams& params) { params.first_message_deliveries_decay = bad; }));
    CHECK(topic_refused([bad](TopicScoreParams& params) { params.mesh_message_deliveries_decay = bad; }));
    CHECK(topic_refused([bad](TopicScoreParams& params) { params.mesh_failure_penalty_decay = bad; }));
    CHECK(topic_refused([bad](TopicScoreParams& params) { params.invalid_message_deliveries_decay = bad; }));
  }
  CHECK(refused([](ScoreParams& params) { params.decay_interval = 0s; }));
  CHECK(refused([](ScoreParams& params) { params.retain = -1s; }));
  CHECK_FALSE(refused([](ScoreParams& params) { params.retain = 0s; }));
  CHECK(refused([](ScoreParams& params) { params.delivery_record_life = 0s; }));
  CHECK(refused([](ScoreParams& params) { params.delivery_records_max = 0; }));
}

TEST_CASE("a topic's rewards are positive and its penalties negative") {
  for (const double bad : {-1.0, kNan, kInfinity}) {
    CHECK(topic_refused([bad](TopicScoreParams& params) { params.topic_weight = bad; }));
    CHECK(topic_refused([bad](TopicScoreParams& params) { params.time_in_mesh_weight = bad; }));
    CHECK(topic_refused([bad](TopicScoreParams& params) { params.first_message_deliveries_weight = bad; }));
    CHECK(topic_refused([bad](TopicScoreParams& params) { params.time_in_mesh_cap = bad; }));
    CHECK(topic_refused([bad](TopicScoreParams& params) { params.first_message_deliveries_cap = bad; }));
  }
  for (const double bad : {1.0, kNan, -kInfinity}) {
    CHECK(topic_refused([bad](TopicScoreParams& params) { params.mesh_message_deliveries_weight = bad; }));
    CHECK(topic_refused([bad](TopicScoreParams& params) { params.mesh_failure_penalty_weight = bad; }));
    CHECK(topic_refused([bad](TopicScoreParams& params) { params.invalid_message_deliveries_weight = bad; }));
  }
  CHECK(topic_refused([](TopicScoreParams& params) { params.time_in_mesh_quantum = 0s; }));
}

TEST_CASE("P3 can be satisfied, and does not judge in the first second") {
  CHECK(topic_refused([](TopicScoreParams& params) { params.mesh_message_deliveries_threshold = 0; }));
  CHECK(topic_refused([](TopicScoreParams& params) { params.mesh_message_deliveries_cap = 4; }));
  CHECK_FALSE(topic_refused([](TopicScoreParams& params) { params.mesh_message_deliveries_cap = 5; }));
  CHECK(topic_refused([](TopicScoreParams& params) { params.mesh_message_deliveries_window = -1ns; }));
  CHECK(topic_refused([](TopicScoreParams& params) { params.mesh_message_deliveries_activation = 999ms; }));
}

TEST_CASE("what is off need not make sense") {
  CHECK_FALSE(topic_refused([](TopicScoreParams& params) {
    params = {.time_in_mesh_weight = 0,
              .time_in_mesh_quantum = 0s,
              .time_in_mesh_cap = 0,
              .first_message_deliveries_weight = 0,
              .first_message_deliveries_decay = 0,
              .first_message_deliveries_cap = 0,
              .mesh_message_deliveries_weight = 0,
              .mesh_message_deliveries_decay = 0,
              .mesh_message_deliveries_threshold = 0,
              .mesh_message_deliveries_activation = 0s,
              .mesh_failure_penalty_weight = 0,
              .mesh_failure_penalty_decay = 0,
              .invalid_message_deliveries_weight = 0,
              .invalid_message_deliveries_decay = 0};
  }));
}
