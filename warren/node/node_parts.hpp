// The wiring of a node, top to bottom: each part sees only those above it.
#pragma once

#include <memory>
#include <optional>

#include "warren/async/task_group.hpp"
#include "warren/muxer/yamux/muxer.hpp"
#include "warren/node/broadcast_parts.hpp"
#include "warren/node/discovery_parts.hpp"
#include "warren/node/event_source.hpp"
#include "warren/node/node.hpp"
#include "warren/node/node_access.hpp"
#include "warren/node/peer_keeper.hpp"
#include "warren/node/punching_parts.hpp"
#include "warren/node/qlog_folder.hpp"
#include "warren/node/reachability_parts.hpp"
#include "warren/node/roaming.hpp"
#include "warren/protocols/identify/identify.hpp"
#include "warren/protocols/perf/server.hpp"
#include "warren/protocols/relay/transport.hpp"
#include "warren/security/noise/transport.hpp"
#include "warren/security/tls/transport.hpp"
#include "warren/storage/sqlite_binding_store.hpp"
#include "warren/storage/sqlite_inbox.hpp"
#include "warren/storage/sqlite_peer_archive.hpp"
#include "warren/swarm/host.hpp"
#include "warren/swarm/peerstore.hpp"
#include "warren/transport/quic/transport.hpp"
#include "warren/transport/tcp/transport.hpp"
#include "warren/transport/websocket/transport.hpp"

namespace warren {

struct Node::Parts {
  Parts(Env& env, Config given);

  Env& env;
  Config config;
  PrivateKey host_key;
  NodeId node_id;

  tcp::TcpTransport tcp;
  websocket::WebsocketTransport websocket;
  relay::CircuitTransport circuits;
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

  std::unique_ptr<SqlitePeerArchive> peer_archive;  // these and the following from start() on
  std::optional<PeerKeeper> peer_keeper;
  std::unique_ptr<SqliteInbox> inbox;
  std::unique_ptr<SqliteBindingStore> stored_bindings;
  std::unique_ptr<BindingStore> bindings;  // the same, watched
  std::unique_ptr<Messaging> messaging;
  std::unique_ptr<Discovery::Parts> discovery;
  std::optional<Discovery> discovery_view;
  std::unique_ptr<Reachability::Parts> reachability;
  std::optional<Reachability> reachability_view;
  std::optional<PunchingParts> punching;
  std::optional<Roaming> roaming;
  std::unique_ptr<BroadcastParts> broadcast;  // null where topics are off

  std::vector<Subscription> subscriptions;
  TaskGroup tasks;
  Instant started_at{};
  bool stopped = false;

  Task<void> start();
  Task<void> stop();
  std::vector<MuxedTransport*> muxed() const;
  void listen();
  PeerStatus status(const ConnectionPtr& connection) const;
  void open_stores();
  void serve_perf();
  void make_discovery();
  void make_reachability();
  void make_punching();
  void make_broadcast();
  Task<void> set_access(AccessSubject subject, Access value);
  // Throws kBadConfig where topics are off.
  Broadcasts& broadcasts() const;
};

}  // namespace warren
