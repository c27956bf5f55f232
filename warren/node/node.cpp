#include "warren/node/node.hpp"

#include "warren/async/as_result.hpp"
#include "warren/async/task_group.hpp"
#include "warren/core/ip_address.hpp"
#include "warren/messaging/binding.hpp"
#include "warren/muxer/yamux/muxer.hpp"
#include "warren/node/bootstrap.hpp"
#include "warren/node/event_source.hpp"
#include "warren/node/network_watch.hpp"
#include "warren/node/node_access.hpp"
#include "warren/node/qlog_folder.hpp"
#include "warren/protocols/identify/identify.hpp"
#include "warren/protocols/perf/server.hpp"
#include "warren/protocols/ping/ping.hpp"
#include "warren/security/noise/transport.hpp"
#include "warren/security/pnet/protector.hpp"
#include "warren/security/tls/transport.hpp"
#include "warren/storage/sqlite_binding_store.hpp"
#include "warren/storage/sqlite_inbox.hpp"
#include "warren/swarm/host.hpp"
#include "warren/swarm/peerstore.hpp"
#include "warren/transport/quic/transport.hpp"
#include "warren/transport/tcp/transport.hpp"
#include "warren/transport/websocket/transport.hpp"

namespace warren {

namespace {

SwarmLimits swarm_limits(const Config& config) {
  SwarmLimits limits = config.limits;
  limits.dial_timeout = config.dial_timeout;
  return limits;
}

identify::Accounts identify_accounts(LimitTable& limits) {
  return {.protocols = &limits[&SwarmLimits::identify_protocols_max],
          .addresses = &limits[&SwarmLimits::identify_addresses_max]};
}

yamux::Limits yamux_limits(const Config& config) {
  yamux::Limits limits;
  limits.unread_max = config.limits.bytes_buffered_per_connection_max;
  return limits;
}

std::unique_ptr<PipeProtector> make_protector(const Config& config, Env& env) {
  if (!config.pre_shared_key) return nullptr;
  return std::make_unique<pnet::Protector>(*config.pre_shared_key, env.random);
}

// QUIC has no place for a pre-shared key: its packets would show that a node is there, and what it is.
std::unique_ptr<quic::QuicTransport> make_quic(const Config& config, Env& env, const PrivateKey& key) {
  if (config.pre_shared_key) return nullptr;
  return std::make_unique<quic::QuicTransport>(env, key);
}

// Those of the configuration, in its order; what it names besides is refused by start().
std::vector<SecureTransport*> in_order(const std::vector<std::string>& ids,
                                       const std::vector<SecureTransport*>& securities) {
  std::vector<SecureTransport*> chosen;
  for (const std::string& id : ids) {
    for (SecureTransport* security : securities) {
      if (security->id() == id) chosen.push_back(security);
    }
  }
  return chosen;
}

std::string database(const Config& config, std::string_view name) {
  return config.data_dir.empty() ? ":memory:" : config.data_dir + "/" + std::string(name);
}

}  // namespace

// The wiring, top to bottom: each part sees only those above it.
struct Node::Parts {
  Parts(Env& env, Config given)
      : env(env),
        config(std::move(given)),
        host_key(value_or_throw(config.host_key(), "the peer key and the identity mode")),
        node_id(config.node_key.public_key()),
        tcp(env),
        websocket(env, config.websocket),
        noise(host_key, env.random, env.offload),
        tls(host_key, env.clock, env.random),
        qlog(config.qlog_dir.empty() ? nullptr : std::make_unique<QlogFolder>(env, config.qlog_dir)),
        quic(make_quic(config, env, host_key)),
        yamux(env, yamux_limits(config)),
        protector(make_protector(config, env)),
        upgrader(in_order(config.securities, {&noise, &tls}), {&yamux}, protector.get()),
        host(env, host_key, swarm_limits(config), upgrader, {{&tcp, &websocket}, muxed()}, peerstore),
        identify(host, config.agent_version, identify_accounts(host.limit_table())),
        events(host, identify),
        access(host),
        tasks(env.executor, "node") {
    LimitTable& limits = host.limit_table();
    peerstore.account(limits[&SwarmLimits::peerstore_peers_max], limits[&SwarmLimits::peerstore_bytes_max],
                      limits[&SwarmLimits::peerstore_addresses_per_peer_max]);
    const UnreadLimits unread{.all = &limits[&SwarmLimits::bytes_buffered_max],
                              .per_connection = &limits[&SwarmLimits::bytes_buffered_per_connection_max]};
    yamux.account(unread);
    if (quic) quic->account(limits[&SwarmLimits::half_open_quic_max], unread);
    if (quic && qlog) quic->log_to([this](std::string_view name) { return qlog->open(name); });
  }

  Env& env;
  Config config;
  PrivateKey host_key;
  NodeId node_id;

  tcp::TcpTransport tcp;
  websocket::WebsocketTransport websocket;
  noise::NoiseTransport noise;
  tls::TlsTransport tls;
  std::unique_ptr<QlogFolder> qlog;           // null unless wanted
  std::unique_ptr<quic::QuicTransport> quic;  // null in a private network
  yamux::YamuxMuxer yamux;
  std::unique_ptr<PipeProtector> protector;  // null unless the network is private
  Upgrader upgrader;
  MemoryPeerstore peerstore;
  SwarmHost host;
  identify::Identify identify;
  EventSource events;
  NodeAccess access;
  std::optional<perf::Server> perf;  // from start() on, unless it is off

  std::unique_ptr<SqliteInbox> inbox;  // these four from start() on
  std::unique_ptr<SqliteBindingStore> stored_bindings;
  std::unique_ptr<BindingStore> bindings;  // the same, watched
  std::unique_ptr<Messaging> messaging;

  TaskGroup tasks;
  Instant started_at{};
  bool stopped = false;

  // Whom a target names: the peer with the addresses given, and the node where the caller insists on one.
  struct Resolved {
    PeerInfo peer;
    std::optional<NodeId> node;
  };
  Task<Resolved> resolve(Target target);
  std::vector<MuxedTransport*> muxed() const;
  void listen();
  PeerStatus status(const ConnectionPtr& connection) const;
  void open_stores();
  void serve_perf();
  Task<void> set_access(AccessSubject subject, Access value);
};

std::vector<MuxedTransport*> Node::Parts::muxed() const {
  return quic ? std::vector<MuxedTransport*>{quic.get()} : std::vector<MuxedTransport*>{};
}

void Node::Parts::listen() {
  for (const Multiaddr& address : config.listen) {
    if (!quic && address.has(Protocol::kQuicV1)) {
      throw_error(Errc::kBadConfig, address.to_string() + ": a private network is not reached over QUIC");
    }
    value_or_throw(host.listen(address), address.to_string());
  }
}

void Node::Parts::open_stores() {
  inbox = value_or_throw(SqliteInbox::open(database(config, "inbox.db")), "inbox.db");
  stored_bindings = value_or_throw(SqliteBindingStore::open(database(config, "bindings.db")), "bindings.db");
  bindings = access.watch(*stored_bindings);
}

void Node::Parts::serve_perf() {
  if (config.perf == PerfAccess::kOff) return;
  perf.emplace(host, [this](const Connection& from) {
    const PeerId& peer = from.remote_peer();
    const Multiaddr& address = from.remote_address();
    const Access listed = host.access().of(peer, messaging->node_of(peer), ip_address_of(address));
    return serves_perf(config.perf, listed, address);
  });
}

Task<void> Node::Parts::set_access(AccessSubject subject, Access value) {
  value_or_throw(access.set(subject, value), to_string(subject));
  const NodeId* listed = std::get_if<NodeId>(&subject);
  if (listed == nullptr || value == Access::kNormal) co_return;
  const NodeId node = *listed;
  for (const ConnectionPtr& connection : host.connections()) {
    const PeerId peer = connection->remote_peer();
    if (messaging->node_of(peer) == node) access.bound(node, peer);
  }
  const auto known = co_await messaging->find_peer(node);
  if (known) access.bound(node, *known);
}

Task<Node::Parts::Resolved> Node::Parts::resolve(Target target) {
  if (target.info() != nullptr) co_return Resolved{*target.info(), std::nullopt};
  if (target.peer() != nullptr) co_return Resolved{PeerInfo{*target.peer(), {}}, std::nullopt};
  const auto peer = co_await messaging->find_peer(*target.node());
  if (!peer) throw_error(Errc::kNoAddresses, target.to_string());
  co_return Resolved{PeerInfo{*peer, {}}, *target.node()};
}

PeerStatus Node::Parts::status(const ConnectionPtr& connection) const {
  const PeerId& peer = connection->remote_peer();
  const auto description = peerstore.description(peer);
  return PeerStatus{.peer_id = peer,
                    .node_id = messaging->node_of(peer),
                    .address = connection->remote_address(),
                    .direction = connection->direction(),
                    .round_trip_time = connection->round_trip_time(),
                    .connected_at = connection->opened_at(),
                    .agent_version = description ? description->agent_version : std::string()};
}

Node::Node(Env& env, Config config) : parts_(std::make_unique<Parts>(env, std::move(config))) {}
Node::~Node() = default;

Task<void> Node::start() {
  Parts& p = *parts_;
  if (!is_network_name(p.config.network)) {
    throw_error(Errc::kBadConfig, "network name '" + p.config.network + "'");
  }
  const auto& securities = p.config.securities;
  if (securities.empty() || p.upgrader.securities() != securities) {
    throw_error(Errc::kBadConfig, "securities");
  }
  p.open_stores();
  auto key = value_or_throw(Sm2PrivateKey::from_scalar(p.config.node_key.scalar().view()));
  p.messaging = std::make_unique<Messaging>(
      p.host, std::move(key), MessagingConfig{.network = p.config.network}, *p.inbox, *p.bindings);
  p.events.watch(*p.messaging);
  ping::serve(p.host);
  p.serve_perf();
  p.identify.start();
  p.messaging->start();
  for (const auto& [subject, access] : p.config.access) co_await p.set_access(subject, access);
  p.listen();
  for (const Multiaddr& address : p.config.bootstrap) {
    const auto peer = PeerId::of(address);
    if (!peer) throw_error(Errc::kBadConfig, "bootstrap address without /p2p: " + address.to_string());
    std::ignore = p.host.protect(*peer, "bootstrap");  // over the bound, those named first are
    p.tasks.spawn(keep_connected(&p.host, PeerInfo{*peer, {address.before_last(Protocol::kP2p)}}));
  }
  p.tasks.spawn(watch_network(&p.host));
  p.started_at = p.env.clock.now();
}

Task<void> Node::stop() {
  Parts& p = *parts_;
  if (std::exchange(p.stopped, true)) co_return;
  co_await p.tasks.close();
  if (p.messaging) co_await p.messaging->close();
  co_await p.identify.close();
  co_await p.host.close();
  if (p.qlog) co_await p.qlog->close();
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

Task<PeerStatus> Node::connect(Target target) {
  auto resolved = co_await parts_->resolve(std::move(target));
  const ConnectionPtr connection = co_await parts_->host.connect(std::move(resolved.peer));
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
  auto resolved = co_await parts_->resolve(std::move(target));
  PeerInfo peer = std::move(resolved.peer);
  for (const Multiaddr& known : parts_->peerstore.addresses(peer.id, parts_->env.clock.now())) {
    if (std::ranges::find(peer.addresses, known) == peer.addresses.end()) peer.addresses.push_back(known);
  }
  if (peer.addresses.empty()) throw_error(Errc::kNotFound, peer.id.to_string());
  co_return peer;
}

Task<void> Node::send_message(Target target, Bytes payload) {
  auto to = co_await parts_->resolve(std::move(target));
  co_await parts_->messaging->send_message(std::move(to.peer), std::move(to.node), std::move(payload));
}

Task<Bytes> Node::request(Target target, std::string service, Bytes payload) {
  return request(std::move(target), std::move(service), std::move(payload), parts_->config.request_timeout);
}

Task<Bytes> Node::request(Target target, std::string service, Bytes payload, Duration timeout) {
  auto to = co_await parts_->resolve(std::move(target));
  auto answer = co_await parts_->messaging->request(std::move(to.peer), std::move(to.node),
                                                    std::move(service), std::move(payload), timeout);
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
                      .limits = p.host.limits()};
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

Task<PingReply> Node::ping(Target target) {
  auto resolved = co_await parts_->resolve(std::move(target));
  const ConnectionPtr connection = co_await parts_->host.connect(std::move(resolved.peer));
  const Duration round_trip_time = co_await ping::ping(parts_->env, connection);
  co_return PingReply{round_trip_time, connection->remote_address()};
}

Task<BenchReport> Node::bench(Target target, perf::MeasurePlan plan, OnBench on_progress) {
  auto resolved = co_await parts_->resolve(std::move(target));
  ConnectionPtr connection = co_await parts_->host.connect(std::move(resolved.peer));
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
