// Finds the peers of the topics that this node is subscribed to: it provides each topic's key on the
// network's DHT, and connects to other providers while fewer peers of the topic are connected than its mesh
// wants. Gossipsub itself only knows peers that are connected already.
#pragma once

#include <functional>
#include <map>
#include <string>

#include "warren/async/event.hpp"
#include "warren/async/task_group.hpp"
#include "warren/core/host.hpp"
#include "warren/node/discovery_parts.hpp"

namespace warren {

// What subscribers of a topic provide: sha2-256 of "floodsub:" and the topic's name on the wire, as
// go-libp2p-pubsub's discovery does.
Bytes topic_provider_key(const std::string& wire_topic);

class TopicFinder {
 public:
  // A topic's subscribers find each other in seconds when they come at the same time: the first looks are
  // close together, and later ones as far apart as a lookup of 20 questions is worth.
  static constexpr Duration kFirstLook = 500ms;
  static constexpr Duration kLookMax = 60s;
  // Dials of one look at a time, and what each may take.
  static constexpr std::size_t kDialsMax = 8;
  static constexpr Duration kDialTimeout = 15s;

  // `discovery` outlives it. `peers_of`: how many peers of a topic are connected; `enough`: so many will do.
  TopicFinder(Host& host, Discovery::Parts& discovery,
              std::function<std::size_t(const std::string& wire_topic)> peers_of, std::size_t enough);

  void joined(const std::string& wire_topic);
  void left(const std::string& wire_topic);
  Task<void> close() { return tasks_.close(); }

 private:
  Task<void> look(std::string wire_topic, std::uint64_t round);
  Task<void> connect_to_some(std::string wire_topic);
  Task<void> connect(PeerInfo peer);
  bool is_wanted(const std::string& wire_topic, std::uint64_t round) const;

  Host& host_;
  Discovery::Parts& discovery_;
  std::function<std::size_t(const std::string&)> peers_of_;
  std::size_t enough_;
  std::map<std::string, std::uint64_t> wanted_;  // and since which join
  std::uint64_t joins_ = 0;
  TaskGroup tasks_;
};

}  // namespace warren
