#include "warren/messaging/messaging.hpp"

#include "warren/base/assert.hpp"
#include "warren/messaging/message_protocol.hpp"
#include "warren/messaging/request_protocol.hpp"

namespace warren {

// The wiring, bottom to top.
struct Messaging::State {
  State(Host& host, Sm2PrivateKey sm2_key, MessagingConfig messaging_config, InboxStore& inbox,
        BindingStore& store)
      : key(std::move(sm2_key)),
        config(std::move(messaging_config)),
        node(key.public_key()),
        started(host.env().clock.wall_now()),
        tasks(host.env().executor, "messaging"),
        rules(node, config.network, started, config.limits),
        streams(config.limits.peer_streams_max, config.limits.total_streams_max),
        bytes(config.limits.peer_bytes_max, config.limits.total_bytes_max),
        slots(config.limits.outbound_max),
        sealer(host.env(), key, config.network),
        bindings(host, key, config, store, rules, tasks),
        receiver(host.env(), config, rules, bindings),
        parts{host, config, rules, bindings, receiver, sealer, streams, bytes, slots, tasks, refused},
        runner(host.env(), config, started, tasks),
        messages(parts, inbox, received),
        requests(parts, runner) {}

  Sm2PrivateKey key;
  MessagingConfig config;
  NodeId node;
  WallTime started;
  Signal<const InboxMessage&> received;
  Signal<const Refusal&> refused;
  TaskGroup tasks;
  ReceiveRules rules;
  PeerQuota streams;
  PeerQuota bytes;
  OutboundSlots slots;
  Sealer sealer;
  BindingExchange bindings;
  EnvelopeReceiver receiver;
  MessagingParts parts;
  ServiceRunner runner;
  MessageProtocol messages;
  RequestProtocol requests;
};

Messaging::Messaging(Host& host, Sm2PrivateKey key, MessagingConfig config, InboxStore& inbox,
                     BindingStore& bindings) {
  WARREN_ASSERT(is_network_name(config.network));
  state_ = std::make_unique<State>(host, std::move(key), std::move(config), inbox, bindings);
}

Messaging::~Messaging() = default;

void Messaging::start() {
  state_->bindings.start();
  state_->messages.start();
  state_->requests.start();
}

Task<void> Messaging::close() {
  state_->requests.stop();
  state_->messages.stop();
  state_->bindings.stop();
  co_await state_->tasks.close();
}

const NodeId& Messaging::node_id() const {
  return state_->node;
}

const Sm2PrivateKey& Messaging::key() const {
  return state_->key;
}

Task<void> Messaging::send_message(PeerInfo to, std::optional<NodeId> expected, Bytes payload) {
  return state_->messages.send(std::move(to), std::move(expected), std::move(payload));
}

Task<Bytes> Messaging::request(PeerInfo to, std::optional<NodeId> expected, std::string service,
                               Bytes payload, Duration timeout) {
  return state_->requests.request(std::move(to), std::move(expected), std::move(service), std::move(payload),
                                  timeout);
}

void Messaging::serve(std::string service, ServiceHandler handler) {
  state_->runner.serve(std::move(service), std::move(handler));
}

void Messaging::stop_serving(const std::string& service) {
  state_->runner.stop_serving(service);
}

std::vector<std::string> Messaging::services() const {
  return state_->runner.services();
}

Subscription Messaging::on_message(std::function<void(const InboxMessage&)> slot) {
  return state_->received.subscribe(std::move(slot));
}

Subscription Messaging::on_refused(std::function<void(const Refusal&)> slot) {
  return state_->refused.subscribe(std::move(slot));
}

std::optional<PeerId> Messaging::peer_of(const NodeId& node) const {
  return state_->bindings.peer_of(node);
}

std::optional<NodeId> Messaging::node_of(const PeerId& peer) const {
  return state_->bindings.node_of(peer);
}

Task<std::optional<PeerId>> Messaging::find_peer(NodeId node) {
  return state_->bindings.find_peer(node);
}

Task<std::optional<NodeId>> Messaging::find_node(PeerId peer) {
  return state_->bindings.find_node(peer);
}

Task<NodeId> Messaging::bound_node(ConnectionPtr connection) {
  const auto bound = co_await state_->bindings.bound(std::move(connection));
  co_return bound.node;
}

}  // namespace warren
