#include "warren/node/discovery_parts.hpp"

#include "warren/node/binding_validator.hpp"
#include "warren/node/named_peers.hpp"
#include "warren/node/peer_keeper.hpp"
#include "warren/node/reachability_rules.hpp"
#include "warren/protocols/kad/wire/ipns_validator.hpp"
#include "warren/protocols/kad/wire/peer_record_validator.hpp"
#include "warren/protocols/kad/wire/pk_validator.hpp"

namespace warren {

namespace {

// Peers of an earlier run that are dialed until enough are connected.
constexpr std::size_t kKnownPeersMax = 32;
// A peer whose connection broke, and that is not probed, has so long to come back before it counts as gone;
// for so many at a time.
constexpr Duration kBackAgain = 10s;
constexpr std::size_t kWatchedMax = 256;

// The node's limits are for all DHTs together; each of several gets its share.
SqliteDhtStoreLimits store_limits(LimitTable& limits, std::size_t stores) {
  const auto share = [&](std::size_t SwarmLimits::* field) {
    return static_cast<std::uint32_t>(limits[field].max() / std::max<std::size_t>(stores, 1));
  };
  return {.records_max = share(&SwarmLimits::dht_records_max),
          .record_bytes_max = share(&SwarmLimits::dht_record_bytes_max),
          .providers_max = share(&SwarmLimits::dht_providers_max),
          .providers_per_key_max =
              static_cast<std::uint32_t>(limits[&SwarmLimits::dht_providers_per_key_max].max())};
}

// Of the public networks, which insist on exactly these.
kad::Validators public_validators() {
  kad::Validators validators;
  validators.add(std::make_unique<kad::PkValidator>());
  validators.add(std::make_unique<kad::IpnsValidator>());
  return validators;
}

kad::Validators warren_validators(const std::string& network, BindingStore& known) {
  kad::Validators validators;
  validators.add(std::make_unique<BindingValidator>(network, &known));
  validators.add(std::make_unique<kad::PeerRecordValidator>());
  validators.add(std::make_unique<kad::PkValidator>());
  return validators;
}

}  // namespace

Discovery::Parts::Parts(DiscoveryNeeds given)
    : needs(given),
      presence(needs.host),
      bootstrap(needs.host),
      tasks(needs.host.env().executor, "discovery") {
  const DiscoveryConfig& config = needs.config.discovery;
  if (config.dht) {
    const ProtocolId protocol = kad::warren_protocol(needs.config.network);
    add_dht(protocol, kad::AddressFilter::kAll, warren_validators(needs.config.network, needs.bindings),
            "dht.db");
    own = dhts.back().kad.get();
  }
  if (config.public_dht) {
    add_dht(ProtocolId(kad::kPublicProtocol), kad::AddressFilter::kPublic, public_validators(),
            "dht-ipfs.db");
    wide = dhts.back().kad.get();
  }
  if (config.public_lan_dht) {
    add_dht(ProtocolId(kad::kLanProtocol), kad::AddressFilter::kLan, public_validators(), "dht-ipfs-lan.db");
  }
}

void Discovery::Parts::add_dht(const ProtocolId& protocol, kad::AddressFilter filter,
                               kad::Validators validators, const std::string& file) {
  const DiscoveryConfig& wanted = needs.config.discovery;
  const std::size_t stores = std::size_t{wanted.dht} + wanted.public_dht + wanted.public_lan_dht;
  const std::string path = needs.config.data_dir.empty() ? ":memory:" : needs.config.data_dir + "/" + file;
  auto store = value_or_throw(SqliteDhtStore::open(path, store_limits(needs.limits, stores)), file);
  const kad::Config config{.protocol = protocol,
                           .mode = needs.config.discovery.mode(),
                           .filter = filter,
                           .accounts = {.streams = &needs.limits[&SwarmLimits::dht_streams_max]}};
  auto kad = std::make_unique<kad::Kad>(needs.host, config, std::move(validators), *store);
  dhts.push_back({std::move(store), std::move(kad)});
}

// --- who comes and goes ---

void Discovery::Parts::arrive(const PeerId& peer) {
  if (roster.arrive(peer)) tasks.spawn(tell(&arrived, peer, {}));
}

void Discovery::Parts::leave(const PeerId& peer, std::error_code reason) {
  if (roster.leave(peer)) tasks.spawn(tell(&left, peer, reason));
}

// Whoever is gone has no connection any more that knows its node: the store is asked.
Task<void> Discovery::Parts::tell(Signal<const Coming&>* whom, PeerId peer, std::error_code reason) {
  const auto node = co_await needs.messaging.find_node(peer);
  whom->emit(Coming{.peer = peer, .node = node, .reason = reason});
}

bool Discovery::Parts::in_a_table(const PeerId& peer) const {
  return std::ranges::any_of(dhts, [&](const Dht& dht) {
    const std::vector<PeerId> table = dht.kad->table();
    return std::ranges::find(table, peer) != table.end();
  });
}

Task<void> Discovery::Parts::leave_unless_back(PeerId peer, std::error_code reason) {
  co_await needs.host.env().clock.sleep_for(kBackAgain);
  if (needs.host.connections(peer).empty() && !in_a_table(peer)) leave(peer, reason);
}

// Strangers of the wide network come and go by the thousand: those of our own are told of.
void Discovery::Parts::watch_comings() {
  if (own != nullptr) {
    subscriptions.push_back(own->entered().subscribe([this](const PeerId& peer) { arrive(peer); }));
    subscriptions.push_back(
        own->left().subscribe([this](const PeerId& peer, std::error_code reason) { leave(peer, reason); }));
  }
  subscriptions.push_back(needs.identify.identified().subscribe([this](const ConnectionPtr& connection) {
    const PeerId& peer = connection->remote_peer();
    for (const Dht& dht : dhts) dht.kad->consider(peer);
    if (presence.speaks(peer)) arrive(peer);
  }));
  subscriptions.push_back(presence.left().subscribe([this](const PeerId& peer) {
    for (const Dht& dht : dhts) dht.kad->forget(peer);
    leave(peer, make_error_code(Errc::kClosed));
  }));
  // Who is in a table is probed; of others a broken connection is all that shows.
  subscriptions.push_back(needs.host.events().disconnected.subscribe([this](const ConnectionPtr& connection) {
    const PeerId& peer = connection->remote_peer();
    const std::error_code reason = connection->end_reason();
    hot.note_lost(peer);
    if (reason == Errc::kClosed || in_a_table(peer) || tasks.size() > kWatchedMax) return;
    tasks.spawn(leave_unless_back(peer, reason));
  }));
}

// --- start and end ---

void Discovery::Parts::add_bootstrap() {
  const DiscoveryConfig& config = needs.config.discovery;
  for (const Multiaddr& address : needs.config.bootstrap) {
    const auto added = bootstrap.add(address);
    if (!added && added.error() == Errc::kBadAddress) {
      throw_error(Errc::kBadConfig, "bootstrap address without /p2p: " + address.to_string());
    }
    if (!added && added.error() != Errc::kExists) throw_error(added.error(), address.to_string());
  }
  for (const std::string& domain : config.bootstrap_domains) {
    const auto added = bootstrap.add_domain(domain);
    if (!added && added.error() != Errc::kExists) throw_error(added.error(), "bootstrap domain " + domain);
  }
}

void Discovery::Parts::offer_known() {
  const Instant now = needs.host.env().clock.now();
  for (const PeerInfo& peer : known_good_peers(needs.host.peerstore(), now, kKnownPeersMax)) {
    bootstrap.offer(peer, "known");
  }
}

void Discovery::Parts::start_mdns() {
  if (!needs.config.discovery.wants_mdns()) return;
  mdns = std::make_unique<mdns::Mdns>(needs.host);
  subscriptions.push_back(
      mdns->found().subscribe([this](const PeerInfo& peer) { bootstrap.offer(peer, "mdns"); }));
  mdns->start();
}

void Discovery::Parts::start_rendezvous() {
  const DiscoveryConfig& config = needs.config.discovery;
  if (config.rendezvous_server) {
    rendezvous_server = std::make_unique<rendezvous::Server>(
        needs.host, needs.limits[&SwarmLimits::rendezvous_registrations_max],
        needs.limits[&SwarmLimits::rendezvous_registrations_per_peer_max]);
    rendezvous_server->start();
  }
  if (config.rendezvous_points.empty()) return;
  registrant = std::make_unique<rendezvous::Registrant>(
      needs.host, named_peers(config.rendezvous_points, "rendezvous point"), needs.config.network);
  subscriptions.push_back(
      registrant->found().subscribe([this](const PeerInfo& peer) { bootstrap.offer(peer, "rendezvous"); }));
  registrant->start();
}

Task<void> Discovery::Parts::start() {
  watch_comings();
  presence.start();
  add_bootstrap();
  offer_known();
  start_mdns();
  start_rendezvous();
  bootstrap.start();
  for (const Dht& dht : dhts) co_await dht.kad->start();
  publisher.emplace(needs.host, needs.messaging, own, wide,
                    is_private_network(needs.config.reachability, needs.config.discovery.profile));
  tasks.spawn(publisher->run());
  tasks.spawn(keep_hot());
}

Task<void> Discovery::Parts::close() {
  co_await presence.say_goodbye();
  co_await tasks.close();
  co_await bootstrap.close();
  if (registrant) co_await registrant->close();
  if (rendezvous_server) co_await rendezvous_server->close();
  if (mdns) co_await mdns->close();
  for (const Dht& dht : dhts) co_await dht.kad->close();
  co_await presence.close();
  subscriptions.clear();
}

bool Discovery::Parts::knows_nobody() const {
  return std::ranges::all_of(dhts, [](const Dht& dht) { return dht.kad->table().empty(); });
}

}  // namespace warren
