// The warren.toml of a new node.
#include <fcntl.h>
#include <fmt/format.h>

#include <cerrno>
#include <cstring>

#include "app/config_file.hpp"
#include "app/exit_status.hpp"
#include "warren/base/file.hpp"

namespace warren::app {
namespace {

constexpr const char* kTemplate =
    R"(# Warren's configuration. The running daemon reads it once, at its start: `warren up`.

# Nodes of different networks refuse each other's messages.
network = "{}"

# What kind of machine this is: "home": behind somebody's router; it looks for nodes near it, and asks the
# network's DHT without answering for it. "server": reachable by all; it is a part of the DHT, and looks for
# nobody near. "lan": among machines that reach each other; both. `warren up --profile` overrides it.
profile = "{}"

# Where to listen. Port 0 takes any free one. `warren up --listen ADDRESS` overrides the list.
listen = [
  "/ip4/0.0.0.0/udp/4001/quic-v1",
  "/ip6/::/udp/4001/quic-v1",
  "/ip4/0.0.0.0/tcp/4001",
  "/ip6/::/tcp/4001",
]

# Nodes to connect to at the start, each with its PeerID: "/ip4/192.0.2.1/tcp/4001/p2p/12D3KooW...", or a
# "/dnsaddr/example.com", whose DNS names such nodes. One is enough to find all others. `warren bootstrap add`
# keeps more of them beside this file.
bootstrap = []

# How connections are secured. A dial proposes the first, and the next when the peer does not speak it.
securities = ["/noise", "/tls/1.0.0"]

# Where to serve metrics for Prometheus, such as "127.0.0.1:9464"; empty: nowhere. Whoever reaches that
# address can read them. `warren up --metrics ADDRESS` overrides it.
metrics = ""

# Who may measure this node with `warren bench`, and so have it send and receive without end: "off": nobody;
# "allowed": whom `warren allow` names; "local": these, and peers of this machine and of private networks;
# "anyone".
perf = "local"

[discovery]
# How nodes find each other by their IDs: the network's own DHT. In mode "client" the node asks only, as
# "server" it answers too; "auto": as the profile says.
dht = true
dht_mode = "auto"
# Also be in the DHT of the public libp2p network, where all can see this node's addresses; and in the one
# that libp2p peers have among themselves in a local network.
public_dht = false
public_lan_dht = false
# Look for nodes in the local network with multicasts, and be found: "auto" (not with profile "server"), true
# or false.
mdns = "auto"
# Domains that name bootstrap peers in their DNS (`warren bootstrap zone` writes such records).
bootstrap_domains = []
# Peers, each with its PeerID, at which the node registers and looks for others of its network; and whether it
# is such a point itself.
rendezvous_points = []
rendezvous_server = false

[reachability]
# Whether others can reach this node: "auto": it finds out, by what they see of it; "yes" or "no": its owner
# knows better.
reachable = "auto"
# Addresses that lead here though no interface has them, such as those of a port that the router forwards:
# "/ip4/203.0.113.7/udp/4001/quic-v1". Others are told of them.
announce = []
# STUN servers ("stun.example.com:3478") besides the peers that offer it; and whether this node is one of
# these, once it is reachable, and dials back to others that want to know whether they are (AutoNAT).
stun_servers = []
stun_server = true
autonat_server = true

[relay]
# While others cannot reach this node, relays forward their connections to it. Relays of one's own, each with
# its PeerID, which are held whatever happens; and whether others are looked for, too.
relays = []
use = true
# Forward sealed connections for others: "auto" (with profile "server", when reachable), true or false. And
# what each may carry each way, as 131072 or "128KiB", and for how many seconds; 0: no limit.
enabled = "auto"
circuit_bytes_max = "128KiB"
circuit_time_max = 120
# For how many seconds others hold a place here before they must ask again.
reservation_life = 3600
# All nodes are in a network of one's own: those at private addresses are relayed for, too. With profile "lan"
# they are anyway.
private_network = false

[punch]
# Look for direct paths through NATs to peers that are reached through a relay: both sides dial at the same
# instant. Off: such peers stay relayed, and they are told so.
enabled = true
# Where that alone cannot work, between Warren nodes, also try many ports at once: for some seconds that takes
# up to 600 entries in the router's table ([limits] has `spray_entries_max`).
spray = true

[broadcast]
# Topics (`warren broadcast`, `warren subscribe`): each node sends a topic's messages on to some others, its
# mesh, so that they reach all. How many these are, and every how many seconds the mesh is looked after.
enabled = true
mesh_size = 8
heartbeat = 1
# Watch how peers behave, and have nothing to do with those that do harm.
scoring = true
# Tell peers that leave a mesh of others to try. For well connected public nodes.
peer_exchange = false
# Look for subscribers in the DHT while there are fewer than the mesh wants.
find_peers = true
# Peers, each with its PeerID, that are always connected and sent everything. Both sides must name each other.
direct = []
# How much of messages sent with --reliable is kept on disk for those who missed them.
kept_bytes = "256MiB"

[websocket]
# To listen on "/ip4/0.0.0.0/tcp/443/tls/ws": a certificate with its chain and its key, in PEM. They are read
# again when they change. The open "/ip4/0.0.0.0/tcp/8080/ws" needs none: it is for behind a web proxy.
certificate = ""
key = ""
# PEM files of authorities to trust, besides the machine's, when others are dialed at /tls/ws addresses.
authorities = []

[identity]
# "bound": the SM2 key (node.key) is who the node is, and another key (peer.key) is its libp2p peer. A binding
# signed by both ties them together.
# "sm2": the SM2 key is both. Stock libp2p peers do not know such keys, and refuse the node.
mode = "{}"

[timeouts]
# For one connection, with its handshakes; and for a request whose caller names no limit.
dial_seconds = 15
request_seconds = 30

[limits]
# How much of this node others can take up. `warren limits` lists all limits, what they bound and how much of
# each is used; each can be set here by its name:
# connections_max = 1024

[log]
# Lines on standard error: "debug", "info", "warning" or "error". `warren up --log-level LEVEL` overrides it.
level = "info"
)";

}  // namespace

void write_config_file(const std::filesystem::path& path, const std::string& network, IdentityMode identity,
                       Profile profile) {
  const std::string text = fmt::format(kTemplate, network, to_string(profile), name_of(identity));
  const File file(path, O_WRONLY | O_CREAT | O_EXCL);
  const bool written = file.is_open() && file.write_all(as_bytes(text)) && file.sync();
  if (!written) {
    throw Failure(ExitStatus::kFailed, fmt::format("{} cannot be written: {}; give another --data-dir",
                                                   path.string(), std::strerror(errno)));
  }
}

}  // namespace warren::app
