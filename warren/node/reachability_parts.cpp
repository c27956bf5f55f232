#include "warren/node/reachability_parts.hpp"

#include <algorithm>
#include <set>

#include "warren/base/log.hpp"
#include "warren/core/address_scope.hpp"
#include "warren/core/ip_address.hpp"
#include "warren/node/named_peers.hpp"
#include "warren/protocols/autonat/listening.hpp"
#include "warren/transport/quic/address.hpp"

namespace warren {

namespace {

using autonat::OwnSource;
using autonat::Verdict;

// What host.announce() knows our addresses by.
constexpr const char* kMappedAddresses = "mapped";
constexpr const char* kCircuits = "circuits";

relay::ServiceAccounts relay_accounts(LimitTable& limits) {
  return {.reservations = &limits[&SwarmLimits::relay_reservations_max],
          .reservations_per_ip = &limits[&SwarmLimits::relay_reservations_per_ip_max],
          .reservations_per_network = &limits[&SwarmLimits::relay_reservations_per_network_max],
          .circuits = &limits[&SwarmLimits::relay_circuits_max],
          .circuits_per_peer = &limits[&SwarmLimits::relay_circuits_per_peer_max]};
}

relay::ClientConfig relay_client_config(const Config& config, bool private_network) {
  return {.configured = named_peers(config.reachability.relays, "relay"),
          .private_networks = private_network};
}

relay::ServiceConfig relay_service_config(const Config& config, bool private_network) {
  relay::ServiceConfig service = config.reachability.relay;
  service.private_networks = service.private_networks || private_network;
  return service;
}

std::optional<bool> lets_strangers_in(const stun::NatReport& report) {
  if (report.filtering == stun::Behavior::kUnknown) return std::nullopt;
  return report.filtering == stun::Behavior::kEndpointIndependent;
}

std::set<std::uint16_t> tcp_ports(const std::vector<Multiaddr>& listening, bool ip4) {
  std::set<std::uint16_t> ports;
  for (const Multiaddr& address : listening) {
    const auto components = address.components();
    const Protocol family = ip4 ? Protocol::kIp4 : Protocol::kIp6;
    if (components.size() == 2 && components[0].code == family && components[1].code == Protocol::kTcp)
      ports.insert(components[1].port());
  }
  return ports;
}

std::vector<ServerName> stun_server_names(const Config& config) {
  std::vector<ServerName> servers;
  for (const std::string& text : config.reachability.stun_servers)
    servers.push_back(value_or_throw(parse_server(text), "STUN server '" + text + "'"));
  return servers;
}

}  // namespace

Reachability::Parts::Parts(ReachabilityNeeds given)
    : needs(given),
      private_network(is_private_network(needs.config.reachability, needs.config.discovery.profile)),
      book(private_network),
      observed(needs.host, private_network),
      checks(needs.host),
      checker(needs.host, checks, book, &observed),
      relays(needs.host, needs.circuits, relay_client_config(needs.config, private_network)),
      relay_service(needs.host, relay_service_config(needs.config, private_network),
                    relay_accounts(needs.host.limit_table())),
      relay_finder(needs.host.env(), relays, needs.discovery.own),
      tasks_(needs.host.env().executor, "reachability"),
      helping_(
          tasks_, [this] { return start_helping(); }, [this] { return stop_helping(); }),
      relaying_(tasks_, [this] { return start_relaying(); }, [this] { return relay_service.close(); }) {
  const auto names = stun_server_names(needs.config);
  if (needs.quic == nullptr) return;
  LimitTable& limits = needs.host.limit_table();
  stun_client = std::make_unique<stun::Client>(needs.host, *needs.quic);
  surveyor = std::make_unique<NatSurveyor>(needs.host, needs.identify, *stun_client, names);
  stun_server =
      std::make_unique<stun::Server>(needs.host, *needs.quic, limits[&SwarmLimits::stun_answers_max],
                                     limits[&SwarmLimits::stun_answers_per_ip_max]);
}

Instant Reachability::Parts::now() const {
  return needs.host.env().clock.now();
}

std::vector<stun::NatReport> Reachability::Parts::nat_reports() const {
  return surveyor ? surveyor->reports() : std::vector<stun::NatReport>();
}

// --- what is known ---

std::vector<Multiaddr> Reachability::Parts::listening() const {
  return autonat::listening_addresses(needs.host, needs.host.env().network);
}

Verdict Reachability::Parts::verdict() const {
  return needs.config.reachability.reachable.value_or(book.overall(now()));
}

ReachabilityFacts Reachability::Parts::facts() const {
  ReachabilityFacts facts{.profile = needs.config.discovery.profile, .verdict = verdict()};
  for (const Multiaddr& address : listening()) {
    const auto scope = scope_of(address);
    if (scope == AddressScope::kPublic) facts.has_public_address = true;
    if (scope != AddressScope::kLoopback) facts.listens_beyond_loopback = true;
  }
  const auto reports = nat_reports();
  facts.udp_blocked = !reports.empty() && std::ranges::none_of(reports, &stun::NatReport::udp);
  facts.behind_nat = book.behind_nat();
  for (const auto& reservation : relays.reservations()) {
    using enum relay::ReservationState;
    if (reservation.state == kHeld || reservation.state == kRenewing) ++facts.relays_held;
  }
  return facts;
}

LifeStage Reachability::Parts::stage() const {
  if (leaving_) return LifeStage::kLeaving;
  const Discovery::Parts& discovery = needs.discovery;
  if (discovery.publisher && discovery.publisher->has_published()) return LifeStage::kAnnounced;
  const bool has_peers =
      discovery.own != nullptr ? !discovery.knows_nobody() : !needs.host.connections().empty();
  if (has_peers) return LifeStage::kJoined;
  return discovery.bootstrap.peers().empty() ? LifeStage::kListening : LifeStage::kBootstrapping;
}

bool Reachability::Parts::is_announced(const autonat::OwnAddress& address) const {
  const auto told = needs.host.addresses();
  return std::ranges::find(told, address.address) != told.end();
}

// --- start and end ---

void Reachability::Parts::start() {
  const auto again = [this] { update(); };
  subscriptions_.push_back(needs.host.events().addresses_changed.subscribe(again));
  subscriptions_.push_back(checker.changed().subscribe(again));
  subscriptions_.push_back(relays.changed().subscribe(again));
  subscriptions_.push_back(
      needs.identify.observed().subscribe([this](const ConnectionPtr& connection, const Multiaddr& address) {
        observed.note(connection, address);
      }));
  subscriptions_.push_back(
      needs.identify.identified().subscribe([this](const ConnectionPtr&) { checker.wake(); }));
  if (surveyor) {
    subscriptions_.push_back(surveyor->changed().subscribe([this] {
      offer_mapped();
      update();
    }));
  }
  if (needs.discovery.own != nullptr)
    subscriptions_.push_back(needs.discovery.own->entered().subscribe([this](const PeerId&) { update(); }));
  const auto listening = needs.host.listen(value_or_throw(Multiaddr::parse("/p2p-circuit")));
  if (!listening) log::warning("reachability", "no circuits are taken: " + listening.error().message());
  checks.start();
  observed.start();
  checker.set_configured(needs.config.reachability.reachable);
  checker.set(OwnSource::kConfigured, needs.config.reachability.announce);
  checker.start();
  if (surveyor) surveyor->start();
  relay_finder.start();
  relays.start();
  update();
}

Task<void> Reachability::Parts::close() {
  leaving_ = true;
  subscriptions_.clear();
  co_await tasks_.close();
  co_await relay_finder.close();
  co_await relays.close();
  co_await relay_service.close();
  if (surveyor) co_await surveyor->close();
  if (stun_server) co_await stun_server->close();
  co_await checker.close();
  observed.close();
  co_await checks.close();
  if (checks_others) co_await checks_others->close();
  if (probe) co_await probe->close();
}

// --- what happens ---

void Reachability::Parts::offer_mapped() {
  std::vector<Multiaddr> seen;
  for (const stun::NatReport& report : surveyor->reports()) {
    book.set_udp_filtering(report.local.address.is_v4(), lets_strangers_in(report), now());
    for (const Endpoint& server : report.servers) checker.note_contact(server.address, Protocol::kUdp);
    if (!report.mapped || report.is_own_address) continue;
    seen.push_back(quic::multiaddr_of(*report.mapped));
    for (const std::uint16_t port : tcp_ports(listening(), report.mapped->address.is_v4()))
      seen.push_back(multiaddr_of({report.mapped->address, port}, Protocol::kTcp));
  }
  checker.set(OwnSource::kStun, seen);
  checker.wake();
}

// What it does about a change may be a change itself.
void Reachability::Parts::update() {
  changed_ = true;
  if (std::exchange(updating_, true)) return;
  while (std::exchange(changed_, false) && !leaving_) settle();
  updating_ = false;
}

void Reachability::Parts::settle() {
  const Config& config = needs.config;
  const ReachabilityFacts facts = this->facts();
  announce();
  relays.want(wants_relays(config.reachability, facts));
  helping_.set(helps_others(config.reachability, facts));
  const bool offers = offers_relay(config.reachability, facts);
  relaying_.set(offers);
  if (needs.discovery.publisher) needs.discovery.publisher->set_provided(relay_provider_key(), offers);
  const kad::Mode mode = dht_mode(config.discovery, facts.verdict);
  for (const auto& dht : needs.discovery.dhts) {
    if (dht.kad->mode() != mode) dht.kad->set_mode(mode);
  }
  tell_changes(facts.verdict);
}

// What is only believed to lead here would cost whoever dials it time: mapped addresses are told when
// somebody has come in by them, or the owner says so.
void Reachability::Parts::announce() {
  std::vector<Multiaddr> mapped;
  for (const autonat::OwnAddress& own : book.addresses(now())) {
    if (own.source == OwnSource::kInterface) continue;
    if (own.source == OwnSource::kConfigured || own.verdict == Verdict::kReachable)
      mapped.push_back(own.address);
  }
  needs.host.announce(kMappedAddresses, std::move(mapped));
  needs.host.announce(kCircuits, relays.addresses());
}

Task<void> Reachability::Parts::start_helping() {
  const ReachabilityConfig& config = needs.config.reachability;
  if (config.autonat_server && !checks_others) {
    LimitTable& limits = needs.host.limit_table();
    const autonat::Accounts accounts{limits[&SwarmLimits::autonat_dials_max],
                                     limits[&SwarmLimits::autonat_dials_per_peer_max]};
    autonat::ServerOptions options;
    options.private_networks = private_network;
    probe = std::make_unique<ProbeHost>(needs.host.env(), needs.protector);
    checks_others = std::make_unique<autonat::Server>(needs.host, probe->host(), accounts, options);
  }
  if (checks_others) checks_others->start();
  if (config.stun_server && stun_server) stun_server->start();
  co_return;
}

Task<void> Reachability::Parts::stop_helping() {
  if (checks_others) co_await checks_others->close();
  if (stun_server) co_await stun_server->close();
}

Task<void> Reachability::Parts::start_relaying() {
  relay_service.start();
  co_return;
}

void Reachability::Parts::tell_changes(Verdict verdict) {
  if (std::exchange(told_, verdict) != verdict) verdict_changed.emit(verdict);
  std::vector<PeerId> held;
  std::map<PeerId, std::error_code> errors;
  for (const auto& reservation : relays.reservations()) {
    using enum relay::ReservationState;
    errors[reservation.relay] = reservation.error;
    if (reservation.state == kHeld || reservation.state == kRenewing) held.push_back(reservation.relay);
  }
  const auto before = std::exchange(told_relays_, held);
  for (const PeerId& relay : held) {
    if (std::ranges::find(before, relay) == before.end()) relay_changed.emit({relay, true, {}});
  }
  for (const PeerId& relay : before) {
    if (std::ranges::find(held, relay) == held.end()) relay_changed.emit({relay, false, errors[relay]});
  }
}

}  // namespace warren
