// All that can be set on a node. Programs fill it in; the daemon reads it from warren.toml (app/).
#pragma once

#include <array>
#include <optional>
#include <string>
#include <vector>

#include "warren/base/time.hpp"
#include "warren/crypto/keys.hpp"
#include "warren/multiformats/multiaddr.hpp"

namespace warren {

struct Config {
  // Who the node is: its SM2 key is its NodeID, the transport key its PeerID.
  Sm2PrivateKey node_key;
  PrivateKey peer_key;

  // Nodes of different networks refuse each other's messages. 1 to 64 characters, see is_network_name.
  std::string network = "main";

  // The pre-shared key of a private network (security/pnet/key_file.hpp reads swarm.key): who has another, or
  // none, can't connect.
  std::optional<std::array<std::uint8_t, 32>> pre_shared_key;

  std::vector<Multiaddr> listen;     // where to listen; port 0 means any free one
  std::vector<Multiaddr> bootstrap;  // peers to connect to at the start, each with /p2p

  // How connections are secured: "/noise" and "/tls/1.0.0", or one of them. A dial proposes the first, and
  // the next when the peer does not speak it.
  std::vector<std::string> securities = {"/noise", "/tls/1.0.0"};

  // The folder for what must survive a restart (inbox.db, bindings.db); empty keeps all in memory. One node
  // at a time uses it.
  std::string data_dir;

  Duration dial_timeout = 15s;     // per connection, with the handshakes
  Duration request_timeout = 30s;  // per request, when the caller names none

  std::string agent_version = "warren/0.1.0";  // what identify tells others

  // New keys and a free TCP port on loopback; nothing kept on disk.
  static Config ephemeral();
};

}  // namespace warren
