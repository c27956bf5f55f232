// The recent messages: what peers are told of (IHAVE), and what they can ask for (IWANT). Its history is
// counted in heartbeats.
// https://github.com/libp2p/specs/blob/master/pubsub/gossipsub/gossipsub-v1.0.md#message-cache
#pragma once

#include <deque>
#include <map>
#include <string>
#include <unordered_map>
#include <vector>

#include "warren/crypto/peer_id.hpp"
#include "warren/protocols/pubsub/router/fingerprint.hpp"
#include "warren/protocols/pubsub/wire/names.hpp"

namespace warren::pubsub {

class MessageCache {
 public:
  // `history` heartbeats are kept, of which the last `gossip` are told of; at most `bytes_max` bytes of
  // frames: over it the oldest go.
  MessageCache(std::size_t history, std::size_t gossip, std::size_t bytes_max);

  void put(Fingerprint key, MessageId id, const Topic& topic, Frame frame);
  bool contains(Fingerprint key) const { return messages_.contains(key); }
  // For a peer that asks; null: it is not here, or the peer has asked more than `times_max` times.
  Frame give(Fingerprint key, std::string_view id, const PeerId& peer, std::size_t times_max);
  // What is told of a topic. Valid until the next change.
  std::vector<BytesView> gossip_ids(std::string_view topic) const;
  // The topic of a message that is here; empty: it is not.
  std::string_view topic_of(Fingerprint key) const;
  // A heartbeat.
  void shift();

  std::size_t size() const { return messages_.size(); }
  std::size_t bytes() const { return bytes_; }

 private:
  struct Entry {
    MessageId id;
    Frame frame;
    const Topic* topic = nullptr;  // of the window
    std::uint64_t heartbeat = 0;
    std::vector<std::pair<PeerId, std::size_t>> given;
  };
  using Window = std::map<Topic, std::vector<Fingerprint>, std::less<>>;

  void drop_oldest();

  std::size_t history_;
  std::size_t gossip_;
  std::size_t bytes_max_;
  std::size_t bytes_ = 0;
  std::uint64_t heartbeat_ = 0;
  std::unordered_map<Fingerprint, Entry, FingerprintHash> messages_;
  std::deque<Window> windows_;  // the current one first
  std::deque<Fingerprint> by_age_;
};

}  // namespace warren::pubsub
