// How a node finds others and is found: DHTs, mDNS, rendezvous, bootstrap and presence, as one.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "warren/core/host.hpp"
#include "warren/crypto/node_id.hpp"
#include "warren/node/target.hpp"
#include "warren/protocols/kad/kad.hpp"

namespace warren {

// What a search for a node or peer found, and how.
struct FindReport {
  PeerInfo peer;
  std::optional<NodeId> node;
  // Where the answer came from: "self", "connected", "known" (the peerstore), "dht" (the peer answered
  // there), "record" (what it published some time ago; it was not reached).
  std::string source;
  kad::LookupReport binding;  // NodeID to PeerID; empty when that was known
  kad::LookupReport lookup;   // PeerID to addresses; empty when these were known
  Duration took{};
};

// A bootstrap peer: who told of it, and what became of it.
struct BootstrapPeer {
  Multiaddr address;  // with /p2p
  // "config", "dns example.com", "known" (from an earlier run), "mdns", "rendezvous"
  std::string source;
  bool connected = false;
  std::string error;  // of the last attempt, when it failed
};

// How often the addresses of those we talk to were at hand.
struct AddressCacheCounters {
  std::uint64_t hits = 0;       // a dial or a request found what it needed
  std::uint64_t lookups = 0;    // it had to look in the DHT
  std::uint64_t refreshes = 0;  // hot targets looked up again before their addresses expired
};

// Works from Node::start() to Node::stop(), whose part it is (node.hpp, discovery()).
class Discovery {
 public:
  struct Parts;
  // They outlive it.
  explicit Discovery(Parts& parts) : parts_(parts) {}

  // Looks for the target, beginning with what is known: a NodeID needs its binding, a PeerID its addresses.
  // `afresh` asks the DHT whatever is known. Throws kNotFound when nobody knows it, kNoPeers, kTimedOut.
  Task<FindReport> find(Target target, bool afresh = false);

  // The network's own DHT; null when it is off. And all, the network's own first.
  kad::Kad* dht();
  std::vector<kad::Kad*> dhts();

  // Whom the node begins with, in the order they became known.
  std::vector<BootstrapPeer> bootstrap() const;
  // Connects to it from now on, too. kBadAddress: without /p2p; kExists. Not kept on disk.
  Result<> add_bootstrap(const Multiaddr& address);
  // No longer connected to on purpose; what is connected stays. kNotFound.
  Result<> remove_bootstrap(const Multiaddr& address);

  AddressCacheCounters address_cache() const;

 private:
  Parts& parts_;
};

}  // namespace warren
