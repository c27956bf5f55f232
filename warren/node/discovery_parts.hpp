// What discovery is made of, top to bottom.
#pragma once

#include <memory>
#include <optional>
#include <string_view>
#include <vector>

#include "warren/async/task_group.hpp"
#include "warren/node/bootstrap.hpp"
#include "warren/node/config.hpp"
#include "warren/node/discovery.hpp"
#include "warren/node/hot_targets.hpp"
#include "warren/node/publisher.hpp"
#include "warren/node/roster.hpp"
#include "warren/protocols/identify/identify.hpp"
#include "warren/protocols/mdns/mdns.hpp"
#include "warren/protocols/presence/presence.hpp"
#include "warren/protocols/rendezvous/registrant.hpp"
#include "warren/protocols/rendezvous/server.hpp"
#include "warren/storage/sqlite_dht_store.hpp"
#include "warren/swarm/limit_table.hpp"

namespace warren {

// What the node lends. All of it outlives discovery.
struct DiscoveryNeeds {
  Host& host;
  identify::Identify& identify;
  Messaging& messaging;
  BindingStore& bindings;  // called on the offload pool
  LimitTable& limits;
  const Config& config;
};

// Somebody came, or went for this reason.
struct Coming {
  PeerId peer;
  std::optional<NodeId> node;  // as far as a binding is known
  std::error_code reason;
};

struct Whereabouts {
  std::vector<Multiaddr> addresses;
  // "dht": the peer has answered there; "record": it has said so itself some time ago, and was not reached.
  std::string_view source;
};

struct Discovery::Parts {
  // Opens the databases. Throws kStorage.
  explicit Parts(DiscoveryNeeds needs);

  Task<void> start();
  Task<void> close();

  // The binding of this node, from the network's DHT, else from who claims to be it on the public one. The
  // peer that it names; kNotFound.
  Task<PeerId> look_up_node(NodeId node, kad::LookupReport* report);
  // Where this peer is; the peerstore knows it then, too. No addresses when nobody knows any.
  Task<Whereabouts> look_up_addresses(PeerId peer, kad::LookupReport* report);
  // There is nobody to ask.
  bool knows_nobody() const;
  // A request or a message is about to go there.
  void note_use(const PeerId& peer, bool known);

  DiscoveryNeeds needs;
  // One for each DHT: the network's own first.
  struct Dht {
    std::unique_ptr<SqliteDhtStore> store;
    std::unique_ptr<kad::Kad> kad;
  };
  std::vector<Dht> dhts;
  kad::Kad* own = nullptr;   // of dhts
  kad::Kad* wide = nullptr;  // the public one
  presence::Presence presence;
  Bootstrap bootstrap;
  std::unique_ptr<mdns::Mdns> mdns;                       // null when it is off
  std::unique_ptr<rendezvous::Server> rendezvous_server;  // null unless it is one
  std::unique_ptr<rendezvous::Registrant> registrant;     // null without rendezvous points
  std::optional<Publisher> publisher;                     // from start() on
  HotTargets hot;
  AddressCacheCounters cache;

  Roster roster;
  Signal<const Coming&> arrived;
  Signal<const Coming&> left;
  std::vector<Subscription> subscriptions;
  TaskGroup tasks;

 private:
  void add_dht(const ProtocolId& protocol, kad::AddressFilter filter, kad::Validators validators,
               const std::string& file);
  void add_bootstrap();
  void offer_known();
  void start_mdns();
  void start_rendezvous();
  void watch_comings();
  void arrive(const PeerId& peer);
  void leave(const PeerId& peer, std::error_code reason);
  Task<void> tell(Signal<const Coming&>* whom, PeerId peer, std::error_code reason);
  Task<void> leave_unless_back(PeerId peer, std::error_code reason);
  bool in_a_table(const PeerId& peer) const;
  Task<PeerId> ask_candidates(NodeId node, kad::LookupReport* report);
  Task<void> keep_hot();
};

}  // namespace warren
