#include "warren/protocols/pubsub/router/message_cache.hpp"

#include <algorithm>

namespace warren::pubsub {

MessageCache::MessageCache(std::size_t history, std::size_t gossip, std::size_t bytes_max)
    : history_(std::max<std::size_t>(history, 1)), gossip_(gossip), bytes_max_(bytes_max), windows_(1) {}

void MessageCache::put(Fingerprint key, MessageId id, const Topic& topic, Frame frame) {
  const std::size_t size = frame->size();
  if (size > bytes_max_ || messages_.contains(key)) return;
  while (bytes_ + size > bytes_max_) drop_oldest();
  const auto window = windows_.front().try_emplace(topic).first;
  window->second.push_back(key);
  by_age_.push_back(key);
  bytes_ += size;
  messages_.emplace(key, Entry{std::move(id), std::move(frame), &window->first, heartbeat_, {}});
}

// Its place in its window stays.
void MessageCache::drop_oldest() {
  const auto found = messages_.find(by_age_.front());
  bytes_ -= found->second.frame->size();
  messages_.erase(found);
  by_age_.pop_front();
}

Frame MessageCache::give(Fingerprint key, std::string_view id, const PeerId& peer, std::size_t times_max) {
  const auto found = messages_.find(key);
  if (found == messages_.end() || found->second.id != id) return nullptr;
  auto& given = found->second.given;
  auto times = std::ranges::find(given, peer, &std::pair<PeerId, std::size_t>::first);
  if (times == given.end()) times = given.insert(given.end(), {peer, 0});
  if (times->second >= times_max) return nullptr;
  ++times->second;
  return found->second.frame;
}

std::vector<BytesView> MessageCache::gossip_ids(std::string_view topic) const {
  std::vector<BytesView> ids;
  for (std::size_t i = 0; i < windows_.size() && i < gossip_; ++i) {
    const auto window = windows_[i].find(topic);
    if (window == windows_[i].end()) continue;
    for (const Fingerprint key : window->second) {
      const auto message = messages_.find(key);
      if (message != messages_.end()) ids.push_back(as_bytes(message->second.id));
    }
  }
  return ids;
}

std::string_view MessageCache::topic_of(Fingerprint key) const {
  const auto found = messages_.find(key);
  return found == messages_.end() ? std::string_view() : *found->second.topic;
}

void MessageCache::shift() {
  ++heartbeat_;
  while (!by_age_.empty() && heartbeat_ - messages_.at(by_age_.front()).heartbeat >= history_) drop_oldest();
  windows_.emplace_front();
  if (windows_.size() > history_) windows_.pop_back();
}

}  // namespace warren::pubsub
