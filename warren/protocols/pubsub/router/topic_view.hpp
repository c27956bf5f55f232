// What a router can tell of itself, for people.
#pragma once

#include <cstdint>
#include <vector>

#include "warren/crypto/peer_id.hpp"
#include "warren/protocols/pubsub/score/peer_scores.hpp"
#include "warren/protocols/pubsub/wire/names.hpp"

namespace warren::pubsub {

struct TopicPeer {
  PeerId peer;
  Version version = Version::kV12;
  bool in_mesh = false;
  bool in_fanout = false;
  bool direct = false;
  double score = 0;
  ScoreParts parts;
};

struct TopicTraffic {
  std::uint64_t published = 0;
  std::uint64_t delivered = 0;  // accepted, of others
  std::uint64_t duplicates = 0;
  std::uint64_t rejected = 0;
  std::uint64_t ignored = 0;
  std::uint64_t bytes_in = 0;   // messages, with duplicates
  std::uint64_t bytes_out = 0;  // of messages, written to peers' streams
};

struct TopicView {
  Topic topic;
  bool joined = false;
  std::vector<TopicPeer> peers;  // who is subscribed, as far as we are told
  TopicTraffic counters;
};

// Since the start, of all topics and peers; what was refused for a bound is in `refused_...`.
struct RouterCounters {
  std::uint64_t rpcs_in = 0;
  std::uint64_t grafts_in = 0;
  std::uint64_t prunes_in = 0;
  std::uint64_t ihave_ids_in = 0;
  std::uint64_t iwant_ids_in = 0;
  std::uint64_t idontwant_ids_in = 0;
  std::uint64_t graylisted = 0;  // RPCs not read
  std::uint64_t broken_promises = 0;
  std::uint64_t refused_subscriptions = 0;
  std::uint64_t refused_ids = 0;  // IHAVE, IWANT, IDONTWANT over their bounds
};

// What is kept at the moment because of others; all of it is bounded.
struct RouterSizes {
  std::size_t peers = 0;
  std::size_t topics = 0;         // known of, own ones included
  std::size_t subscriptions = 0;  // of all peers together
  std::size_t seen = 0;           // messages
  std::size_t cached = 0;         // messages
  std::size_t cached_bytes = 0;
  std::size_t pending = 0;   // messages without a verdict
  std::size_t delayed = 0;   // messages that are still staggered
  std::size_t backoffs = 0;  // of all topics
  std::size_t promises = 0;
  std::size_t wanted = 0;  // messages that were told of and are asked for
  std::size_t known = 0;   // messages that peers said they have
};

}  // namespace warren::pubsub
