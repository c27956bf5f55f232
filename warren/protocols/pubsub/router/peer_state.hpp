// What the router holds of one connected peer.
#pragma once

#include <vector>

#include "warren/protocols/pubsub/router/idontwant.hpp"
#include "warren/protocols/pubsub/router/router.hpp"

namespace warren::pubsub {

struct TopicState;

// What one peer has been granted in a heartbeat; it begins anew with each.
struct PeerBudget {
  std::uint64_t heartbeat = 0;
  std::size_t ihave_messages = 0;
  std::size_t ids_asked = 0;  // of it, for its IHAVE
  std::size_t iwant_ids = 0;
  std::size_t iwant_bytes = 0;
  std::size_t idontwant_ids = 0;
};

struct PeerState {
  PeerId id;
  PeerFacts facts;
  bool direct = false;
  std::vector<TopicState*> topics;  // that it is subscribed to
  std::size_t meshes = 0;           // that it is in
  KnownMessages known;
  PeerBudget budget;

  double score = 0;  // as of score_at; Instant::min(): to be asked for again
  Instant score_at = Instant::min();

  bool speaks(Version version) const { return facts.version >= version; }
};

}  // namespace warren::pubsub
