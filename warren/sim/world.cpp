#include "warren/sim/world.hpp"

#include <algorithm>
#include <cstdio>

#include "warren/base/assert.hpp"
#include "warren/sim/machine_network.hpp"
#include "warren/sim/ports.hpp"

namespace warren::sim {

namespace {

constexpr Duration kDefaultDelay = 10ms;

// Multicasts reach the machines with an address in the sender's network: the same 24 bits of IPv4, 64 of
// IPv6.
bool on_segment(const Machine& machine, const IpAddress& sender) {
  const BytesView prefix = sender.bytes().first(sender.is_v4() ? 3 : 8);
  return std::ranges::any_of(machine.addresses(), [&](const IpAddress& own) {
    return own.is_v4() == sender.is_v4() && equal(own.bytes().first(prefix.size()), prefix);
  });
}

}  // namespace

World::World(std::uint64_t seed) : seed_(seed), random_(seed) {}

World::~World() = default;

Machine& World::add_machine(std::string name, std::vector<IpAddress> addresses) {
  if (addresses.empty()) addresses.push_back(next_address(nullptr));
  return add_machine_in(nullptr, std::move(name), std::move(addresses));
}

Machine& World::add_machine_in(Router* network, std::string name, std::vector<IpAddress> addresses) {
  WARREN_ASSERT(std::ranges::none_of(machines_, [&](const auto& other) { return other->name() == name; }));
  const auto number = static_cast<std::uint32_t>(machines_.size());
  machines_.push_back(
      std::make_unique<Machine>(*this, number, std::move(name), std::move(addresses), random_.u64()));
  Machine& machine = *machines_.back();
  machine.router_ = network;
  enter(machine);
  return machine;
}

void World::move(Machine& machine, std::vector<IpAddress> addresses) {
  leave(machine);
  arrive_at(machine, std::move(addresses));
}

void World::arrive_at(Machine& machine, std::vector<IpAddress> addresses) {
  machine.addresses_ = std::move(addresses);
  enter(machine);
  trace(machine.name() + " moves to " + machine.address().to_string());
  machine.network().note_change();
}

void World::replug(Machine& machine) {
  machine.network().note_change();
}

// 198.51.100.0/24 is reserved for documentation, 198.18.0.0/15 for benchmarks (RFC 6890).
IpAddress World::next_address(Router* network) {
  if (network) return next_private_address(*network);
  const std::size_t number = machines_.size() + 1;
  WARREN_ASSERT(number < 0x10000);
  if (number < 255) return IpAddress::v4({198, 51, 100, static_cast<std::uint8_t>(number)});
  return IpAddress::v4(
      {198, 18, static_cast<std::uint8_t>(number >> 8), static_cast<std::uint8_t>(number & 0xff)});
}

int World::direction(const Machine& from, const Machine& to) {
  return from.number() <= to.number() ? 0 : 1;
}

void World::hand_over(const Machine& one, const Machine& other, int direction, Packet packet) {
  const IpAddress& to = packet.to.address;
  if (has_routers() && !to.is_loopback() && !is_multicast(to)) {
    return arrive(link(one, other), direction, std::move(packet));
  }
  machines_[(direction == 0 ? other : one).number()]->network().receive(std::move(packet));
}

Link& World::link(const Machine& a, const Machine& b) {
  const std::pair key(std::min(a.number(), b.number()), std::max(a.number(), b.number()));
  std::unique_ptr<Link>& link = links_[key];
  if (!link) {
    const auto deliver = [this, key](int direction, Packet packet) {
      hand_over(*machines_[key.first], *machines_[key.second], direction, std::move(packet));
    };
    // Of the two machines and the world, not of what else was drawn from it before.
    const std::uint64_t pair = std::uint64_t{key.first} << 32 | key.second;
    const std::uint64_t seed = SeededRandom(seed_ ^ SeededRandom(pair).u64()).u64();
    link = std::make_unique<Link>(loop_, seed, &a == &b ? Duration{} : kDefaultDelay, deliver);
  }
  return *link;
}

void World::set_delay(const Machine& a, const Machine& b, Duration delay) {
  link(a, b).set_delay(delay);
}

void World::set_link(const Machine& a, const Machine& b, const LinkOptions& both_ways) {
  set_link(a, b, both_ways, both_ways);
}

void World::set_link(const Machine& a, const Machine& b, const LinkOptions& there, const LinkOptions& back) {
  link(a, b).set_options(direction(a, b), there);
  link(a, b).set_options(1 - direction(a, b), back);
}

void World::block_udp(const Machine& a, const Machine& b, bool blocked) {
  link(a, b).block_udp(blocked);
}

void World::cut(const Machine& a, const Machine& b) {
  trace(a.name() + " and " + b.name() + " are cut off from each other");
  link(a, b).cut();
}

void World::mend(const Machine& a, const Machine& b) {
  trace(a.name() + " and " + b.name() + " can reach each other again");
  link(a, b).mend();
}

void World::trace(const std::string& event) {
  const auto micros = std::chrono::duration_cast<std::chrono::microseconds>(loop_.now().time_since_epoch());
  char time[32];
  std::snprintf(time, sizeof time, "%lld.%06lld ", static_cast<long long>(micros.count() / 1'000'000),
                static_cast<long long>(micros.count() % 1'000'000));
  trace_.push_back(time + event);
}

void World::send(Machine& from, Packet packet) {
  if (is_multicast(packet.to.address)) {
    for (const auto& machine : machines_) {
      if (machine->router_ == from.router_ && on_segment(*machine, packet.from.address)) {
        link(from, *machine).send(direction(from, *machine), packet);
      }
    }
    return;
  }
  if (!from.owns(packet.from.address)) return;
  if (has_routers() && !packet.to.address.is_loopback()) return route(from, std::move(packet));
  const Machine* const to = machine_at(from, packet.to.address);
  if (to) link(from, *to).send(direction(from, *to), std::move(packet));
}

// Of a router's address, any machine behind it.
const Machine* World::machine_at(const Machine& from, const IpAddress& address) {
  if (address.is_loopback()) return &from;
  Router* network = from.router_;
  const Place* place = find(network, address);
  for (; !place && network; place = find(network, address)) network = network->behind();
  if (!place || place->machine) return place ? place->machine : nullptr;
  const auto inside = [&](const auto& machine) { return is_inside(*machine, *place->router); };
  const auto found = std::ranges::find_if(machines_, inside);
  return found == machines_.end() ? nullptr : found->get();
}

std::size_t World::mtu(const Machine& from, const IpAddress& to) {
  // What the header's length field can say: of the whole packet in IPv4, of what follows the header in IPv6.
  const std::size_t largest = to.is_v4() ? 65535 : 40 + 65535;
  const Machine* const machine = machine_at(from, to);
  if (!machine) return largest;
  const std::size_t mtu = link(from, *machine).options(direction(from, *machine)).mtu;
  return mtu == 0 ? largest : std::min(mtu, largest);
}

}  // namespace warren::sim
