#include "warren/messaging/messaging.hpp"

#include "warren/base/assert.hpp"
#include "warren/messaging/message_protocol.hpp"
#include "warren/messaging/request_protocol.hpp"

namespace warren {
namespace {

// Counts one attempt when it ends, however that is.
class Outcome {
 public:
  Outcome(std::uint64_t& succeeded, std::uint64_t& failed) : succeeded_(succeeded), counter_(&failed) {}
  Outcome(const Outcome&) = delete;
  Outcome& operator=(const Outcome&) = delete;
  ~Outcome() { ++*counter_; }

  void succeed() { counter_ = &succeeded_; }

 private:
  std::uint64_t& succeeded_;
  std::uint64_t* counter_;
};

}  // namespace

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
        signs(host.env()),
        sealer(host.env(), key, config.network),
        bindings(host, key, config, store, rules, tasks),
        receiver(host.env(), config, rules, bindings, counters),
        parts{host,  config, rules, bindings, receiver, sealer,  streams,
              bytes, slots,  paths, signs,    tasks,    refused, counters},
        runner(host.env(), config, started, tasks),
        messages(parts, inbox, received),
        requests(parts, runner),
        count_received(received.subscribe([this](const InboxMessage&) { ++counters.messages_received; })),
        count_refused(
            refused.subscribe([this](const MessageRefusal& why) { ++counters.refused[why.reason]; })) {}

  Sm2PrivateKey key;
  MessagingConfig config;
  NodeId node;
  WallTime started;
  Signal<const InboxMessage&> received;
  Signal<const MessageRefusal&> refused;
  MessagingCounters counters;
  TaskGroup tasks;
  ReceiveRules rules;
  PeerQuota streams;
  PeerQuota bytes;
  OutboundSlots slots;
  PathUse paths;
  PathSigns signs;
  Sealer sealer;
  BindingExchange bindings;
  EnvelopeReceiver receiver;
  MessagingParts parts;
  ServiceRunner runner;
  MessageProtocol messages;
  RequestProtocol requests;
  Subscription count_received;
  Subscription count_refused;
};

Messaging::Messaging(Host& host, Sm2PrivateKey key, MessagingConfig config, InboxStore& inbox,
                     BindingStore& bindings) {
  WARREN_ASSERT(is_network_name(config.network));
  state_ = std::make_unique<State>(host, std::move(key), std::move(config), inbox, bindings);
}

Messaging::~Messaging() = default;

void Messaging::start() {
  state_->tasks.spawn(state_->signs.keep_telling());
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

Task<void> Messaging::send_message(PeerInfo to, std::optional<NodeId> expected, Bytes payload,
                                   CallOptions options) {
  Outcome outcome(state_->counters.messages_sent, state_->counters.messages_failed);
  co_await state_->messages.send(std::move(to), std::move(expected), std::move(payload), options);
  outcome.succeed();
}

Task<Bytes> Messaging::request(PeerInfo to, std::optional<NodeId> expected, std::string service,
                               Bytes payload, Duration timeout, CallOptions options) {
  Outcome outcome(state_->counters.requests_sent, state_->counters.requests_failed);
  Bytes answer = co_await state_->requests.request(std::move(to), std::move(expected), std::move(service),
                                                   std::move(payload), timeout, options);
  outcome.succeed();
  co_return answer;
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

Subscription Messaging::on_refused(std::function<void(const MessageRefusal&)> slot) {
  return state_->refused.subscribe(std::move(slot));
}

Subscription Messaging::on_path_sign(std::function<void(const Connection&, PathSign)> slot) {
  return state_->signs.told().subscribe(std::move(slot));
}

const MessagingCounters& Messaging::counters() const {
  return state_->counters;
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

Task<Result<PeerId>> Messaging::learn_binding(NodeId node, Bytes signed_binding) {
  const auto bound = co_await state_->bindings.learn(std::move(node), std::move(signed_binding));
  if (!bound) co_return fail(bound.error());
  co_return bound->peer;
}

const Bytes& Messaging::own_binding() const {
  return state_->bindings.own();
}

Subscription Messaging::on_binding_renewed(std::function<void()> slot) {
  return state_->bindings.renewed().subscribe(std::move(slot));
}

Task<NodeId> Messaging::bound_node(ConnectionPtr connection) {
  const auto bound = co_await state_->bindings.bound(std::move(connection));
  co_return bound.node;
}

}  // namespace warren
