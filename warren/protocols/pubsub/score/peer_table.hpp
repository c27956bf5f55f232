// The peers that are scored: those that are connected, and for some time those that left with something held
// against them.
// https://github.com/libp2p/specs/blob/master/pubsub/gossipsub/gossipsub-v1.1.md#peer-scoring
#pragma once

#include <list>
#include <unordered_map>
#include <utility>
#include <vector>

#include "warren/protocols/pubsub/score/colocation.hpp"
#include "warren/protocols/pubsub/score/delivery_records.hpp"
#include "warren/protocols/pubsub/score/topic_counters.hpp"

namespace warren::pubsub {

struct ScoredPeer {
  PeerId id;  // empty: the slot is free
  PeerTag tag;
  bool connected = false;
  double misbehaviour = 0;  // P7's counter
  Colocation::Place place;
  // By the topic's number; few, so that a search costs less than a map.
  std::vector<std::pair<std::uint32_t, TopicCounters>> topics;

  TopicCounters* find(std::uint32_t topic);
  TopicCounters& at(std::uint32_t topic);
  // It would profit from coming back as if it were new.
  bool incriminated() const;
};

// Pointers and references to peers are valid until one is added.
class PeerTable {
 public:
  // Of those that have left, at most `retained_max` are kept, each for `retain`.
  PeerTable(Duration retain, std::size_t retained_max) : retain_(retain), retained_max_(retained_max) {}

  ScoredPeer* find(const PeerId& id);
  const ScoredPeer* find(const PeerId& id) const;
  // Null when the peer has been forgotten since.
  ScoredPeer* find(PeerTag tag);

  // Connected from now on, with what was retained of it.
  ScoredPeer& connect(const PeerId& id);
  // It has left: retained, and the oldest one forgotten if there are too many.
  void retain(ScoredPeer& peer, Instant now);
  void forget(ScoredPeer& peer);
  void forget_old(Instant now);

  // Free slots too.
  std::vector<ScoredPeer>& all() { return peers_; }
  std::size_t size() const { return slots_.size(); }
  std::size_t retained() const { return retained_.size(); }

 private:
  struct Retained {
    std::uint32_t slot;
    Instant until;
  };

  Duration retain_;
  std::size_t retained_max_;
  std::vector<ScoredPeer> peers_;  // by slot
  std::vector<std::uint32_t> free_;
  std::unordered_map<PeerId, std::uint32_t> slots_;
  std::list<Retained> retained_;  // the oldest first
  std::unordered_map<std::uint32_t, std::list<Retained>::iterator> retained_by_slot_;
};

}  // namespace warren::pubsub
