#include "test/sim/punch/country.hpp"

#include <algorithm>

#include "warren/sim/router.hpp"

namespace warren::punch_sim {

namespace {

constexpr std::uint64_t kDelayMinMs = 5;
constexpr std::uint64_t kDelayMaxMs = 150;
constexpr double kJitterMax = 0.25;
constexpr double kLossMax = 0.1;

double fraction(Random& random) {
  return static_cast<double>(random.below(1 << 20)) / static_cast<double>(1 << 20);
}

Duration delay(Random& random) {
  return std::chrono::milliseconds(kDelayMinMs + random.below(kDelayMaxMs - kDelayMinMs + 1));
}

IpAddress ip4(std::size_t network, std::uint8_t host) {
  return IpAddress::v4({static_cast<std::uint8_t>(network), 2, 2, host});
}

// Global ones of this number.
IpAddress ip6(std::size_t number) {
  std::array<std::uint8_t, 16> bytes{0x26, 0x07, 0x53, 0x00, 0, static_cast<std::uint8_t>(number)};
  bytes.back() = 2;
  return IpAddress::v6(bytes);
}

std::string_view type_of(std::string_view kind) {
  if (kind == "FC") return "full-cone";
  if (kind == "RC") return "address-restricted";
  if (kind == "SQ") return "symmetric-sequential";
  if (kind == "SY") return "symmetric-random";
  if (kind == "UB") return "udp-blocked";
  return "port-restricted";
}

}  // namespace

Weather Weather::of(std::uint64_t seed) {
  sim::SeededRandom random(seed * 0x9e3779b97f4a7c15);
  Weather weather;
  weather.between = delay(random);
  for (auto& ways : weather.to_server) ways = {delay(random), delay(random)};
  weather.jitter = fraction(random) * kJitterMax;
  weather.loss = random.below(3) == 0 ? 0 : fraction(random) * kLossMax;
  return weather;
}

Duration Weather::round_trip_max() const {
  Duration longest = between;
  for (const auto& ways : to_server) longest = std::max({longest, ways[0], ways[1]});
  return 2 * longest;
}

Country::Country(std::uint64_t seed, const Cell& cell, const Weather& weather) : cell_(cell), world_(seed) {
  for (std::size_t i = 0; i < 2; ++i) {
    std::vector<IpAddress> addresses{ip4(40 + i, 1)};
    if (cell.family == Family::kIp6) addresses.push_back(ip6(40 + i));
    server_machines_.push_back(&world_.add_machine("server" + std::to_string(i), addresses));
  }
  add_resident("one", cell.one);
  add_resident("other", cell.other);
  set_links(weather);
}

Country::~Country() {
  for (const Resident& resident : residents_) {
    if (resident.node) world_.run(resident.node->stop());
  }
  for (const auto& server : servers_) world_.run(server->stop());
}

void Country::add_resident(const std::string& name, std::string_view kind) {
  const std::size_t number = residents_.size();
  Resident resident{.kind = std::string(kind)};
  if (kind == "PU") {
    resident.machine = &world_.add_machine(name, {ip4(80 + number, 9)});
  } else {
    sim::Router* const home = add_routers(resident, name);
    // The addresses inside are the same in most homes; within one, they are not.
    const auto host = static_cast<std::uint8_t>(cell_.place == Place::kSameHome ? 2 + number : 2);
    std::vector<IpAddress> addresses{IpAddress::v4({192, 168, 1, host})};
    if (cell_.family == Family::kIp6) addresses.push_back(ip6(80 + number));
    resident.machine = &world_.add_machine_behind(*home, name, addresses);
  }
  residents_.push_back(std::move(resident));
}

sim::Router* Country::add_routers(Resident& resident, const std::string& name) {
  const std::size_t network = 80 + residents_.size();
  sim::NatOptions options = *sim::NatOptions::of_type(type_of(resident.kind));
  options.hairpin = cell_.hairpin;
  sim::Router* above = nullptr;
  if (cell_.place == Place::kApart && resident.kind == "CG") {
    above = &world_.add_router(name + "'s carrier", options, ip4(network, 1));
    resident.routers.push_back(above);
  }
  if (cell_.place != Place::kApart && shared_ == nullptr) {
    shared_ = &world_.add_router("shared", options, ip4(network, 1));
  }
  if (cell_.place == Place::kSameHome) {
    resident.routers = {shared_};
    return shared_;
  }
  if (cell_.place == Place::kNeighbors) above = shared_;
  const auto host = static_cast<std::uint8_t>(network);
  const IpAddress outside = above ? IpAddress::v4({100, 64, 0, host}) : ip4(network, 1);
  sim::Router* const home = &world_.add_router(name + "'s router", options, outside, above);
  resident.routers.insert(resident.routers.begin(), home);
  return home;
}

void Country::set_links(const Weather& weather) {
  const auto link = [&](Duration delay) {
    const Duration jitter(static_cast<Duration::rep>(weather.jitter * static_cast<double>(delay.count())));
    return sim::LinkOptions{.delay = delay, .jitter = jitter, .loss = weather.loss};
  };
  for (std::size_t i = 0; i < 2; ++i) {
    for (std::size_t j = 0; j < 2; ++j) {
      world_.set_link(*residents_[i].machine, *server_machines_[j], link(weather.to_server[i][j]));
    }
  }
  const bool near = cell_.place == Place::kSameHome;
  world_.set_link(*residents_[0].machine, *residents_[1].machine,
                  near ? sim::LinkOptions{.delay = 1ms} : link(weather.between));
}

Config Country::config_of(sim::Machine& machine, bool server) const {
  const RandomFill random = [&machine](MutableBytes to) { machine.env().random.fill(to); };
  Config config{.node_key = Sm2PrivateKey::generate(random),
                .peer_key = PrivateKey::generate(KeyType::kEd25519, random),
                .bootstrap = bootstrap_,
                .discovery = {.profile = server ? Profile::kServer : Profile::kHome, .mdns = false}};
  const auto listen = [&](const char* where) {
    config.listen.push_back(value_or_throw(Multiaddr::parse(where)));
  };
  if (cell_.family != Family::kTcp) listen("/ip4/0.0.0.0/udp/4001/quic-v1");
  listen("/ip4/0.0.0.0/tcp/4001");
  if (cell_.family == Family::kIp6) listen("/ip6/::/udp/4001/quic-v1");
  if (cell_.family == Family::kIp6) listen("/ip6/::/tcp/4001");
  return config;
}

void Country::start() {
  for (sim::Machine* const machine : server_machines_) {
    servers_.push_back(std::make_unique<Node>(machine->env(), config_of(*machine, true)));
    Node& server = *servers_.back();
    world_.run(server.start());
    for (const Multiaddr& address : server.addresses()) {
      bootstrap_.push_back(address.with(Protocol::kP2p, server.peer_id().bytes()));
    }
  }
  world_.loop().advance(2s);
  for (Resident& resident : residents_) {
    resident.node = std::make_unique<Node>(resident.machine->env(), config_of(*resident.machine, false));
    world_.run(resident.node->start());
  }
}

std::string Country::settle(Duration limit) {
  const Instant end = world_.clock().now() + limit;
  while (true) {
    std::string all;
    for (Resident& resident : residents_) all += missing(resident);
    if (all.empty() || world_.clock().now() >= end) return all;
    world_.loop().advance(500ms);
  }
}

std::string Country::missing(Resident& resident) {
  Reachability& reachability = resident.node->reachability();
  const auto relays = reachability.relays();
  const bool held = std::ranges::any_of(relays, [](const relay::ReservationStatus& status) {
    return status.state == relay::ReservationState::kHeld;
  });
  const ReachabilityStatus status = reachability.status();
  const bool reachable = status.reachability == autonat::Verdict::kReachable;
  if (resident.kind != "PU" && !held && !reachable) return resident.kind + " has no relay; ";
  if (status.stage != LifeStage::kAnnounced) {
    return resident.kind + " is " + std::string(to_string(status.stage)) + "; ";
  }
  if (cell_.family == Family::kTcp) return {};
  const Netcheck check = world_.run(reachability.netcheck());
  if (!check.ip4.udp) return resident.kind + " has asked no STUN server; ";
  const bool known = check.ip4.udp->mapping != stun::Behavior::kUnknown &&
                     check.ip4.udp->filtering != stun::Behavior::kUnknown;
  if (known || resident.kind == "UB" || cell_.family == Family::kIp6) return {};
  return resident.kind + " does not know its NAT: mapping " + std::string(to_string(check.ip4.udp->mapping)) +
         ", filtering " + std::string(to_string(check.ip4.udp->filtering)) + "; ";
}

void Country::cut_servers_off() {
  for (const Resident& resident : residents_) {
    for (const sim::Machine* const server : server_machines_) world_.cut(*resident.machine, *server);
  }
}

}  // namespace warren::punch_sim
