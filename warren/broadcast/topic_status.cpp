#include "warren/broadcast/topic_status.hpp"

#include <algorithm>

namespace warren {
namespace {

constexpr std::size_t kGapsShownMax = 64;

void add_view(TopicStatus& status, const pubsub::TopicView& view) {
  for (const pubsub::TopicPeer& peer : view.peers) {
    status.peers.push_back(
        {peer.peer, std::string(pubsub::protocol_of(peer.version)), peer.in_mesh, peer.score});
  }
  std::ranges::stable_partition(status.peers, &TopicPeerStatus::in_mesh);
  status.duplicates = view.counters.duplicates;
  status.rejected += view.counters.rejected;
  status.bytes_in = view.counters.bytes_in;
  status.bytes_out = view.counters.bytes_out;
}

void add_gaps(TopicStatus& status, const TopicLife& life) {
  for (const BroadcastRange& range : life.reports.open()) {
    if (status.gaps.size() >= kGapsShownMax) break;
    status.gaps.push_back({status.topic, range.origin.node, range.first, range.last, TopicGap::State::kOpen});
  }
}

}  // namespace

TopicStatus status_of(const TopicEntry& topic, const pubsub::TopicView* view, Instant now) {
  TopicStatus status{.topic = topic.name,
                     .kind = topic.kind,
                     .subscribed = topic.life != nullptr,
                     .reliable = topic.is_reliable(),
                     .peers = {},
                     .published = topic.published,
                     .delivered = topic.delivered,
                     .rejected = topic.rejected,
                     .messages_per_second = topic.rate.rate(now),
                     .fetched = topic.fetched,
                     .lost = topic.lost,
                     .gaps = {}};
  if (view != nullptr) add_view(status, *view);
  if (topic.life) add_gaps(status, *topic.life);
  return status;
}

}  // namespace warren
