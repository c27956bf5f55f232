#include "warren/protocols/pubsub/score/peer_scores.hpp"

#include <doctest/doctest.h>

#include <limits>

#include "warren/protocols/pubsub/score/test_peers.hpp"

using namespace warren;
using namespace warren::pubsub;
using testing::kStart;
using testing::peer;

namespace {

// Unit weights, so that the scores are the counters; P3 needs 4 from the 10th second.
TopicScoreParams topic_params() {
  TopicScoreParams params;
  params.time_in_mesh_weight = 0;
  params.first_message_deliveries_weight = 1;
  params.invalid_message_deliveries_weight = -1;
  params.mesh_message_deliveries_weight = -1;
  params.mesh_message_deliveries_threshold = 4;
  params.mesh_message_deliveries_cap = 10;
  params.mesh_message_deliveries_window = 10ms;
  params.mesh_message_deliveries_activation = 10s;
  return params;
}

TopicScoreParams only_p3() {
  TopicScoreParams params = topic_params();
  params.first_message_deliveries_weight = 0;
  return params;
}

const Instant kJudged = kStart + 11s;

// Two peers in the mesh of "news".
struct Mesh {
  explicit Mesh(TopicScoreParams topic = topic_params(), ScoreParams params = {})
      : scores(std::move(params)) {
    scores.set_topic("news", topic);
    for (const PeerId& member : {alice, bob}) {
      scores.connected(member, std::nullopt, kStart);
      scores.grafted(member, "news", kStart);
    }
  }

  PeerId alice = peer(1);
  PeerId bob = peer(2);
  PeerScores scores;
};

}  // namespace

TEST_CASE("nobody is scored who is not connected, and topics without parameters score nobody") {
  Mesh mesh;
  mesh.scores.delivered("m", "news", peer(3), kStart);
  mesh.scores.invalid("news", peer(3));
  mesh.scores.penalize(peer(3), 100);
  CHECK(mesh.scores.score(peer(3), kStart) == 0);
  CHECK(mesh.scores.peers_known() == 2);
  mesh.scores.grafted(mesh.alice, "other", kStart);
  mesh.scores.delivered("n", "other", mesh.alice, kStart);
  mesh.scores.invalid("other", mesh.alice);
  mesh.scores.pruned(mesh.alice, "other", kStart);
  CHECK(mesh.scores.score(mesh.alice, kStart) == 0);
}

TEST_CASE("P2: who brought it first") {
  Mesh mesh;
  mesh.scores.arrived("m", kStart);
  CHECK(mesh.scores.score(mesh.alice, kStart) == 0);
  mesh.scores.duplicate("m", "news", mesh.bob, kStart);
  mesh.scores.delivered("m", "news", mesh.alice, kStart);
  CHECK(mesh.scores.score(mesh.alice, kStart) == 1);
  CHECK(mesh.scores.score(mesh.bob, kStart) == 0);
  mesh.scores.delivered("m", "news", mesh.bob, kStart);  // it was found to be good once
  CHECK(mesh.scores.score(mesh.bob, kStart) == 0);
}

TEST_CASE("P3: copies count that come during the validation, or right after it") {
  Mesh mesh(only_p3());
  CHECK(mesh.scores.score(mesh.bob, kJudged) == -16);
  mesh.scores.arrived("m", kStart);
  mesh.scores.duplicate("m", "news", mesh.bob, kStart + 1s);  // the validation takes its time
  mesh.scores.delivered("m", "news", mesh.alice, kStart + 2s);
  CHECK(mesh.scores.score(mesh.alice, kJudged) == -9);
  CHECK(mesh.scores.score(mesh.bob, kJudged) == -9);

  mesh.scores.delivered("n", "news", mesh.alice, kStart + 2s);
  mesh.scores.duplicate("n", "news", mesh.bob, kStart + 2s + 10ms);
  CHECK(mesh.scores.score(mesh.bob, kJudged) == -4);

  mesh.scores.delivered("o", "news", mesh.alice, kStart + 2s);
  mesh.scores.duplicate("o", "news", mesh.bob, kStart + 2s + 11ms);
  CHECK(mesh.scores.score(mesh.bob, kJudged) == -4);
}

TEST_CASE("P3: a peer's copy counts once, however often it is sent") {
  Mesh mesh(only_p3());
  mesh.scores.arrived("m", kStart);
  for (int i = 0; i < 5; ++i) {
    mesh.scores.duplicate("m", "news", mesh.alice, kStart);
    mesh.scores.duplicate("m", "news", mesh.bob, kStart);
  }
  mesh.scores.delivered("m", "news", mesh.alice, kStart);
  for (int i = 0; i < 5; ++i) {
    mesh.scores.duplicate("m", "news", mesh.alice, kStart);
    mesh.scores.duplicate("m", "news", mesh.bob, kStart);
  }
  CHECK(mesh.scores.score(mesh.alice, kJudged) == -9);
  CHECK(mesh.scores.score(mesh.bob, kJudged) == -9);
}

TEST_CASE("P3: who is not in the mesh gains nothing, and copies of forgotten messages begin no record") {
  Mesh mesh(only_p3());
  mesh.scores.pruned(mesh.bob, "news", kStart);
  mesh.scores.arrived("m", kStart);
  mesh.scores.duplicate("m", "news", mesh.bob, kStart);
  mesh.scores.delivered("m", "news", mesh.alice, kStart);
  mesh.scores.grafted(mesh.bob, "news", kStart);
  CHECK(mesh.scores.score(mesh.bob, kJudged) == -16);
  mesh.scores.duplicate("unknown", "news", mesh.bob, kStart);
  CHECK(mesh.scores.messages_known() == 1);
}

TEST_CASE("P4: all who brought an invalid message, before and after it was known") {
  Mesh mesh;
  mesh.scores.connected(peer(3), std::nullopt, kStart);
  mesh.scores.arrived("m", kStart);
  mesh.scores.duplicate("m", "news", mesh.alice, kStart);  // it repeats itself: blamed once
  mesh.scores.duplicate("m", "news", mesh.bob, kStart);
  mesh.scores.rejected("m", "news", mesh.alice, Rejection::kInvalid, kStart);
  CHECK(mesh.scores.score(mesh.alice, kStart) == -1);
  CHECK(mesh.scores.score(mesh.bob, kStart) == -1);
  mesh.scores.duplicate("m", "news", peer(3), kStart);
  mesh.scores.duplicate("m", "news", peer(3), kStart);
  CHECK(mesh.scores.score(peer(3), kStart) == -4);
  mesh.scores.rejected("m", "news", mesh.alice, Rejection::kInvalid, kStart);
  CHECK(mesh.scores.score(mesh.alice, kStart) == -1);
  mesh.scores.invalid("news", mesh.alice);
  CHECK(mesh.scores.score(mesh.alice, kStart) == -4);
}

TEST_CASE("P4: what was ignored or could not be judged costs nobody anything") {
  Mesh mesh;
  for (const Rejection why : {Rejection::kIgnored, Rejection::kNotJudged}) {
    const MessageId id = why == Rejection::kIgnored ? "ignored" : "not judged";
    mesh.scores.arrived(id, kStart);
    mesh.scores.duplicate(id, "news", mesh.bob, kStart);
    mesh.scores.rejected(id, "news", mesh.alice, why, kStart);
    mesh.scores.duplicate(id, "news", mesh.bob, kStart);
    mesh.scores.delivered(id, "news", mesh.alice, kStart);
    CHECK(mesh.scores.score(mesh.alice, kStart) == 0);
    CHECK(mesh.scores.score(mesh.bob, kStart) == 0);
  }
}

TEST_CASE("blame and honour are not for who has got the place of one that left") {
  Mesh mesh;
  mesh.scores.arrived("m", kStart);
  mesh.scores.duplicate("m", "news", mesh.bob, kStart);
  mesh.scores.disconnected(mesh.bob, kStart);
  mesh.scores.connected(peer(3), std::nullopt, kStart);
  mesh.scores.rejected("m", "news", mesh.alice, Rejection::kInvalid, kStart);
  CHECK(mesh.scores.score(peer(3), kStart) == 0);
  CHECK(mesh.scores.score(mesh.bob, kStart) == 0);
  CHECK(mesh.scores.score(mesh.alice, kStart) == -1);
}

TEST_CASE("what topics bring together is capped, what they cost is not") {
  ScoreParams params;
  params.topic_score_cap = 3;
  Mesh mesh(topic_params(), params);
  TopicScoreParams heavy = topic_params();
  heavy.topic_weight = 2;
  mesh.scores.set_topic("more", heavy);
  mesh.scores.delivered("m", "news", mesh.alice, kStart);
  CHECK(mesh.scores.score(mesh.alice, kStart) == 1);
  mesh.scores.delivered("n", "more", mesh.alice, kStart);
  CHECK(mesh.scores.score(mesh.alice, kStart) == 3);
  mesh.scores.delivered("o", "more", mesh.alice, kStart);
  CHECK(mesh.scores.score(mesh.alice, kStart) == 3);
  for (int i = 0; i < 10; ++i) mesh.scores.invalid("more", mesh.alice);
  CHECK(mesh.scores.score(mesh.alice, kStart) == 1 + 2 * (2 - 100));
}

TEST_CASE("P5: the application's word, weighted, also of a peer that is gone; nonsense is nothing") {
  double opinion = -7;
  ScoreParams params;
  params.app_specific_weight = 2;
  params.app_specific = [&opinion](const PeerId& of) { return of == peer(1) ? opinion : 0; };
  Mesh mesh(topic_params(), params);
  CHECK(mesh.scores.parts(mesh.alice, kStart).app_specific == -14);
  CHECK(mesh.scores.score(mesh.bob, kStart) == 0);
  opinion = std::numeric_limits<double>::quiet_NaN();
  CHECK(mesh.scores.score(mesh.alice, kStart) == 0);
}

TEST_CASE("P6: the surplus over the threshold squared, for all of the crowd") {
  ScoreParams params;
  params.ip_colocation_weight = -2;
  params.ip_colocation_threshold = 3;
  PeerScores scores(params);
  const IpAddress shared = value_or_throw(IpAddress::parse("192.0.2.1"));
  for (std::uint8_t i = 0; i < 3; ++i) scores.connected(peer(i), shared, kStart);
  CHECK(scores.score(peer(0), kStart) == 0);
  scores.connected(peer(3), shared, kStart);
  scores.connected(peer(4), shared, kStart);
  CHECK(scores.parts(peer(0), kStart).ip_colocation == -8);
  CHECK(scores.score(peer(4), kStart) == -8);
  scores.connected(peer(4), value_or_throw(IpAddress::parse("192.0.2.2")), kStart);  // it has moved
  CHECK(scores.score(peer(0), kStart) == -2);
  CHECK(scores.score(peer(4), kStart) == 0);
  scores.disconnected(peer(3), kStart);
  CHECK(scores.score(peer(0), kStart) == 0);
}

TEST_CASE("P7: offences over the threshold squared; they fade") {
  ScoreParams params;
  params.behaviour_penalty_weight = -1;
  params.behaviour_penalty_threshold = 2;
  params.behaviour_penalty_decay = 0.5;
  Mesh mesh(topic_params(), params);
  mesh.scores.penalize(mesh.alice, 2);
  CHECK(mesh.scores.score(mesh.alice, kStart) == 0);
  mesh.scores.penalize(mesh.alice);
  CHECK(mesh.scores.score(mesh.alice, kStart) == -1);
  mesh.scores.penalize(mesh.alice, 5);
  CHECK(mesh.scores.parts(mesh.alice, kStart).behaviour == -36);
  mesh.scores.tick(kStart + 1s);
  CHECK(mesh.scores.score(mesh.alice, kStart) == -4);
}

TEST_CASE("decay happens once in an interval, however often it is asked for, and for all that have passed") {
  TopicScoreParams topic = topic_params();
  topic.first_message_deliveries_decay = 0.5;
  ScoreParams params;
  params.decay_interval = 2s;
  Mesh mesh(topic, params);
  for (int i = 0; i < 8; ++i) mesh.scores.delivered(std::to_string(i), "news", mesh.alice, kStart);
  CHECK(mesh.scores.score(mesh.alice, kStart) == 8);
  mesh.scores.tick(kStart + 1999ms);
  CHECK(mesh.scores.score(mesh.alice, kStart) == 8);
  mesh.scores.tick(kStart + 3s);
  mesh.scores.tick(kStart + 3s);
  CHECK(mesh.scores.score(mesh.alice, kStart) == 4);
  mesh.scores.tick(kStart + 4s);
  CHECK(mesh.scores.score(mesh.alice, kStart) == 2);
  mesh.scores.tick(kStart + 60s);  // far below 0.01
  CHECK(mesh.scores.score(mesh.alice, kStart) == 0);
}

TEST_CASE("a topic's new parameters hold for what was counted; without any it is forgotten") {
  Mesh mesh;
  for (int i = 0; i < 8; ++i) mesh.scores.delivered(std::to_string(i), "news", mesh.alice, kStart);
  TopicScoreParams changed = topic_params();
  changed.first_message_deliveries_cap = 3;
  changed.first_message_deliveries_weight = 2;
  mesh.scores.set_topic("news", changed);
  CHECK(mesh.scores.score(mesh.alice, kStart) == 6);
  mesh.scores.set_topic("news", std::nullopt);
  CHECK(mesh.scores.score(mesh.alice, kStart) == 0);
  mesh.scores.set_topic("other", topic_params());  // in its place
  CHECK(mesh.scores.score(mesh.alice, kJudged) == 0);
  mesh.scores.set_topic("never known", std::nullopt);
}

TEST_CASE("without P3 scores are the same for who brings copies") {
  TopicScoreParams topic = topic_params();
  topic.mesh_message_deliveries_weight = 0;
  Mesh mesh(topic);
  mesh.scores.arrived("m", kStart);
  mesh.scores.duplicate("m", "news", mesh.bob, kStart);
  mesh.scores.delivered("m", "news", mesh.alice, kStart);
  mesh.scores.duplicate("m", "news", mesh.bob, kStart);
  CHECK(mesh.scores.score(mesh.alice, kJudged) == 1);
  CHECK(mesh.scores.score(mesh.bob, kJudged) == 0);
}

TEST_CASE("records of messages are bounded in life and in number") {
  ScoreParams params;
  params.delivery_record_life = 10s;
  params.delivery_records_max = 5;
  Mesh mesh(topic_params(), params);
  for (int i = 0; i < 100; ++i) mesh.scores.arrived(std::to_string(i), kStart);
  CHECK(mesh.scores.messages_known() == 5);
  mesh.scores.tick(kStart + 9s);
  CHECK(mesh.scores.messages_known() == 5);
  mesh.scores.tick(kStart + 10s);
  CHECK(mesh.scores.messages_known() == 0);
}
