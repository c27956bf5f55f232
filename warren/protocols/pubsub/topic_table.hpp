// The topics that the application has joined or only publishes to, and what it gave for each.
#pragma once

#include <memory>
#include <string>
#include <unordered_map>

#include "warren/protocols/pubsub/gossipsub.hpp"

namespace warren::pubsub {

struct TopicEntry {
  TopicConfig config;
  MessageHandler handler;  // of a joined one; may be null
  bool joined = false;
};

using TopicTable = std::unordered_map<Topic, std::shared_ptr<TopicEntry>>;

// Null: neither joined nor configured.
inline std::shared_ptr<TopicEntry> entry_of(const TopicTable& topics, const Topic& topic) {
  const auto found = topics.find(topic);
  return found == topics.end() ? nullptr : found->second;
}

}  // namespace warren::pubsub
