#include "app/topics_values.hpp"

namespace warren::app {
namespace {

namespace v1 = control::v1;

std::string word_of(TopicGap::State state) {
  switch (state) {
    case TopicGap::State::kOpen: return "open";
    case TopicGap::State::kClosed: return "closed";
    case TopicGap::State::kLost: break;
  }
  return "lost";
}

void describe_gap(const TopicGap& from, v1::TopicGap& to) {
  to.set_topic(from.topic);
  to.set_from_node_id(from.from_node.to_string());
  to.set_first(from.first);
  to.set_last(from.last);
  to.set_state(word_of(from.state));
}

void describe_message(const TopicMessage& from, v1::TopicMessage& to) {
  to.set_topic(from.topic);
  if (from.from_node) to.set_from_node_id(from.from_node->to_string());
  if (!from.from_peer.bytes().empty()) to.set_from_peer_id(from.from_peer.to_string());
  to.set_payload(to_text(from.payload));
  if (from.sent_at) to.set_sent_at_ms(unix_ms(*from.sent_at));
  to.set_received_at_ms(unix_ms(from.received_at));
  to.set_id(to_text(from.id));
  to.set_seq(from.seq);
  to.set_fetched(from.fetched);
}

}  // namespace

TopicKind kind_of(bool plain) {
  return plain ? TopicKind::kPlain : TopicKind::kWarren;
}

BroadcastOptions options_of(const v1::BroadcastRequest& request) {
  BroadcastOptions options{.kind = kind_of(request.plain()), .reliable = request.reliable()};
  if (request.ttl_ms() != 0) options.ttl = std::chrono::milliseconds(request.ttl_ms());
  if (request.has_patience_ms()) options.patience = std::chrono::milliseconds(request.patience_ms());
  return options;
}

void describe_broadcast(const BroadcastReport& from, v1::BroadcastReply& to) {
  to.set_id(to_text(from.id));
  to.set_seq(from.seq);
  to.set_queued(from.queued);
  to.set_sent(from.sent);
  to.set_spared(from.spared);
  to.set_dropped(from.dropped);
}

v1::SubscribeReply describe_item(const TopicFeed::Item& item) {
  v1::SubscribeReply reply;
  if (const auto* message = std::get_if<TopicMessage>(&item)) {
    describe_message(*message, *reply.mutable_message());
  } else {
    describe_gap(std::get<TopicGap>(item), *reply.mutable_gap());
  }
  return reply;
}

void describe_topic(const TopicStatus& from, v1::Topic& to) {
  to.set_topic(from.topic);
  to.set_plain(from.kind == TopicKind::kPlain);
  to.set_subscribed(from.subscribed);
  to.set_reliable(from.reliable);
  for (const TopicPeerStatus& peer : from.peers) {
    v1::TopicPeer& row = *to.add_peers();
    row.set_peer_id(peer.peer.to_string());
    row.set_version(peer.version);
    row.set_in_mesh(peer.in_mesh);
    row.set_score(peer.score);
  }
  to.set_published(from.published);
  to.set_delivered(from.delivered);
  to.set_duplicates(from.duplicates);
  to.set_rejected(from.rejected);
  to.set_fetched(from.fetched);
  to.set_lost(from.lost);
  to.set_bytes_in(from.bytes_in);
  to.set_bytes_out(from.bytes_out);
  to.set_messages_per_second(from.messages_per_second);
  for (const TopicGap& gap : from.gaps) describe_gap(gap, *to.add_gaps());
}

}  // namespace warren::app
