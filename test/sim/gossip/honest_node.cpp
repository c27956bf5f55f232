#include "test/sim/gossip/honest_node.hpp"

#include <utility>

#include "warren/base/assert.hpp"
#include "warren/base/protobuf_wire.hpp"

namespace warren::gossip_sim {

namespace {

constexpr std::size_t kSeqnoSize = 8;

std::array<std::uint8_t, kSeqnoSize> seqno_of(std::uint64_t number) {
  std::array<std::uint8_t, kSeqnoSize> bytes{};
  for (std::size_t i = 0; i < kSeqnoSize; ++i) {
    bytes[i] = static_cast<std::uint8_t>(number >> (8 * (kSeqnoSize - 1 - i)));
  }
  return bytes;
}

}  // namespace

Bytes make_message(const PeerId& author, std::uint32_t number, const pubsub::Topic& topic, std::size_t size) {
  const auto seqno = seqno_of(number);
  const Bytes data(size, static_cast<std::uint8_t>(number));
  ProtobufWriter writer(size + 128);
  writer.bytes(1, author.bytes()).bytes(2, data).bytes(3, seqno).bytes(4, as_bytes(topic));
  return writer.take();
}

std::uint32_t number_of(const pubsub::MessageId& id) {
  if (id.size() <= kSeqnoSize) return kNoMessage;
  std::uint64_t number = 0;
  for (const char byte : std::string_view(id).substr(id.size() - kSeqnoSize)) {
    number = number << 8 | static_cast<std::uint8_t>(byte);
  }
  return static_cast<std::uint32_t>(number);
}

void HonestNode::on_start() {
  const Instant now = network().now();
  router_ = std::make_unique<pubsub::Router>(network().id(self_), common_.params, random_);
  for (const pubsub::Topic& topic : common_.topics) {
    router_->set_rules(topic, {.score = common_.topic_params});
    router_->join(topic, now);
  }
  common_.ledger->set_online(self_, true, now);
  act();
}

void HonestNode::on_stop() {
  common_.ledger->set_online(self_, false, network().now());
  waiting_.clear();
  router_.reset();
}

void HonestNode::publish(std::uint32_t number, const pubsub::Topic& topic, std::size_t size) {
  const auto published =
      router_->publish(make_message(network().id(self_), number, topic, size), nullptr, network().now());
  WARREN_ASSERT(published.has_value());
  act();
}

void HonestNode::on_connected(NodeIndex peer, bool outbound) {
  router_->add_peer(network().id(peer), {.outbound = outbound, .from = network().address(peer)},
                    network().now());
  act();
}

void HonestNode::on_disconnected(NodeIndex peer) {
  router_->remove_peer(network().id(peer), network().now());
  act();
}

void HonestNode::on_parcel(NodeIndex from, const Parcel& parcel) {
  common_.ledger->came(self_, parcel.message, parcel.frame->size());
  auto arrivals = router_->receive(network().id(from), parcel.frame, network().now());
  if (arrivals) {
    for (pubsub::Arrival& arrival : *arrivals) accept(parcel, std::move(arrival));
  }
  act();
}

void HonestNode::accept(const Parcel& parcel, pubsub::Arrival arrival) {
  const std::uint32_t message = number_of(arrival.id);
  waiting_.push_back({std::move(arrival), message, parcel.hops});
  network().verdict_in(self_, kCheckTime);
}

void HonestNode::on_verdict() {
  const Waiting one = std::move(waiting_.front());
  waiting_.pop_front();
  const Instant now = network().now();
  const bool is_valid = common_.ledger->publication(one.message).is_valid;
  if (is_valid) common_.ledger->deliver(one.message, self_, one.hops, now);
  router_->judge(one.arrival, is_valid ? pubsub::Verdict::kAccept : pubsub::Verdict::kReject, now);
  act();
}

void HonestNode::on_timer() {
  router_->wake(network().now());
  act();
}

void HonestNode::on_sent(const Parcel& parcel) {
  common_.ledger->went(self_, parcel.message, parcel.frame->size());
}

void HonestNode::act() {
  pubsub::Actions actions = router_->take_actions();
  for (pubsub::Send& send : actions.sends) {
    Parcel parcel{.frame = std::move(send.frame), .message = number_of(send.message)};
    if (parcel.message != kNoMessage) {
      parcel.hops = static_cast<std::uint8_t>(common_.ledger->hops(parcel.message, self_) + 1);
    }
    network().send(self_, network().find(send.to), std::move(parcel), send.priority);
  }
  for (const pubsub::Withdraw& withdrawal : actions.withdrawals) {
    const NodeIndex peer = network().find(withdrawal.to);
    for (const auto& id : withdrawal.messages) network().withdraw(self_, peer, number_of(id));
  }
  for (const pubsub::Dial& dial : actions.dials) network().connect(self_, network().find(dial.peer));
  network().wake_at(self_, router_->next_wake());
}

}  // namespace warren::gossip_sim
