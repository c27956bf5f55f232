// What peers are scored by: weights, caps and decays, for the whole and for each topic.
// https://github.com/libp2p/specs/blob/master/pubsub/gossipsub/gossipsub-v1.1.md#peer-scoring
#pragma once

#include <functional>
#include <optional>

#include "warren/base/time.hpp"
#include "warren/crypto/peer_id.hpp"
#include "warren/env/endpoint.hpp"

namespace warren::pubsub {

// P1 to P4 of one topic. Decays are factors per ScoreParams::decay_interval.
struct TopicScoreParams {
  double topic_weight = 1;

  // P1: time in the mesh.
  double time_in_mesh_weight = 0.01;
  Duration time_in_mesh_quantum = 1s;
  double time_in_mesh_cap = 300;

  // P2: messages that the peer was the first to bring.
  double first_message_deliveries_weight = 1;
  double first_message_deliveries_decay = 0.97;
  double first_message_deliveries_cap = 50;

  // P3: messages that it did not bring, in the mesh. Off (weight 0) unless the topic's rate is known.
  double mesh_message_deliveries_weight = 0;
  double mesh_message_deliveries_decay = 0.97;
  double mesh_message_deliveries_cap = 50;
  double mesh_message_deliveries_threshold = 5;
  Duration mesh_message_deliveries_window = 10ms;
  Duration mesh_message_deliveries_activation = 30s;

  // P3b: what P3 lacked when it was pruned, kept.
  double mesh_failure_penalty_weight = 0;
  double mesh_failure_penalty_decay = 0.97;

  // P4: invalid messages.
  double invalid_message_deliveries_weight = -100;
  double invalid_message_deliveries_decay = 0.99;

  // Somebody is judged by P3 or P3b: duplicates have to be counted.
  bool judges_mesh_deliveries() const {
    return mesh_message_deliveries_weight != 0 || mesh_failure_penalty_weight != 0;
  }
};

struct ScoreThresholds {
  double gossip = -100;            // below: no gossip to it, and none taken from it
  double publish = -200;           // below: own messages are not flooded to it
  double graylist = -400;          // below: nothing of it is read
  double accept_px = 10;           // from here: peers that it offers are dialed
  double opportunistic_graft = 2;  // a mesh whose median is below takes better peers in
};

struct ScoreParams {
  ScoreThresholds thresholds;
  Duration decay_interval = 1s;
  double decay_to_zero = 0.01;  // below, a counter is 0
  // Counters of a peer that has gone, so that it does not come back clean. 0: not at all.
  Duration retain = 1h;
  std::size_t retained_max = 4096;  // peers; the oldest go first
  double topic_score_cap = 100;     // what topics can bring together; 0: no cap

  // P5: what the application thinks of a peer.
  std::function<double(const PeerId&)> app_specific;  // what is not finite counts as 0
  double app_specific_weight = 1;

  // P6: peers above the threshold behind one address (an IPv6 /64), squared. Exempt: loopback and private
  // ones, and those that `is_exempt` names.
  double ip_colocation_weight = -10;
  std::size_t ip_colocation_threshold = 8;
  std::function<bool(const IpAddress&)> is_exempt;

  // P7: misbehaviour (broken promises, GRAFT in the back-off...), above the threshold, squared.
  double behaviour_penalty_weight = -10;
  double behaviour_penalty_threshold = 2;
  double behaviour_penalty_decay = 0.98;

  // What is kept of messages in order to judge who brought them when.
  Duration delivery_record_life = 120s;
  std::size_t delivery_records_max = 65536;

  // kBadConfig for values that the spec does not allow, with the name of the first in the log.
  Result<> check() const;
};

// The same for a topic's. What has weight 0 is off, and its other values do not matter.
Result<> check(const TopicScoreParams& params);

}  // namespace warren::pubsub
