// Two public servers, which are bootstrap peers, relays and STUN servers, and the two nodes of a cell: whole
// nodes, on simulated machines.
#pragma once

#include <memory>
#include <vector>

#include "test/sim/punch/cell.hpp"
#include "warren/node/node.hpp"
#include "warren/sim/world.hpp"

namespace warren::punch_sim {

// What the ways between the machines do to packets, as the seed has it: round trips of 10 to 300 ms each, the
// same jitter and loss everywhere.
struct Weather {
  Duration between;                                  // one way, of the two
  std::array<std::array<Duration, 2>, 2> to_server;  // of each to each server
  double jitter = 0;                                 // up to this part of the delay
  double loss = 0;                                   // each way

  static Weather of(std::uint64_t seed);
  // The longest round trip.
  Duration round_trip_max() const;
};

struct Resident {
  std::string kind;
  sim::Machine* machine = nullptr;
  std::vector<sim::Router*> routers;  // from the inside
  std::unique_ptr<Node> node;
};

class Country {
 public:
  // Nothing runs yet.
  Country(std::uint64_t seed, const Cell& cell, const Weather& weather);
  ~Country();

  void start();
  // Until both know what they are behind, can be reached, and found. What is missing when time is over;
  // nothing: they are ready.
  std::string settle(Duration limit);
  // Nobody reaches any server any more.
  void cut_servers_off();

  sim::World& world() { return world_; }
  Resident& resident(std::size_t number) { return residents_[number]; }

 private:
  void add_resident(const std::string& name, std::string_view kind);
  sim::Router* add_routers(Resident& resident, const std::string& name);
  void set_links(const Weather& weather);
  Config config_of(sim::Machine& machine, bool server) const;
  std::string missing(Resident& resident);

  Cell cell_;
  sim::World world_;
  std::vector<sim::Machine*> server_machines_;
  std::vector<std::unique_ptr<Node>> servers_;
  std::vector<Multiaddr> bootstrap_;
  std::vector<Resident> residents_;
  sim::Router* shared_ = nullptr;
};

}  // namespace warren::punch_sim
