#include "warren/node/node_parts.hpp"

#include "warren/async/as_result.hpp"
#include "warren/core/ip_address.hpp"
#include "warren/messaging/binding.hpp"
#include "warren/node/bootstrap.hpp"
#include "warren/node/network_watch.hpp"
#include "warren/protocols/ping/ping.hpp"
#include "warren/security/pnet/protector.hpp"

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

Node::Parts::Parts(Env& env, Config given)
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
      host(env, host_key, swarm_limits(config), upgrader, {{&tcp, &websocket, &circuits}, muxed()},
           peerstore),
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
  circuits.attach(host);
  if (quic && qlog) quic->log_to([this](std::string_view name) { return qlog->open(name); });
}

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
  peer_archive = value_or_throw(SqlitePeerArchive::open(database(config, "peers.db")), "peers.db");
  peer_keeper.emplace(host, peerstore, *peer_archive);
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

void Node::Parts::make_discovery() {
  discovery = std::make_unique<Discovery::Parts>(DiscoveryNeeds{.host = host,
                                                                .identify = identify,
                                                                .messaging = *messaging,
                                                                .bindings = *bindings,
                                                                .limits = host.limit_table(),
                                                                .config = config});
  discovery_view.emplace(*discovery);
  events.watch(*discovery);
}

void Node::Parts::make_reachability() {
  reachability = std::make_unique<Reachability::Parts>(ReachabilityNeeds{.host = host,
                                                                         .quic = quic.get(),
                                                                         .circuits = circuits,
                                                                         .protector = protector.get(),
                                                                         .identify = identify,
                                                                         .discovery = *discovery,
                                                                         .config = config});
  reachability_view.emplace(*reachability);
  events.watch(*reachability);
}

// Conversations tell which paths are in use: those are looked after, and won back when the network changes.
void Node::Parts::make_punching() {
  punching.emplace(PunchingNeeds{.host = host,
                                 .quic = quic.get(),
                                 .identify = identify,
                                 .reachability = *reachability,
                                 .config = config});
  roaming.emplace(host, reachability->relays, reachability->surveyor.get());
  const auto note_sign = [this](const Connection& connection, PathSign sign) {
    roaming->note_use(connection);
    if (sign == PathSign::kHeard) return punching->heartbeats().note_heard(connection);
    punching->heartbeats().note_use(connection);
  };
  subscriptions.push_back(messaging->on_path_sign(note_sign));
  const auto note_told = [this](const ConnectionPtr& connection) { roaming->note_told(connection); };
  subscriptions.push_back(identify.told().subscribe(note_told));
  const auto check_paths = [this] {
    if (!is_cut_off(env.network)) punching->heartbeats().check_now();
  };
  subscriptions.push_back(host.events().network_changed.subscribe(check_paths));
}

void Node::Parts::make_broadcast() {
  if (!config.broadcast.enabled) return;
  broadcast = std::make_unique<BroadcastParts>(BroadcastPartsNeeds{.host = host,
                                                                   .identify = identify,
                                                                   .limits = host.limit_table(),
                                                                   .discovery = *discovery,
                                                                   .config = config});
}

Broadcasts& Node::Parts::broadcasts() const {
  if (!broadcast) throw_error(Errc::kBadConfig, "topics are off in this node's configuration");
  return broadcast->broadcasts();
}

Task<void> Node::Parts::start() {
  if (!is_network_name(config.network)) {
    throw_error(Errc::kBadConfig, "network name '" + config.network + "'");
  }
  const auto& securities = config.securities;
  if (securities.empty() || upgrader.securities() != securities) {
    throw_error(Errc::kBadConfig, "securities");
  }
  if (qlog) qlog->start();
  open_stores();
  co_await peer_keeper->restore();
  auto key = value_or_throw(Sm2PrivateKey::from_scalar(config.node_key.scalar().view()));
  messaging = std::make_unique<Messaging>(host, std::move(key), MessagingConfig{.network = config.network},
                                          *inbox, *bindings);
  events.watch(*messaging);
  ping::serve(host);
  serve_perf();
  peer_keeper->start();
  identify.start();
  messaging->start();
  for (const auto& [subject, access] : config.access) co_await set_access(subject, access);
  listen();
  make_discovery();
  make_reachability();
  make_punching();
  make_broadcast();
  reachability->start();
  punching->start();
  roaming->start();
  if (broadcast) broadcast->start();
  co_await discovery->start();
  started_at = env.clock.now();
}

Task<void> Node::Parts::stop() {
  if (std::exchange(stopped, true)) co_return;
  co_await tasks.close();
  subscriptions.clear();
  if (broadcast) co_await broadcast->close();
  if (roaming) co_await roaming->close();
  if (punching) co_await punching->close();
  if (reachability) co_await reachability->close();
  if (discovery) co_await discovery->close();
  if (messaging) co_await messaging->close();
  co_await identify.close();
  co_await host.close();
  if (peer_keeper) co_await peer_keeper->close();
  if (qlog) co_await qlog->close();
}

}  // namespace warren
