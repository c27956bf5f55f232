// Who leaves and who joins the mesh of a topic in a heartbeat. Pure: peers are numbers, scores and
// directions. https://github.com/libp2p/specs/blob/master/pubsub/gossipsub/gossipsub-v1.1.md#heartbeat
#pragma once

#include <vector>

#include "warren/env/random.hpp"
#include "warren/protocols/pubsub/router/params.hpp"

namespace warren::pubsub {

struct MeshPeer {
  std::size_t index = 0;  // the caller's
  double score = 0;
  bool outbound = false;
};

struct MeshChange {
  std::vector<std::size_t> prune;  // indices of mesh peers
  std::vector<std::size_t> graft;  // indices of candidates
};

// Whether mend_mesh() may change anything; cheap, and it needs no candidates. `opportunistic`: it is time for
// opportunistic grafting.
bool mesh_needs_mending(const GossipParams& params, const std::vector<MeshPeer>& mesh, bool opportunistic);

// `candidates`: who may be grafted, but for their score.
MeshChange mend_mesh(const GossipParams& params, std::vector<MeshPeer> mesh, std::vector<MeshPeer> candidates,
                     bool opportunistic, Random& random);

}  // namespace warren::pubsub
