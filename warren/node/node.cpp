#include "warren/node/node.hpp"

#include "warren/async/as_result.hpp"
#include "warren/node/node_parts.hpp"
#include "warren/node/reach.hpp"
#include "warren/protocols/ping/ping.hpp"

namespace warren {

Node::Node(Env& env, Config config) : parts_(std::make_unique<Parts>(env, std::move(config))) {}
Node::~Node() = default;

Task<void> Node::start() {
  return parts_->start();
}

Task<void> Node::stop() {
  return parts_->stop();
}

const NodeId& Node::node_id() const {
  return parts_->node_id;
}
const PeerId& Node::peer_id() const {
  return parts_->host.peer_id();
}
IdentityMode Node::identity_mode() const {
  return parts_->config.identity;
}
const std::string& Node::network() const {
  return parts_->config.network;
}
std::vector<Multiaddr> Node::addresses() const {
  return parts_->host.addresses();
}
Host& Node::host() {
  return parts_->host;
}

std::vector<PeerStatus> Node::peers() const {
  std::vector<PeerStatus> peers;
  for (const ConnectionPtr& connection : parts_->host.connections())
    peers.push_back(parts_->status(connection));
  return peers;
}

Task<PeerStatus> Node::connect(Target target, PathPolicy policy) {
  auto resolved = co_await reach(parts_->discovery.get(), std::move(target), policy);
  const ConnectionPtr connection = co_await parts_->host.connect_over(policy, std::move(resolved.peer));
  // A peer that is no Warren node says so in one round trip; only who insists on a node minds.
  const auto node = co_await as_result(parts_->messaging->bound_node(connection));
  // A peer that does not take our key hangs up after the handshake has ended for us.
  if (connection->end_reason() == Errc::kHandshakeRefused) throw_error(connection->end_reason());
  // So does one whose deny-list names us, or whose limits are reached.
  if (!node && !connection->is_open()) throw_error(connection->end_reason(), "the peer hung up at once");
  if (resolved.node && !node) throw_error(node.error());
  if (resolved.node && *node != *resolved.node) throw_error(Errc::kBindingMismatch);
  co_return parts_->status(connection);
}

Task<PeerInfo> Node::find_peer(Target target) {
  std::vector<Multiaddr> given =
      target.info() != nullptr ? target.info()->addresses : std::vector<Multiaddr>();
  const auto found = co_await as_result(parts_->discovery_view->find(target));
  if (!found && given.empty()) throw_error(found.error(), target.to_string());
  PeerInfo peer = found ? found->peer : *target.info();
  for (const Multiaddr& known : peer.addresses) {
    if (std::ranges::find(given, known) == given.end()) given.push_back(known);
  }
  peer.addresses = std::move(given);
  co_return peer;
}

Discovery& Node::discovery() {
  return *parts_->discovery_view;
}

Reachability& Node::reachability() {
  return *parts_->reachability_view;
}

Task<void> Node::send_message(Target target, Bytes payload, PathPolicy policy) {
  auto to = co_await reach(parts_->discovery.get(), std::move(target), policy);
  const CallOptions options{.path = policy};
  co_await parts_->messaging->send_message(std::move(to.peer), std::move(to.node), std::move(payload),
                                           options);
}

Task<Bytes> Node::request(Target target, std::string service, Bytes payload) {
  return request(std::move(target), std::move(service), std::move(payload), parts_->config.request_timeout);
}

Task<Bytes> Node::request(Target target, std::string service, Bytes payload, Duration timeout,
                          PathPolicy policy) {
  Clock& clock = parts_->env.clock;
  const Instant end = clock.now() + timeout;
  auto to = co_await with_timeout(clock, timeout, reach(parts_->discovery.get(), std::move(target), policy));
  const Duration left = end - clock.now();
  const CallOptions options{.path = policy};
  auto answer = co_await parts_->messaging->request(std::move(to.peer), std::move(to.node),
                                                    std::move(service), std::move(payload), left, options);
  co_return answer;
}

void Node::serve(std::string service, ServiceHandler handler) {
  parts_->messaging->serve(std::move(service), std::move(handler));
}

void Node::stop_serving(const std::string& service) {
  parts_->messaging->stop_serving(service);
}

Subscription Node::on_message(std::function<void(const InboxMessage&)> handler) {
  return parts_->messaging->on_message(std::move(handler));
}

Task<std::vector<InboxMessage>> Node::inbox(std::uint64_t after, std::size_t limit) {
  const auto read = [store = parts_->inbox.get(), after, limit] { return store->read_after(after, limit); };
  auto messages = co_await parts_->env.offload.run(read);
  co_return value_or_throw(std::move(messages));
}

Task<void> Node::acknowledge_inbox(std::uint64_t through) {
  const auto acknowledge = [store = parts_->inbox.get(), through] { return store->acknowledge(through); };
  const auto done = co_await parts_->env.offload.run(acknowledge);
  value_or_throw(done);
}

Task<BroadcastReport> Node::broadcast(std::string topic, Bytes payload, BroadcastOptions options) {
  auto report = co_await parts_->broadcasts().broadcast(std::move(topic), std::move(payload), options);
  co_return report;
}

Subscription Node::subscribe(std::string topic, TopicHandler handler, TopicOptions options) {
  return parts_->broadcasts().subscribe(std::move(topic), std::move(options), std::move(handler));
}

std::vector<TopicStatus> Node::topics() const {
  return parts_->broadcast ? parts_->broadcast->broadcasts().topics() : std::vector<TopicStatus>{};
}

Subscription Node::on_event(std::function<void(const NodeEvent&)> handler) {
  return parts_->events.subscribe(std::move(handler));
}

std::vector<LimitUse> Node::limits() const {
  return parts_->host.limits();
}

NodeMetrics Node::metrics() const {
  Parts& p = *parts_;
  NodeMetrics metrics{.uptime = p.env.clock.now() - p.started_at,
                      .swarm = p.host.counters(),
                      .messaging = p.messaging->counters(),
                      .limits = p.host.limits(),
                      .paths = p.punching->counters()};
  for (const ConnectionPtr& connection : p.host.connections()) {
    ++(connection->direction() == Direction::kInbound ? metrics.connections_inbound
                                                      : metrics.connections_outbound);
  }
  if (p.quic) {
    metrics.swarm.bytes_received += p.quic->bytes_received();
    metrics.swarm.bytes_sent += p.quic->bytes_sent();
  }
  metrics.streams_inbound = p.host.limit_table()[&SwarmLimits::streams_max].used();
  return metrics;
}

Task<void> Node::set_access(AccessSubject subject, Access access) {
  return parts_->set_access(std::move(subject), access);
}

std::vector<AccessList::Entry> Node::access_entries() const {
  return parts_->host.access().entries();
}

Task<PingReply> Node::ping(Target target, PathPolicy policy) {
  auto resolved = co_await reach(parts_->discovery.get(), std::move(target), policy);
  const ConnectionPtr connection = co_await parts_->host.connect_over(policy, std::move(resolved.peer));
  const Duration round_trip_time = co_await ping::ping(parts_->env, connection);
  co_return PingReply{round_trip_time, connection->remote_address()};
}

Task<PathReport> Node::why(Target target) {
  auto named = co_await name_peer(parts_->discovery.get(), std::move(target));
  PathReport report = parts_->punching->report(named.peer.id);
  report.node = named.node ? named.node : parts_->messaging->node_of(named.peer.id);
  co_return report;
}

Task<void> Node::seek_direct_path(Target target) {
  auto resolved = co_await reach(parts_->discovery.get(), std::move(target), PathPolicy::kAny);
  co_await parts_->punching->puncher().seek(resolved.peer.id);
}

Task<BenchReport> Node::bench(Target target, perf::MeasurePlan plan, OnBench on_progress) {
  auto resolved = co_await reach(parts_->discovery.get(), std::move(target), PathPolicy::kAny);
  ConnectionPtr connection = co_await parts_->host.connect(std::move(resolved.peer));
  parts_->punching->heartbeats().note_use(*connection);
  auto report = co_await warren::bench(parts_->env, std::move(connection), plan, std::move(on_progress));
  co_return report;
}

Sm2Signature Node::sm2_sign(std::string_view domain, BytesView message) const {
  return parts_->config.node_key.sign(domain, message);
}

bool Node::sm2_verify(const NodeId& signer, std::string_view domain, BytesView message, BytesView signature) {
  return signer.public_key().verify(domain, message, signature);
}

}  // namespace warren
