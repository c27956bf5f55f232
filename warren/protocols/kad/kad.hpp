// One DHT: finds peers, values and providers, and as a server answers for its part of the keyspace. A node
// may be in several at once, one object each.
// https://github.com/libp2p/specs/blob/master/kad-dht/README.md
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "warren/core/dht_store.hpp"
#include "warren/core/host.hpp"
#include "warren/core/limit.hpp"
#include "warren/protocols/kad/routing/lookup.hpp"
#include "warren/protocols/kad/wire/validator.hpp"

namespace warren::kad {

inline constexpr std::string_view kPublicProtocol = "/ipfs/kad/1.0.0";
inline constexpr std::string_view kLanProtocol = "/ipfs/lan/kad/1.0.0";
// "/warren/<network>/kad/1.0.0"
ProtocolId warren_protocol(std::string_view network);

enum class Mode {
  kClient,  // asks, and is in nobody's routing table
  kServer,  // answers too
};

// Which addresses of peers this DHT takes and tells.
enum class AddressFilter {
  kAll,     // a network of one's own, private or not: loopback ones only to loopback
  kPublic,  // the wide network: never a private or loopback address
  kLan,     // peers that have a private address
};

// The node's limits, where it accounts for them (warren/core/limit.hpp); null: the defaults of Limits.
struct Accounts {
  Limit* streams = nullptr;  // conversations that are served at a time
};

struct Config {
  ProtocolId protocol;
  Mode mode = Mode::kServer;
  AddressFilter filter = AddressFilter::kAll;
  Accounts accounts;
  LookupLimits lookup;
  // How often what is kept alive is done; tests shorten it.
  Duration refresh_interval = std::chrono::minutes(10);  // of the routing table
  Duration republish_interval = std::chrono::hours(4);   // of our own records and providers
  Duration probe_interval = 20s;  // of each peer of the table; longer when it is large (kProbeShare)
};

// What a lookup did, for `warren find` and for measurements.
struct LookupReport {
  std::vector<LookupStep> steps;
  std::size_t hops = 0;
  Duration took{};
};

struct Stats {
  ProtocolId protocol;
  Mode mode = Mode::kServer;
  std::size_t table_peers = 0;
  std::vector<std::size_t> buckets;  // peers in each, farthest first
  double network_size = 0;           // estimate; 0: not known yet
  DhtStore::Usage kept;
  std::uint64_t requests_served = 0;  // by others
  std::uint64_t requests_refused = 0;
  std::uint64_t requests_sent = 0;
  std::uint64_t requests_failed = 0;
  std::uint64_t lookups = 0;
};

class Kad {
 public:
  // All outlive it. `store` is called on the offload pool.
  Kad(Host& host, Config config, Validators validators, DhtStore& store);
  ~Kad();

  // Serves (in mode kServer) and begins to look after the routing table: connected peers that speak the
  // protocol as servers enter it, and those of the store are asked first.
  Task<void> start();
  // Saves the table's peers and waits until nothing runs. Calls under way must have ended, or be canceled.
  Task<void> close();

  const ProtocolId& protocol() const;
  Mode mode() const;
  void set_mode(Mode mode);

  // Each call is a lookup: cancelable, bounded in questions, and throws kNoPeers when the table is empty.
  // `report`, when given, is filled in whatever the outcome; it outlives the call.

  // The peer, which was reached, and its addresses. kNotFound; kUnreachable: others know it, but it does not
  // answer.
  Task<PeerInfo> find_peer(PeerId peer, LookupReport* report = nullptr);
  // The up to 20 nearest that answered, nearest first.
  Task<std::vector<PeerInfo>> closest_peers(Bytes key, LookupReport* report = nullptr);
  // The best valid record. kNotFound; kUnsupported: no validator for the key's namespace.
  Task<Bytes> get_value(Bytes key, LookupReport* report = nullptr);
  // Stores it here and at the nearest peers, and keeps it published (republish_interval) until disown() or
  // its end. kBadRecord, kRecordExpired, kOldRecord, kUnsupported; kUnreachable: nobody took it.
  // Returns how many took it.
  Task<std::size_t> put_value(Bytes key, Bytes value, LookupReport* report = nullptr);
  // Announces this node as a provider of the multihash, and keeps doing so. Ends as soon as the estimate of
  // the network's size says that the nearest were reached (optimistic provide); the rest goes on behind it.
  // Returns how many took it so far; kUnreachable: nobody.
  Task<std::size_t> provide(Bytes multihash, LookupReport* report = nullptr);
  // At most `enough` providers, with addresses where known; ends early when it has them. Empty when none.
  Task<std::vector<PeerInfo>> find_providers(Bytes multihash, std::size_t enough = 20,
                                             LookupReport* report = nullptr);
  // No longer kept published.
  Task<void> disown(Bytes key);

  // Identify has learned what the peer speaks: it enters the routing table if it serves this DHT, and leaves
  // it (kProtocolNotSupported) if it does not any more.
  void consider(const PeerId& peer);
  // One FIND_NODE to this peer tells whether it is alive; it is dropped from the table when not.
  Task<bool> probe(PeerId peer);
  // The peer has said goodbye: it leaves the table, and no answer names it any more.
  void forget(const PeerId& peer);

  // Peers that entered the routing table, and that left it with the reason (kClosed: forget()).
  Signal<const PeerId&>& entered();
  Signal<const PeerId&, std::error_code>& left();
  std::vector<PeerId> table() const;
  Task<Stats> stats();

 private:
  struct Parts;
  std::unique_ptr<Parts> parts_;
};

}  // namespace warren::kad
