#include "test/sim/gossip/rules.hpp"

#include <algorithm>

namespace warren::gossip_sim {

namespace {

// Of the topic's messages, what a peer in the mesh has to bring at the least. One that we mostly send to
// brings few: small messages cross each link in about half of the cases, large ones are held back by
// IDONTWANT.
constexpr double kShareOfSmall = 0.10;
constexpr double kShareOfMiddle = 0.02;
constexpr double kShareOfLarge = 0.01;
constexpr std::size_t kMiddle = 2048;
constexpr std::size_t kLarge = 32 * 1024;
constexpr double kDecay = 0.95;

}  // namespace

pubsub::GossipParams gossip_params(bool scoring) {
  pubsub::GossipParams params;
  params.scoring = scoring;
  return params;
}

pubsub::TopicScoreParams topic_params(const TopicRate& rate) {
  pubsub::TopicScoreParams params;
  const double share = rate.size < kMiddle  ? kShareOfSmall
                       : rate.size < kLarge ? kShareOfMiddle
                                            : kShareOfLarge;
  // What the counter settles at for a peer that brings that share.
  const double threshold = rate.messages * share / (1 - kDecay);
  params.mesh_message_deliveries_weight = 0;
  // Below a message or so the counter is noise: such a topic can't be judged by its rate.
  if (threshold < 0.3) return params;
  params.mesh_message_deliveries_decay = kDecay;
  params.mesh_message_deliveries_threshold = threshold;
  params.mesh_message_deliveries_cap = std::max(2.5 * threshold, threshold + 2);
  // More than the longest link: whoever is far away brings its copy so much later, and is not to blame.
  params.mesh_message_deliveries_window = 400ms;
  params.mesh_message_deliveries_activation = 20s;
  // Who brings nothing loses more than the best can have for time and first deliveries, and leaves the mesh.
  // But it may itself be surrounded by sybils: it must not fall below the threshold of gossip, which is its
  // way out.
  params.first_message_deliveries_cap = 30;
  params.mesh_message_deliveries_weight = -50 / (threshold * threshold);
  params.mesh_failure_penalty_weight = params.mesh_message_deliveries_weight / 2;
  params.mesh_failure_penalty_decay = 0.99;
  return params;
}

}  // namespace warren::gossip_sim
