// A router of a simulated world: a network of its own with private addresses, and one address in the network
// that it is part of itself. Its NAT (nat_model.hpp) is asked when a packet gets to it, so that what is on
// its way counts as little as in the real world. It adds no delay, and answers nothing by itself.
//
//   sim::Router& home = world.add_router("home", *sim::NatOptions::of_type("full-cone"), outside);
//   sim::Machine& alice = world.add_machine_behind(home, "alice");  // 192.168.1.2
#pragma once

#include <cstdint>
#include <map>
#include <string>

#include "warren/sim/nat_model.hpp"

namespace warren::sim {

class Machine;
class Router;
class World;

// Who has an address: one of the two.
struct Place {
  Machine* machine = nullptr;
  Router* router = nullptr;
};

// Of one network: the public one, or that behind a router.
using AddressBook = std::map<IpAddress, Place>;

class Router {
 public:
  // World::add_router makes them. `number` counts the routers of the world, from 1; `behind`: the router
  // whose network it is in, null for the public one.
  Router(World& world, std::uint32_t number, std::string name, const NatOptions& options, IpAddress outside,
         Router* behind, std::uint64_t seed);
  Router(const Router&) = delete;
  Router& operator=(const Router&) = delete;

  std::uint32_t number() const { return number_; }
  const std::string& name() const { return name_; }
  const IpAddress& outside() const { return nat_.outside(); }
  Router* behind() const { return behind_; }
  const NatOptions& options() const { return nat_.options(); }
  // What it does to addresses of the outside address's family.
  const NatModel& nat() const { return nat_; }

  // Whether that address of a machine inside is unknown outside. Those of the other family than the outside
  // address (IPv6, say) are not translated; a firewall that filters as the NAT does is in front of them.
  bool translates(const IpAddress& inside) const;

  // Forgets all mappings.
  void reboot();
  // Another address from the provider, with which all mappings are forgotten. It must be free.
  void set_outside(IpAddress outside);
  // For new mappings, and for filtering from now on.
  void set_options(const NatOptions& options);

 private:
  friend class World;

  // Of the two, the one for packets with that address inside.
  NatModel& model_for(const IpAddress& inside);

  World& world_;
  std::uint32_t number_;
  std::string name_;
  Router* behind_;
  NatModel nat_;
  NatModel firewall_;
  AddressBook inside_;
};

}  // namespace warren::sim
