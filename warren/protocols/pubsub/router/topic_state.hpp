// What the router holds of one topic: who is subscribed, and, where it is one of our own, its mesh or fanout.
#pragma once

#include <memory>
#include <vector>

#include "warren/protocols/pubsub/router/backoff.hpp"
#include "warren/protocols/pubsub/router/router.hpp"

namespace warren::pubsub {

struct PeerState;

// Of topics that we joined, publish to, or have rules for.
struct OwnTopic {
  bool joined = false;
  bool has_rules = false;
  Router::TopicRules rules;
  std::vector<PeerState*> mesh;
  std::vector<PeerState*> fanout;
  Instant fanout_until;  // while not joined
  Backoffs backoffs;
  TopicTraffic counters;  // but for bytes_out
  std::shared_ptr<std::uint64_t> bytes_out =
      std::make_shared<std::uint64_t>(0);  // shared with what is queued
};

struct TopicState {
  Topic name;
  std::vector<PeerState*> peers;  // subscribed
  std::unique_ptr<OwnTopic> own;  // null: known from peers only

  bool joined() const { return own && own->joined; }
};

}  // namespace warren::pubsub
