// Test support: a store of broadcasts in memory, which outlives the node that a test restarts.
#pragma once

#include <map>

#include "warren/core/broadcast_store.hpp"

namespace warren::test {

class MemoryBroadcastStore final : public BroadcastStore {
 public:
  bool is_full = false;  // puts fail

  Result<> put(const StoredBroadcast& message) override {
    if (is_full) return fail(Errc::kStorage);
    if (!topics_[message.topic].held[message.origin].emplace(message.seq, message).second)
      return fail(Errc::kExists);
    return {};
  }
  Result<> forget(const std::string& topic, const BroadcastOrigin& origin, std::uint64_t seq) override {
    topics_[topic].held[origin].erase(seq);
    return {};
  }
  Result<std::vector<StoredBroadcast>> read(const std::string& topic, const BroadcastRange& range,
                                            std::size_t bytes_max) override {
    std::vector<StoredBroadcast> found;
    std::size_t bytes = 0;
    const auto& held = topics_[topic].held[range.origin];
    for (auto at = held.lower_bound(range.first); at != held.end() && at->first <= range.last; ++at) {
      if (at->second.envelope.empty()) continue;
      bytes += at->second.envelope.size();
      if (bytes > bytes_max && !found.empty()) break;
      found.push_back(at->second);
    }
    return found;
  }
  Result<std::vector<BroadcastRange>> seen(const std::string& topic) override {
    std::vector<BroadcastRange> ranges;
    for (const auto& [origin, held] : topics_[topic].held) {
      for (const auto& [seq, _] : held) {
        const bool goes_on =
            !ranges.empty() && ranges.back().origin == origin && ranges.back().last + 1 == seq;
        if (goes_on) {
          ranges.back().last = seq;
        } else {
          ranges.push_back({origin, seq, seq});
        }
      }
    }
    return ranges;
  }
  Result<WallTime> subscribed_since(const std::string& topic, WallTime now) override {
    auto& since = topics_[topic].since;
    if (!since) since = now;
    return *since;
  }
  Result<std::size_t> expire(WallTime now) override {
    std::size_t expired = 0;
    for (auto& [_, topic] : topics_) {
      for (auto& [origin, held] : topic.held)
        expired += std::erase_if(held, [now](const auto& each) { return each.second.expires < now; });
    }
    return expired;
  }
  Result<BroadcastUsage> usage() override {
    BroadcastUsage usage;
    for (const auto& [_, topic] : topics_) {
      for (const auto& [origin, held] : topic.held) {
        for (const auto& [seq, message] : held) {
          ++usage.messages;
          usage.bytes += message.envelope.size();
        }
      }
    }
    return usage;
  }

  // As if they had made room for others: that they were seen stays known.
  void drop_envelopes() {
    for (auto& [_, topic] : topics_) {
      for (auto& [origin, held] : topic.held) {
        for (auto& [seq, message] : held) message.envelope.clear();
      }
    }
  }

 private:
  struct Topic {
    std::map<BroadcastOrigin, std::map<std::uint64_t, StoredBroadcast>> held;
    std::optional<WallTime> since;
  };
  std::map<std::string, Topic> topics_;
};

}  // namespace warren::test
