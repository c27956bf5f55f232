#include "warren/protocols/pubsub/score/topic_counters.hpp"

#include <doctest/doctest.h>

#include "warren/protocols/pubsub/score/test_peers.hpp"

using namespace warren;
using namespace warren::pubsub;
using testing::kStart;

namespace {

// Nothing counts; each test turns on what it is about.
TopicScoreParams nothing_counts() {
  TopicScoreParams params;
  params.time_in_mesh_weight = 0;
  params.first_message_deliveries_weight = 0;
  params.invalid_message_deliveries_weight = 0;
  return params;
}

TopicScoreParams p3_in_ten_seconds() {
  TopicScoreParams params = nothing_counts();
  params.mesh_message_deliveries_weight = -1;
  params.mesh_message_deliveries_threshold = 5;
  params.mesh_message_deliveries_cap = 8;
  params.mesh_message_deliveries_activation = 10s;
  return params;
}

void repeat(int times, auto&& what) {
  for (int i = 0; i < times; ++i) what();
}

}  // namespace

TEST_CASE("P1: whole quanta in the mesh, capped, weighted twice, and none outside of it") {
  TopicScoreParams params = nothing_counts();
  params.topic_weight = 0.5;
  params.time_in_mesh_weight = 2;
  params.time_in_mesh_quantum = 10s;
  params.time_in_mesh_cap = 3;
  TopicCounters counters;
  CHECK(counters.score(params, kStart) == 0);
  counters.graft(kStart);
  CHECK(counters.score(params, kStart + 9s) == 0);
  CHECK(counters.score(params, kStart + 10s) == 1);
  CHECK(counters.score(params, kStart + 29s) == 2);
  CHECK(counters.score(params, kStart + 1h) == 3);
  CHECK(counters.score(params, kStart - 1s) == 0);
  counters.prune(params, kStart + 1h);
  CHECK(counters.score(params, kStart + 1h) == 0);
  counters.graft(kStart + 2h);
  CHECK(counters.score(params, kStart + 2h + 10s) == 1);
}

TEST_CASE("P2: first deliveries up to the cap, in the mesh or not") {
  TopicScoreParams params = nothing_counts();
  params.first_message_deliveries_weight = 0.5;
  params.first_message_deliveries_cap = 4;
  TopicCounters counters;
  counters.count_first(params);
  CHECK(counters.score(params, kStart) == 0.5);
  repeat(9, [&] { counters.count_first(params); });
  CHECK(counters.score(params, kStart) == 2);
  counters.count_near_first(params);
  CHECK(counters.score(params, kStart) == 2);
}

TEST_CASE("P3: the deficit squared, after the activation time in the mesh") {
  const TopicScoreParams params = p3_in_ten_seconds();
  TopicCounters counters;
  CHECK(counters.score(params, kStart + 1h) == 0);
  counters.graft(kStart);
  CHECK(counters.score(params, kStart + 10s) == 0);
  CHECK(counters.score(params, kStart + 11s) == -25);
  counters.count_first(params);
  CHECK(counters.score(params, kStart + 11s) == -16);
  repeat(4, [&] { counters.count_near_first(params); });
  CHECK(counters.score(params, kStart + 11s) == 0);
}

TEST_CASE("P3: more than the cap is not saved up") {
  TopicScoreParams params = p3_in_ten_seconds();
  params.mesh_message_deliveries_decay = 0.5;
  TopicCounters counters;
  counters.graft(kStart);
  repeat(100, [&] { counters.count_near_first(params); });
  counters.decay(params, 0.01, 1);  // 8 -> 4
  CHECK(counters.score(params, kStart + 11s) == -1);
}

TEST_CASE("P3: what comes from outside of the mesh is not counted") {
  const TopicScoreParams params = p3_in_ten_seconds();
  TopicCounters counters;
  repeat(5, [&] { counters.count_first(params); });
  repeat(5, [&] { counters.count_near_first(params); });
  counters.graft(kStart);
  CHECK(counters.score(params, kStart + 11s) == -25);
}

TEST_CASE("P3b: what P3 lacked at the prune stays, and adds up") {
  TopicScoreParams params = p3_in_ten_seconds();
  params.mesh_failure_penalty_weight = -0.5;
  params.mesh_failure_penalty_decay = 0.5;
  TopicCounters counters;
  counters.graft(kStart);
  repeat(2, [&] { counters.count_near_first(params); });
  counters.prune(params, kStart + 11s);
  CHECK(counters.score(params, kStart + 11s) == -4.5);
  CHECK(counters.incriminating());
  counters.prune(params, kStart + 12s);  // it is not in the mesh any more
  CHECK(counters.score(params, kStart + 12s) == -4.5);
  counters.graft(kStart + 20s);
  CHECK(counters.score(params, kStart + 20s) == -4.5);
  counters.prune(params, kStart + 40s);
  CHECK(counters.score(params, kStart + 40s) == -9);
  counters.decay(params, 0.01, 1);
  CHECK(counters.score(params, kStart + 41s) == -4.5);
}

TEST_CASE("P3b: nothing for who brought enough, or was pruned before P3 was active") {
  TopicScoreParams params = p3_in_ten_seconds();
  params.mesh_failure_penalty_weight = -1;
  TopicCounters counters;
  counters.graft(kStart);
  counters.prune(params, kStart + 10s);
  counters.graft(kStart + 20s);
  repeat(5, [&] { counters.count_near_first(params); });
  counters.prune(params, kStart + 60s);
  CHECK(counters.score(params, kStart + 60s) == 0);
  CHECK_FALSE(counters.incriminating());
}

TEST_CASE("P4: invalid messages squared, without a cap") {
  TopicScoreParams params = nothing_counts();
  params.topic_weight = 2;
  params.invalid_message_deliveries_weight = -3;
  TopicCounters counters;
  counters.count_invalid();
  CHECK(counters.score(params, kStart) == -6);
  CHECK(counters.incriminating());
  repeat(99, [&] { counters.count_invalid(); });
  CHECK(counters.score(params, kStart) == -60'000);
}

TEST_CASE("each counter fades by its own factor, and is 0 when little is left") {
  TopicScoreParams params = nothing_counts();
  params.first_message_deliveries_weight = 1;
  params.first_message_deliveries_decay = 0.5;
  params.invalid_message_deliveries_weight = -1;
  params.invalid_message_deliveries_decay = 0.25;
  TopicCounters counters;
  repeat(8, [&] { counters.count_first(params); });
  repeat(8, [&] { counters.count_invalid(); });
  counters.decay(params, 0.3, 1);  // 4 and 2
  CHECK(counters.score(params, kStart) == 0);
  counters.decay(params, 0.3, 2);  // 1 and 0.125
  CHECK(counters.score(params, kStart) == 1);
  CHECK_FALSE(counters.incriminating());
  counters.decay(params, 0.3, 2);
  CHECK(counters.score(params, kStart) == 0);
}

TEST_CASE("a cap that is lowered holds for what was counted") {
  TopicScoreParams params = p3_in_ten_seconds();
  params.first_message_deliveries_weight = 1;
  TopicCounters counters;
  counters.graft(kStart);
  repeat(8, [&] { counters.count_first(params); });
  params.first_message_deliveries_cap = 3;
  params.mesh_message_deliveries_cap = 5;
  params.mesh_message_deliveries_threshold = 7;
  counters.cap(params);
  CHECK(counters.score(params, kStart + 11s) == 3 - 4);
}
