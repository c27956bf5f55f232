#include "warren/protocols/mdns/mdns.hpp"

#include <algorithm>
#include <utility>

#include "warren/async/race.hpp"
#include "warren/base/log.hpp"
#include "warren/core/ip_address.hpp"
#include "warren/protocols/mdns/membership.hpp"
#include "warren/protocols/mdns/reach.hpp"

namespace warren::mdns {

namespace {

constexpr std::uint16_t kPort = 5353;
// What changes within this time is one change: addresses come one by one.
constexpr Duration kSettle = 100ms;
constexpr std::size_t kNameSize = 32;

Endpoint group(bool v4) {
  if (v4) return {IpAddress::v4({224, 0, 0, 251}), kPort};
  return {IpAddress::v6({0xff, 0x02, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xfb}), kPort};
}

// Says nothing of who we are, and is another one after each start.
std::string random_name(Random& random) {
  static constexpr std::string_view kAlphabet = "abcdefghijklmnopqrstuvwxyz0123456789";
  std::string name;
  while (name.size() < kNameSize) name.push_back(kAlphabet[random.below(kAlphabet.size())]);
  return name;
}

}  // namespace

Mdns::Mdns(Host& host, Limits limits)
    : host_(host),
      limits_(limits),
      name_(random_name(host.env().random)),
      source_limit_(limits, host.env().clock.now()),
      neighbors_(limits),
      tasks_(host.env().executor, "mdns") {}

Mdns::~Mdns() = default;

void Mdns::start() {
  HostEvents& events = host_.events();
  subscriptions_.push_back(events.addresses_changed.subscribe([this] { note_change(false); }));
  subscriptions_.push_back(events.network_changed.subscribe([this] { note_change(true); }));
  tasks_.spawn(follow_host());
  tasks_.spawn(watch_neighbors());
}

Task<void> Mdns::close() {
  subscriptions_.clear();
  co_await tasks_.close();
  for (auto& [place, membership] : memberships_) leaving_.push_back(std::move(membership));
  memberships_.clear();
  co_await finish_leaving();
}

// Those that a cancellation kept from their end stay, for close().
Task<void> Mdns::finish_leaving() {
  for (const auto& membership : leaving_) co_await membership->close();
  leaving_.clear();
}

// --- where to speak ---

void Mdns::note_change(bool network) {
  rearrange_ = true;
  network_changed_ = network_changed_ || network;
  changed_.notify_all();
}

Task<void> Mdns::follow_host() {
  for (;;) {
    while (!rearrange_) co_await changed_.wait();
    rearrange_ = false;
    co_await rearrange();
    co_await host_.env().clock.sleep_for(kSettle);
  }
}

std::map<Mdns::Place, NetworkInterface> Mdns::places() const {
  std::map<Place, NetworkInterface> places;
  const std::vector<Multiaddr> ours = host_.addresses();
  for (const NetworkInterface& interface : host_.env().network.interfaces()) {
    if (!interface.multicast) continue;
    for (const Multiaddr& address : addresses_at(interface, ours)) {
      if (places.size() == limits_.memberships_max) return places;
      places.emplace(Place(interface.index, ip_address_of(address)->is_v4()), interface);
    }
  }
  return places;
}

Task<void> Mdns::rearrange() {
  const bool network_changed = std::exchange(network_changed_, false);
  const auto wanted = places();
  for (auto it = memberships_.begin(); it != memberships_.end();) {
    const bool stays = wanted.contains(it->first) && !it->second->has_failed();
    if (!stays) leaving_.push_back(std::move(it->second));
    it = stays ? std::next(it) : memberships_.erase(it);
  }
  co_await finish_leaving();
  std::erase_if(refused_, [&](const Place& place) { return !wanted.contains(place); });
  for (const auto& [place, interface] : wanted) {
    const auto known = memberships_.find(place);
    if (known == memberships_.end()) {
      enter(place, interface);
    } else {
      known->second->update(interface, network_changed);
    }
  }
}

void Mdns::enter(const Place& place, const NetworkInterface& interface) {
  auto socket = host_.env().network.join_multicast(group(place.second), interface);
  if (!socket) {
    const std::string family = place.second ? "IPv4" : "IPv6";
    if (refused_.insert(place).second) {
      log::warning("mdns", "nobody is looked for by " + family + " at " + interface.name + ": " +
                               socket.error().message());
    }
    return;
  }
  refused_.erase(place);
  Membership::Hooks hooks = {
      .describe = [this](const NetworkInterface& at) { return describe(at); },
      .receive = [this](Membership& membership, const Datagram& it) { receive(membership, it); },
      .failed = [this] { note_change(false); },
      .queried = [this] { ++counters_.queries; },
      .answered = [this] { ++counters_.answers; },
  };
  auto membership =
      std::make_unique<Membership>(host_.env(), std::move(*socket), interface, std::move(hooks));
  membership->start();
  memberships_.emplace(place, std::move(membership));
}

Announcement Mdns::describe(const NetworkInterface& interface) const {
  std::vector<Multiaddr> addresses = addresses_at(interface, host_.addresses());
  if (addresses.size() > kAddressesMax) addresses.resize(kAddressesMax);
  return {.name = name_, .ttl = kTtl, .peer = host_.peer_id(), .addresses = std::move(addresses)};
}

// --- who is there ---

void Mdns::receive(Membership& membership, const Datagram& datagram) {
  if (!source_limit_.admits(datagram.from.address, host_.env().clock.now())) {
    ++counters_.limited;
    return;
  }
  auto packet = parse(datagram.payload);
  if (!packet) {
    ++counters_.malformed;
    return;
  }
  if (packet->query.empty() && packet->announcements.empty()) return;
  ++counters_.packets;
  const auto& names = packet->query.names;
  if (packet->query.peers || std::ranges::find(names, name_) != names.end()) membership.asked();
  if (packet->query.services) membership.asked_for_services();
  for (Announcement& it : packet->announcements) {
    learn(membership.interface(), datagram.from.address, std::move(it));
  }
}

void Mdns::learn(const NetworkInterface& interface, const IpAddress& source, Announcement announcement) {
  if (announcement.name == name_ || announcement.peer == host_.peer_id()) return;
  announcement.addresses = addresses_near(interface, source, std::move(announcement.addresses));
  tell(neighbors_.take(announcement, source, host_.env().clock.now()));
  heard_.notify_all();
}

void Mdns::tell(const Changes& changes) {
  for (const PeerId& peer : changes.lost) lost_.emit(peer);
  for (const PeerInfo& peer : changes.found) found_.emit(peer);
}

Task<void> Mdns::watch_neighbors() {
  Clock& clock = host_.env().clock;
  for (;;) {
    const auto deadline = neighbors_.next_deadline();
    if (!deadline) {
      co_await heard_.wait();
      continue;
    }
    co_await race(clock.sleep_until(*deadline), wait_for_another_deadline(deadline));
    tell(neighbors_.expire(clock.now()));
    if (!neighbors_.ask_again(clock.now())) continue;
    for (const auto& [place, membership] : memberships_) membership->ask_again();
  }
}

Task<void> Mdns::wait_for_another_deadline(std::optional<Instant> deadline) {
  while (neighbors_.next_deadline() == deadline) co_await heard_.wait();
}

}  // namespace warren::mdns
