// GRAFT, PRUNE and the like that go to several peers in one turn: one RPC for each peer. It borrows the names
// of topics and peers.
#pragma once

#include <deque>
#include <vector>

#include "warren/protocols/pubsub/router/peer_state.hpp"
#include "warren/protocols/pubsub/wire/rpc.hpp"

namespace warren::pubsub {

struct ControlBatch {
  struct Entry {
    PeerState* peer;
    Control control;
  };
  std::vector<Entry> entries;  // in the order of their first use
  std::deque<Bytes> records;   // that offers borrow from

  Control& of(PeerState& peer) {
    for (Entry& entry : entries) {
      if (entry.peer == &peer) return entry.control;
    }
    return entries.emplace_back(Entry{&peer, {}}).control;
  }
};

}  // namespace warren::pubsub
