// What is kept of peers that have left.
#include <doctest/doctest.h>

#include "warren/protocols/pubsub/score/peer_scores.hpp"
#include "warren/protocols/pubsub/score/test_peers.hpp"

using namespace warren;
using namespace warren::pubsub;
using testing::kStart;
using testing::peer;

namespace {

ScoreParams params() {
  ScoreParams params;
  params.retain = 60s;
  params.retained_max = 4;
  params.behaviour_penalty_weight = -1;
  params.behaviour_penalty_threshold = 0;
  params.behaviour_penalty_decay = 0.5;
  return params;
}

TopicScoreParams topic() {
  TopicScoreParams topic;
  topic.time_in_mesh_weight = 0;
  topic.invalid_message_deliveries_weight = -1;
  topic.mesh_message_deliveries_weight = -1;
  topic.mesh_message_deliveries_threshold = 4;
  topic.mesh_message_deliveries_activation = 10s;
  topic.mesh_failure_penalty_weight = -0.5;
  return topic;
}

struct Connected {
  explicit Connected(ScoreParams with = params()) : scores(std::move(with)) {
    scores.set_topic("news", topic());
    scores.connected(peer(1), std::nullopt, kStart);
  }
  PeerScores scores;
};

}  // namespace

TEST_CASE("who leaves with a bad score finds it again, undiminished") {
  Connected node;
  node.scores.penalize(peer(1), 4);
  node.scores.disconnected(peer(1), kStart);
  CHECK(node.scores.score(peer(1), kStart) == -16);
  node.scores.tick(kStart + 59s);
  CHECK(node.scores.score(peer(1), kStart + 59s) == -16);
  node.scores.connected(peer(1), std::nullopt, kStart + 59s);
  CHECK(node.scores.score(peer(1), kStart + 59s) == -16);
  node.scores.tick(kStart + 60s);
  CHECK(node.scores.score(peer(1), kStart + 60s) == -4);
  node.scores.tick(kStart + 200s);  // connected: it is not forgotten, it fades
  CHECK(node.scores.peers_known() == 1);
}

TEST_CASE("it is forgotten after its time, counted from when it left last") {
  Connected node;
  node.scores.invalid("news", peer(1));
  node.scores.disconnected(peer(1), kStart);
  node.scores.connected(peer(1), std::nullopt, kStart);
  node.scores.disconnected(peer(1), kStart + 30s);
  node.scores.disconnected(peer(1), kStart + 50s);  // it was gone
  node.scores.tick(kStart + 61s);
  CHECK(node.scores.peers_known() == 1);
  node.scores.tick(kStart + 90s);
  CHECK(node.scores.peers_known() == 0);
  CHECK(node.scores.score(peer(1), kStart + 90s) == 0);
}

TEST_CASE("who leaves with a good score, or with nothing against it, is forgotten at once") {
  Connected node;
  node.scores.delivered("m", "news", peer(1), kStart);
  CHECK(node.scores.score(peer(1), kStart) == 1);
  node.scores.disconnected(peer(1), kStart);
  CHECK(node.scores.score(peer(1), kStart) == 0);
  node.scores.connected(peer(2), std::nullopt, kStart);
  node.scores.disconnected(peer(2), kStart);
  CHECK(node.scores.peers_known() == 0);
}

TEST_CASE("first deliveries do not outlive the connection, and a deficit becomes a failure") {
  Connected node;
  node.scores.grafted(peer(1), "news", kStart);
  for (const char* id : {"a", "b"}) node.scores.delivered(id, "news", peer(1), kStart);
  CHECK(node.scores.score(peer(1), kStart + 11s) == 2 - 4);
  node.scores.disconnected(peer(1), kStart + 11s);
  CHECK(node.scores.score(peer(1), kStart + 11s) == -2);
  node.scores.connected(peer(1), std::nullopt, kStart + 12s);
  CHECK(node.scores.score(peer(1), kStart + 30s) == -2);  // and it is in no mesh
}

TEST_CASE("so many are retained, the oldest go first; those that are connected stay") {
  Connected node;
  node.scores.penalize(peer(1));
  for (std::uint8_t i = 10; i < 30; ++i) {
    node.scores.connected(peer(i), std::nullopt, kStart);
    node.scores.penalize(peer(i), 2);
    node.scores.disconnected(peer(i), kStart);
  }
  CHECK(node.scores.peers_known() == 5);
  CHECK(node.scores.score(peer(25), kStart) == 0);
  for (std::uint8_t i = 26; i < 30; ++i) CHECK(node.scores.score(peer(i), kStart) == -4);
  CHECK(node.scores.score(peer(1), kStart) == -1);
}

TEST_CASE("nothing is retained where that is off") {
  ScoreParams no_time = params();
  no_time.retain = 0s;
  ScoreParams no_room = params();
  no_room.retained_max = 0;
  for (const ScoreParams& off : {no_time, no_room}) {
    Connected node(off);
    node.scores.penalize(peer(1));
    node.scores.disconnected(peer(1), kStart);
    CHECK(node.scores.peers_known() == 0);
  }
}

TEST_CASE("one that is retained still is in its address' crowd: names change more easily than addresses") {
  ScoreParams with = params();
  with.ip_colocation_weight = -1;
  with.ip_colocation_threshold = 1;
  PeerScores scores(with);
  const IpAddress shared = value_or_throw(IpAddress::parse("192.0.2.1"));
  for (std::uint8_t i = 0; i < 3; ++i) {
    scores.connected(peer(i), shared, kStart);
    scores.penalize(peer(i));
    scores.disconnected(peer(i), kStart);
  }
  scores.connected(peer(9), shared, kStart);
  CHECK(scores.score(peer(9), kStart) == -9);
  scores.tick(kStart + 60s);
  CHECK(scores.score(peer(9), kStart + 60s) == 0);
}
