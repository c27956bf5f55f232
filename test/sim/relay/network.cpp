#include "test/sim/relay/network.hpp"

#include <algorithm>

#include "warren/async/as_result.hpp"
#include "warren/protocols/relay/circuit_address.hpp"

namespace warren::relay_sim {

namespace {

constexpr std::uint8_t kHomeSeed = 250;
constexpr std::uint8_t kProberSeed = 251;
constexpr std::uint16_t kPort = 4001;

Multiaddr address_of(const sim::Machine& machine) {
  return Multiaddr().with(Protocol::kIp4, machine.address().bytes()).with_port(Protocol::kTcp, kPort);
}

Task<bool> dial(Host* host, PeerInfo peer) {
  const auto connection = co_await as_result(host->connect(std::move(peer)));
  if (!connection) co_return false;
  (*connection)->close();
  co_return true;
}

}  // namespace

Process::Process(sim::Machine& machine, std::uint8_t seed, bool is_relay)
    : node(machine, {}, {TestNode::Security::kNoise}, seed, {}, {&circuits}) {
  circuits.attach(node.host);
  if (!is_relay) return;
  value_or_throw(node.host.listen(address_of(machine)));
  relay::ServiceAccounts accounts;
  accounts.reservations = &reservations;
  service.emplace(node.host, relay::ServiceConfig{}, accounts);
  service->start();
}

Task<void> Process::close() {
  if (client) co_await client->close();
  if (service) co_await service->close();
  co_await node.host.close();
}

RelayNetwork::RelayNetwork(std::uint64_t seed, std::size_t relays) : world_(seed) {
  for (std::size_t i = 0; i < relays; ++i) {
    const auto number = static_cast<std::uint8_t>(i + 1);
    SimRelay relay{.seed = number};
    relay.machine = &world_.add_machine("relay" + std::to_string(i), {IpAddress::v4({203, number, 113, 1})});
    start(relay);
    relay.info = {relay.process->node.host.peer_id(), {address_of(*relay.machine)}};
    relays_.push_back(std::move(relay));
  }
  home_machine_ = &world_.add_machine("home");
  home_ = std::make_unique<Process>(*home_machine_, kHomeSeed, false);
  value_or_throw(home_->node.host.listen(relay::any_circuit()));
  home_->client.emplace(home_->node.host, home_->circuits, relay::ClientConfig{});
  for (const SimRelay& relay : relays_) home_->client->offer(relay.info);
  home_->client->start();
  home_->client->want(true);
  prober_ = std::make_unique<Process>(world_.add_machine("prober"), kProberSeed, false);
}

RelayNetwork::~RelayNetwork() {
  world_.run(home_->close());
  world_.run(prober_->close());
  for (SimRelay& relay : relays_) {
    if (relay.process) world_.run(relay.process->close());
  }
}

void RelayNetwork::start(SimRelay& relay) {
  relay.process = std::make_unique<Process>(*relay.machine, relay.seed, true);
}

void RelayNetwork::stop(SimRelay& relay) {
  relay.machine->crash();
  world_.run(relay.process->close());
  relay.process.reset();
}

void RelayNetwork::crash(std::size_t relay) {
  stop(relays_[relay]);
}

void RelayNetwork::power_off(std::size_t relay) {
  cut_off(relay);
  stop(relays_[relay]);
}

void RelayNetwork::cut_off(std::size_t relay) {
  relays_[relay].is_cut_off = true;
  if (!home_is_cut_) world_.cut(*relays_[relay].machine, *home_machine_);
}

void RelayNetwork::fill(std::size_t relay) {
  Limit& limit = relays_[relay].process->reservations;
  relays_[relay].is_full = limit.take(limit.max() - limit.used());
}

void RelayNetwork::recover(std::size_t number) {
  SimRelay& relay = relays_[number];
  if (std::exchange(relay.is_cut_off, false) && !home_is_cut_) world_.mend(*relay.machine, *home_machine_);
  if (std::exchange(relay.is_full, false)) {
    Limit& limit = relay.process->reservations;
    limit.give(limit.used() - relay.process->service->counters().reservations);
  }
  if (!relay.process) start(relay);
}

void RelayNetwork::forget(std::size_t relay) {
  if (!relays_[relay].process) return;
  world_.run(relays_[relay].process->service->close());
  relays_[relay].process->service->start();
}

void RelayNetwork::cut_home() {
  home_is_cut_ = true;
  for (const SimRelay& relay : relays_) world_.cut(*relay.machine, *home_machine_);
}

void RelayNetwork::mend_home() {
  home_is_cut_ = false;
  for (const SimRelay& relay : relays_) {
    if (!relay.is_cut_off) world_.mend(*relay.machine, *home_machine_);
  }
}

void RelayNetwork::move_home() {
  const std::uint8_t host = ++moves_;
  world_.move(*home_machine_, {IpAddress::v4({192, 0, 2, host})});
  home_->node.host.network_changed();
}

std::size_t RelayNetwork::held() const {
  const auto all = home_->client->reservations();
  return static_cast<std::size_t>(std::ranges::count_if(
      all, [](const relay::ReservationStatus& status) { return status.held_since.has_value(); }));
}

bool RelayNetwork::is_usable(const SimRelay& relay) const {
  return relay.process != nullptr && !relay.is_cut_off && !home_is_cut_ && !relay.is_full;
}

// Nobody but the node reserves.
bool RelayNetwork::serves(const SimRelay& relay) const {
  if (relay.process == nullptr || relay.is_cut_off || home_is_cut_) return false;
  if (relay.process->service->counters().reservations == 0) return false;
  const auto all = home_->client->reservations();
  return std::ranges::any_of(all, [&](const relay::ReservationStatus& status) {
    return status.relay == relay.info.id && status.held_since;
  });
}

bool RelayNetwork::could_be_reached() const {
  return std::ranges::any_of(relays_, [this](const SimRelay& r) { return is_usable(r) || serves(r); });
}

bool RelayNetwork::is_reachable() const {
  return std::ranges::any_of(relays_, [this](const SimRelay& r) { return serves(r); });
}

bool RelayNetwork::probe() {
  Host& host = prober_->node.host;
  PeerInfo home{home_->node.host.peer_id(), home_->client->addresses()};
  return world_.run(dial(&host, std::move(home)));
}

}  // namespace warren::relay_sim
