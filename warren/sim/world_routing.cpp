// How packets find their way when the world has routers: out through those above the sender, until they are
// in a network where somebody has the address; over the link; and in through those above the receiver.
#include <algorithm>
#include <utility>

#include "warren/base/assert.hpp"
#include "warren/sim/machine_network.hpp"
#include "warren/sim/ports.hpp"
#include "warren/sim/world.hpp"

namespace warren::sim {

namespace {

using Verdict = NatModel::Verdict;

bool is_reset(const Packet& packet) {
  return packet.kind == Packet::Kind::kSegment && packet.segment.kind == Segment::Kind::kReset;
}

NatPacket as_seen_by_nat(const Packet& packet) {
  const bool segment = packet.kind == Packet::Kind::kSegment;
  NatPacket seen;
  seen.protocol = packet.kind == Packet::Kind::kDatagram ? NatProtocol::kUdp : NatProtocol::kTcp;
  seen.from = packet.from;
  seen.to = packet.to;
  seen.syn = packet.kind == Packet::Kind::kConnect || packet.kind == Packet::Kind::kAccept;
  seen.ack = packet.kind == Packet::Kind::kAccept || packet.kind == Packet::Kind::kAccepted || segment;
  seen.fin = segment && packet.segment.kind == Segment::Kind::kEnd;
  seen.rst = is_reset(packet);
  return seen;
}

// A router takes one off before it looks any closer. False: none is left, and the packet ends here.
bool takes_hop(Packet& packet) {
  return packet.hops > 0 && --packet.hops > 0;
}

Packet reset_from(const Endpoint& from, const Endpoint& to, std::uint64_t connection) {
  return {from, to, connection, Packet::Kind::kSegment, {.kind = Segment::Kind::kReset}};
}

}  // namespace

Router& World::add_router(std::string name, const NatOptions& options, IpAddress outside, Router* behind) {
  const auto number = static_cast<std::uint32_t>(routers_.size() + 1);
  const std::uint64_t seed = SeededRandom(seed_ ^ SeededRandom(~std::uint64_t{number}).u64()).u64();
  routers_.push_back(
      std::make_unique<Router>(*this, number, std::move(name), options, outside, behind, seed));
  enter(*routers_.back());
  return *routers_.back();
}

Machine& World::add_machine_behind(Router& router, std::string name, std::vector<IpAddress> addresses) {
  if (addresses.empty()) addresses.push_back(next_address(&router));
  return add_machine_in(&router, std::move(name), std::move(addresses));
}

void World::move_behind(Machine& machine, Router* router, std::vector<IpAddress> addresses) {
  if (addresses.empty()) addresses.push_back(next_address(router));
  leave(machine);
  machine.router_ = router;
  arrive_at(machine, std::move(addresses));
}

AddressBook& World::book(Router* network) {
  return network ? network->inside_ : public_;
}

const Place* World::find(Router* network, const IpAddress& address) {
  const AddressBook& all = book(network);
  const auto found = all.find(address);
  return found == all.end() ? nullptr : &found->second;
}

// A router that does not translate an address leaves it to be seen further out.
void World::enter(Machine& machine) {
  for (const IpAddress& address : machine.addresses()) {
    Router* network = machine.router_;
    for (;; network = network->behind()) {
      const bool is_new = book(network).emplace(address, Place{&machine, nullptr}).second;
      WARREN_ASSERT(is_new);
      if (!network || network->translates(address)) break;
    }
  }
}

void World::enter(Router& router) {
  const bool is_new = book(router.behind()).emplace(router.outside(), Place{nullptr, &router}).second;
  WARREN_ASSERT(is_new);
}

void World::leave(Machine& machine) {
  for (const IpAddress& address : machine.addresses()) {
    Router* network = machine.router_;
    for (;; network = network->behind()) {
      book(network).erase(address);
      if (!network || network->translates(address)) break;
    }
  }
}

void World::enter_all() {
  public_.clear();
  for (const auto& router : routers_) router->inside_.clear();
  for (const auto& router : routers_) enter(*router);
  for (const auto& machine : machines_) enter(*machine);
}

// As most homes: 192.168.1.2, and so on. It is another one's, too, in another home.
IpAddress World::next_private_address(Router& router) {
  for (std::uint8_t host = 2; host < 255; ++host) {
    const IpAddress address = IpAddress::v4({192, 168, 1, host});
    if (!find(&router, address)) return address;
  }
  WARREN_ASSERT(false);
  return {};
}

bool World::is_inside(const Machine& machine, const Router& router) {
  for (const Router* above = machine.router_; above; above = above->behind()) {
    if (above == &router) return true;
  }
  return false;
}

// The machine whose link a packet to the router takes: it is the one that has spoken to the sender, as far as
// that is known already.
Machine* World::machine_behind(Router& router, const Packet& packet) {
  Router* at = &router;
  const NatProtocol protocol = packet.kind == Packet::Kind::kDatagram ? NatProtocol::kUdp : NatProtocol::kTcp;
  for (auto owner = at->nat_.owner_of(protocol, packet.to, packet.from); owner;) {
    const Place* const place = find(at, owner->address);
    if (!place) break;
    if (place->machine) return place->machine;
    at = place->router;
    owner = at->nat_.owner_of(protocol, *owner, packet.from);
  }
  const auto inside = [at](const auto& machine) { return is_inside(*machine, *at); };
  const auto found = std::ranges::find_if(machines_, inside);
  return found == machines_.end() ? nullptr : found->get();
}

void World::route(Machine& from, Packet packet) {
  if (stalled_.contains(packet.connection) && !is_reset(packet)) return;
  const Endpoint sender = packet.from;
  Router* network = from.router_;
  for (;;) {
    if (const Place* const place = find(network, packet.to.address)) {
      Machine* const to = place->machine ? place->machine : machine_behind(*place->router, packet);
      if (!to) return lose(packet);
      packet.network = network ? network->number() : 0;
      return link(from, *to).send(direction(from, *to), std::move(packet));
    }
    if (!network || !takes_hop(packet)) return lose(packet);
    const Verdict verdict =
        network->model_for(packet.from.address).from_inside(as_seen_by_nat(packet), loop_.now());
    if (verdict.kind == Verdict::Kind::kRefused) {
      Packet reset = reset_from(packet.to, sender, packet.connection);
      reset.network = from.router_->number();
      return link(from, from).send(0, std::move(reset));
    }
    if (verdict.kind == Verdict::Kind::kDrop) return lose(packet);
    packet.from = verdict.from;
    packet.to = verdict.to;
    if (verdict.kind == Verdict::Kind::kOut) network = network->behind();
  }
}

// The router through which packets of the network get to the machine; null when it is in that network.
Router* World::next_router(const Machine& machine, const Router* network) {
  Router* next = machine.router_;
  if (next == network) return nullptr;
  while (next->behind() != network) next = next->behind();
  return next;
}

void World::arrive(Link& link, int direction, Packet packet) {
  if (stalled_.contains(packet.connection) && !is_reset(packet)) return;
  const Endpoint asked = packet.to;
  const std::uint32_t came_by = packet.network;
  Router* network = came_by == 0 ? nullptr : routers_[came_by - 1].get();
  for (;;) {
    const Place* const place = find(network, packet.to.address);
    if (!place) return lose(packet);
    Router* const next = place->machine ? next_router(*place->machine, network) : place->router;
    if (!next) return place->machine->network().receive(std::move(packet));
    if (!takes_hop(packet)) return lose(packet);
    const Verdict verdict =
        next->model_for(packet.to.address).from_outside(as_seen_by_nat(packet), loop_.now());
    if (verdict.kind == Verdict::Kind::kRefused) {
      Packet reset = reset_from(asked, packet.from, packet.connection);
      reset.network = came_by;
      return link.send(1 - direction, std::move(reset));
    }
    if (verdict.kind != Verdict::Kind::kIn) return lose(packet);
    packet.from = verdict.from;
    packet.to = verdict.to;
    network = next;
  }
}

void World::lose(const Packet& packet) {
  if (packet.kind == Packet::Kind::kDatagram || is_reset(packet)) return;
  if (packet.kind == Packet::Kind::kConnect) {
    lost_dials_.insert(packet.connection);
  } else {
    stalled_.insert(packet.connection);
  }
}

}  // namespace warren::sim
