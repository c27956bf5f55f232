// What the honest nodes of a simulation go by: the router's own parameters, and scores for the topic's known
// rate, as the evaluation of gossipsub 1.1 had them.
#pragma once

#include "warren/protocols/pubsub/router/params.hpp"

namespace warren::gossip_sim {

struct TopicRate {
  double messages = 1;      // a second, on the topic
  std::size_t size = 1024;  // of their data
};

pubsub::GossipParams gossip_params(bool scoring);
pubsub::TopicScoreParams topic_params(const TopicRate& rate);

}  // namespace warren::gossip_sim
