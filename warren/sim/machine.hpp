// A computer of a simulated world: addresses, sockets, and the Env of the node that runs on it.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "warren/env/env.hpp"
#include "warren/sim/random.hpp"

namespace warren::sim {

class MachineNetwork;
class Router;
class World;

class Machine {
 public:
  // World::add_machine makes them. `number` counts the machines of the world.
  Machine(World& world, std::uint32_t number, std::string name, std::vector<IpAddress> addresses,
          std::uint64_t seed);
  ~Machine();
  Machine(const Machine&) = delete;
  Machine& operator=(const Machine&) = delete;

  // The world's clock and loop, a generator and a network of its own, offloaded work inline.
  Env& env() { return env_; }

  std::uint32_t number() const { return number_; }
  const std::string& name() const { return name_; }
  // Without the loopback ones.
  const std::vector<IpAddress>& addresses() const { return addresses_; }
  // The first address.
  const IpAddress& address() const { return addresses_.front(); }
  // In whose network it is; null: in the public one.
  Router* router() const { return router_; }

  // Its own addresses, loopback ones included.
  bool owns(const IpAddress& address) const;
  // The address it speaks from to `remote` when nobody has chosen one; kUnreachable when it has none of that
  // family.
  Result<IpAddress> source_for(const IpAddress& remote) const;

  // The process dies: all sockets are gone, and peers see a reset one delay later. What still runs of it gets
  // errors from its sockets. New sockets work: that is the restart.
  void crash();

  MachineNetwork& network() { return *network_; }

 private:
  friend class World;  // which knows whose an address is

  std::uint32_t number_;
  std::string name_;
  std::vector<IpAddress> addresses_;
  Router* router_ = nullptr;
  SeededRandom random_;
  InlineOffload offload_;
  std::unique_ptr<MachineNetwork> network_;
  Env env_;
};

}  // namespace warren::sim
