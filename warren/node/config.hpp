// All that can be set on a node. Programs fill it in; the daemon reads it from warren.toml (app/).
#pragma once

#include <array>
#include <optional>
#include <string>
#include <vector>

#include "warren/base/time.hpp"
#include "warren/crypto/keys.hpp"
#include "warren/multiformats/multiaddr.hpp"
#include "warren/node/broadcast_config.hpp"
#include "warren/node/discovery_config.hpp"
#include "warren/node/perf_access.hpp"
#include "warren/node/punch_config.hpp"
#include "warren/node/reachability_config.hpp"
#include "warren/swarm/access_list.hpp"
#include "warren/swarm/limits.hpp"
#include "warren/transport/websocket/config.hpp"

namespace warren {

// What a node's PeerID is made of.
enum class IdentityMode {
  kBound,  // a key of its own, of a type that all libp2p peers know; both keys sign that they belong together
  kSm2,    // the SM2 key itself, which other peers take only if they register that key type
};

struct Config {
  // Who the node is: its SM2 key is its NodeID, the transport key its PeerID. In mode kSm2 there is no second
  // key, and peer_key stays empty.
  Sm2PrivateKey node_key;
  std::optional<PrivateKey> peer_key;
  IdentityMode identity = IdentityMode::kBound;

  // Nodes of different networks refuse each other's messages. 1 to 64 characters, see is_network_name.
  std::string network = "main";

  // The pre-shared key of a private network (security/pnet/key_file.hpp reads swarm.key): who has another, or
  // none, can't connect.
  std::optional<std::array<std::uint8_t, 32>> pre_shared_key;

  std::vector<Multiaddr> listen;     // where to listen; port 0 means any free one
  std::vector<Multiaddr> bootstrap;  // peers to connect to at the start, each with /p2p

  // How others are found; whether this node is a server of the DHT, and more that the profile decides.
  DiscoveryConfig discovery;

  // How it learns what the network sees of it, and stays reachable.
  ReachabilityConfig reachability;

  // Direct paths through NATs.
  PunchConfig punch;

  // Topics.
  BroadcastConfig broadcast;

  // How connections are secured: "/noise" and "/tls/1.0.0", or one of them. A dial proposes the first, and
  // the next when the peer does not speak it.
  std::vector<std::string> securities = {"/noise", "/tls/1.0.0"};

  // Certificates for /tls/ws: ours to listen with, and whom to trust besides the machine's authorities.
  websocket::WebsocketConfig websocket;

  // The folder for what must survive a restart (inbox.db, bindings.db); empty keeps all in memory. One node
  // at a time uses it.
  std::string data_dir;

  // Where a file about each QUIC connection is written (qlog_folder.hpp); empty: none is.
  std::string qlog_dir;

  // What others can take up. Of its times, dial_timeout is the one below.
  SwarmLimits limits;

  // Who is let in whatever the limits say, and who never is, at the start: Node::set_access changes it.
  std::vector<AccessList::Entry> access;

  // Whom the perf protocol is served to: they can have this node send and receive without end.
  PerfAccess perf = PerfAccess::kLocal;

  Duration dial_timeout = 15s;     // per connection, with the handshakes
  Duration request_timeout = 30s;  // per request, when the caller names none

  std::string agent_version = "warren/0.1.0";  // what identify tells others

  // The key that the PeerID comes from. kBadConfig when peer_key does not go with the mode.
  Result<PrivateKey> host_key() const;

  // New keys and a free TCP port on loopback; no multicasts, and nothing kept on disk.
  static Config ephemeral();
};

}  // namespace warren
