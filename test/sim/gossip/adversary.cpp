#include "test/sim/gossip/adversary.hpp"

#include <algorithm>
#include <utility>

#include "warren/base/varint.hpp"
#include "warren/protocols/pubsub/wire/message.hpp"

namespace warren::gossip_sim {

namespace {

constexpr Duration kHeartbeat = 1s;
constexpr Duration kBackoff = 61s;
constexpr Duration kLateness = 1s;
constexpr std::uint32_t kDegradedOneIn = 3;

}  // namespace

void Sybil::on_start() {
  // Not all at the same moment.
  heartbeat_ = now() + kHeartbeat + std::chrono::milliseconds(self_ % 1000);
  crew_.network->wake_at(self_, heartbeat_);
}

void Sybil::on_connected(NodeIndex peer, bool) {
  pubsub::Rpc hello;
  for (std::size_t i = 0; i < crew_.topics.size(); ++i) {
    hello.subscriptions.push_back({.subscribe = true, .topic = crew_.topics[i]});
    places_[{peer, i}] = {};
  }
  send(peer, hello);
}

void Sybil::on_disconnected(NodeIndex peer) {
  std::erase_if(places_, [peer](const auto& one) { return one.first.first == peer; });
}

void Sybil::on_parcel(NodeIndex from, const Parcel& parcel) {
  if (parcel.message != kNoMessage) {
    take_message(from, parcel);
    return;
  }
  const auto length = decode_varint(*parcel.frame);
  const auto rpc = pubsub::read_rpc(BytesView(*parcel.frame).subspan(length.value().size));
  if (!rpc) return;
  const auto place = [&](std::string_view topic) {
    const auto found = std::ranges::find(crew_.topics, topic);
    return Place{from, static_cast<std::size_t>(found - crew_.topics.begin())};
  };
  for (const auto topic : rpc->control.graft) places_[place(topic)].in_mesh = true;
  for (const auto& prune : rpc->control.prune) {
    Standing& standing = places_[place(prune.topic)];
    standing.in_mesh = false;
    standing.graft_at = now() + (crew_.insistent ? kHeartbeat : kBackoff);
  }
}

void Sybil::take_message(NodeIndex from, const Parcel& parcel) {
  if (!crew_.ledger->deliver(parcel.message, self_, parcel.hops, now())) return;
  const bool is_censored = crew_.ledger->publication(parcel.message).publisher == crew_.censored;
  switch (crew_.deeds) {
    case Deeds::kHonest: pass_on(from, parcel); break;
    case Deeds::kDrop: {
      if (!crew_.lies) break;
      const auto length = decode_varint(*parcel.frame);
      const auto rpc = pubsub::read_rpc(BytesView(*parcel.frame).subspan(length.value().size));
      const auto message = pubsub::read_message(rpc->messages.front());
      promised_.push_back(pubsub::default_message_id(*message));
      break;
    }
    case Deeds::kCensor:
      if (!is_censored) pass_on(from, parcel);
      break;
    case Deeds::kDegrade:
      if (parcel.message % kDegradedOneIn != 0) break;
      late_.push_back({now() + kLateness, from, parcel});
      crew_.network->wake_at(self_, std::min(heartbeat_, late_.front().at));
      break;
  }
}

void Sybil::pass_on(NodeIndex from, const Parcel& parcel) {
  Parcel next = parcel;
  ++next.hops;
  NodeIndex last = from;
  for (const auto& [place, standing] : places_) {
    if (!standing.in_mesh || place.first == from || place.first == last) continue;
    last = place.first;
    crew_.network->send(self_, place.first, next, pubsub::Priority::kForwarded);
  }
}

void Sybil::on_timer() {
  while (!late_.empty() && late_.front().at <= now()) {
    pass_on(late_.front().from, late_.front().parcel);
    late_.pop_front();
  }
  if (heartbeat_ <= now()) {
    heartbeat();
    heartbeat_ += kHeartbeat;
  }
  crew_.network->wake_at(self_, late_.empty() ? heartbeat_ : std::min(heartbeat_, late_.front().at));
}

void Sybil::heartbeat() {
  std::map<NodeIndex, pubsub::Rpc> rpcs;
  for (auto& [place, standing] : places_) {
    const std::string_view topic = crew_.topics[place.second];
    if (!standing.in_mesh && standing.graft_at <= now()) {
      // Taken as accepted until a PRUNE says otherwise.
      standing.in_mesh = true;
      rpcs[place.first].control.graft.push_back(topic);
    }
    if (promised_.empty() || place.second > 0) continue;
    pubsub::IHave offer{.topic = topic, .ids = {}};
    for (const std::string& id : promised_) offer.ids.push_back(as_bytes(id));
    rpcs[place.first].control.ihave.push_back(std::move(offer));
  }
  for (const auto& [peer, rpc] : rpcs) send(peer, rpc);
  promised_.clear();
}

void Sybil::send(NodeIndex to, const pubsub::Rpc& rpc) {
  crew_.network->send(self_, to, {.frame = pubsub::write_rpc(rpc)}, pubsub::Priority::kControl);
}

}  // namespace warren::gossip_sim
