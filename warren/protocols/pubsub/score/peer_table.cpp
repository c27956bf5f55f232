#include "warren/protocols/pubsub/score/peer_table.hpp"

namespace warren::pubsub {

TopicCounters* ScoredPeer::find(std::uint32_t topic) {
  const auto known = std::ranges::find(topics, topic, &decltype(topics)::value_type::first);
  return known == topics.end() ? nullptr : &known->second;
}

TopicCounters& ScoredPeer::at(std::uint32_t topic) {
  if (TopicCounters* const known = find(topic)) return *known;
  return topics.emplace_back(topic, TopicCounters{}).second;
}

bool ScoredPeer::incriminated() const {
  return misbehaviour > 0 ||
         std::ranges::any_of(topics, [](const auto& topic) { return topic.second.incriminating(); });
}

ScoredPeer* PeerTable::find(const PeerId& id) {
  return const_cast<ScoredPeer*>(std::as_const(*this).find(id));
}

const ScoredPeer* PeerTable::find(const PeerId& id) const {
  const auto slot = slots_.find(id);
  return slot == slots_.end() ? nullptr : &peers_[slot->second];
}

ScoredPeer* PeerTable::find(PeerTag tag) {
  ScoredPeer& peer = peers_[tag.slot];  // slots never go away
  return peer.tag == tag && !peer.id.empty() ? &peer : nullptr;
}

ScoredPeer& PeerTable::connect(const PeerId& id) {
  ScoredPeer* peer = find(id);
  if (!peer) {
    if (free_.empty()) {
      free_.push_back(static_cast<std::uint32_t>(peers_.size()));
      peers_.emplace_back().tag.slot = free_.back();
    }
    peer = &peers_[free_.back()];
    free_.pop_back();
    peer->id = id;
    slots_.emplace(id, peer->tag.slot);
  } else if (const auto retained = retained_by_slot_.find(peer->tag.slot);
             retained != retained_by_slot_.end()) {
    retained_.erase(retained->second);
    retained_by_slot_.erase(retained);
  }
  peer->connected = true;
  return *peer;
}

void PeerTable::retain(ScoredPeer& peer, Instant now) {
  if (!peer.connected) return;
  peer.connected = false;
  const std::uint32_t slot = peer.tag.slot;
  retained_by_slot_.emplace(slot, retained_.insert(retained_.end(), Retained{slot, now + retain_}));
  if (retained_.size() > retained_max_) forget(peers_[retained_.front().slot]);
}

void PeerTable::forget(ScoredPeer& peer) {
  const PeerTag tag = peer.tag;
  if (const auto retained = retained_by_slot_.find(tag.slot); retained != retained_by_slot_.end()) {
    retained_.erase(retained->second);
    retained_by_slot_.erase(retained);
  }
  slots_.erase(peer.id);
  peer = {};
  peer.tag = {tag.slot, tag.turn + 1};
  free_.push_back(tag.slot);
}

void PeerTable::forget_old(Instant now) {
  while (!retained_.empty() && retained_.front().until <= now) forget(peers_[retained_.front().slot]);
}

}  // namespace warren::pubsub
