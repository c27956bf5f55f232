// A simulated world: machines with addresses, links between them, TCP and UDP over the links, all in virtual
// time on one loop. The same seed gives the same run, down to the last event.
//
//   sim::World world(7);
//   sim::Machine& alice = world.add_machine("alice");
//   sim::Machine& bob = world.add_machine("bob", {value_or_throw(IpAddress::parse("192.0.2.7"))});
//   world.set_link(alice, bob, {.delay = 40ms, .loss = 0.01, .rate = 10'000'000});
//   world.run(scenario(alice.env(), bob.env()));
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "warren/sim/link.hpp"
#include "warren/sim/loop.hpp"
#include "warren/sim/machine.hpp"
#include "warren/sim/packet.hpp"
#include "warren/sim/random.hpp"
#include "warren/sim/router.hpp"

namespace warren::sim {

class World {
 public:
  explicit World(std::uint64_t seed);
  ~World();
  World(const World&) = delete;
  World& operator=(const World&) = delete;

  // Without addresses it gets the next one of 198.51.100.0/24, and after these of 198.18.0.0/15. Names and
  // addresses are unique. Lives as long as the world.
  Machine& add_machine(std::string name, std::vector<IpAddress> addresses = {});

  // A router (router.hpp) whose `outside` address is in the public network, or in that behind another router:
  // carrier-grade NAT. Lives as long as the world.
  Router& add_router(std::string name, const NatOptions& options, IpAddress outside,
                     Router* behind = nullptr);
  // A machine in the router's network. Without addresses it gets the next one of 192.168.1.0/24, in each such
  // network; addresses are unique in theirs only. Links to it are set as to any other, for the whole way.
  // What comes to a router from somebody who is not known there takes the way to its first machine.
  Machine& add_machine_behind(Router& router, std::string name, std::vector<IpAddress> addresses = {});

  // One way; 10 ms between machines, and nothing from a machine to itself, unless set.
  void set_delay(const Machine& a, const Machine& b, Duration delay);

  // What the way from one to the other does to packets (link_model.hpp), both ways, or there and back. Those
  // on the way are not affected.
  void set_link(const Machine& a, const Machine& b, const LinkOptions& both_ways);
  void set_link(const Machine& a, const Machine& b, const LinkOptions& there, const LinkOptions& back);
  // Datagrams between the two are lost, TCP passes.
  void block_udp(const Machine& a, const Machine& b, bool blocked = true);

  // Nothing passes between the two any more. Connections stall and are not reset; dialing times out.
  // Datagrams are lost.
  void cut(const Machine& a, const Machine& b);
  // What was on its way arrives after all, as TCP would have sent it again; lost datagrams do not.
  void mend(const Machine& a, const Machine& b);

  Loop& loop() { return loop_; }
  Clock& clock() { return loop_.clock(); }
  std::uint64_t seed() const { return seed_; }

  // Runs until the task has ended, see Loop::run.
  template <class T>
  T run(Task<T> task, Duration limit = std::chrono::hours(1)) {
    return loop_.run(std::move(task), limit);
  }

  // The machine has other addresses from now on, as after it went to another network, and is told. What it
  // still sends from the old ones is lost, as is what others send there.
  void move(Machine& machine, std::vector<IpAddress> addresses);
  // The same to another router's network, or with null to the public one; without addresses it gets one as a
  // new machine does.
  void move_behind(Machine& machine, Router* router, std::vector<IpAddress> addresses = {});
  // The machine is told that its network has changed, as when its cable is put back.
  void replug(Machine& machine);

  // The events so far, each with its virtual time: "0.020000 bob accepted 198.51.100.1:49152". Two runs of
  // one seed have equal traces. The network adds its own events, scenarios may add theirs.
  void trace(const std::string& event);
  const std::vector<std::string>& trace() const { return trace_; }

  // Sends a packet on its way; it is lost when nobody has the address. For the simulated networks.
  void send(Machine& from, Packet packet);
  // The largest packet that `from` can send towards that address, IP header included.
  std::size_t mtu(const Machine& from, const IpAddress& to);
  std::uint64_t next_connection() { return ++connections_; }
  bool has_routers() const { return !routers_.empty(); }
  // Whether that connection's SYN was lost at a router since the last call; for who sends it again.
  bool take_lost_dial(std::uint64_t connection) { return lost_dials_.erase(connection) > 0; }

 private:
  friend class Router;

  Machine& add_machine_in(Router* network, std::string name, std::vector<IpAddress> addresses);
  void arrive_at(Machine& machine, std::vector<IpAddress> addresses);
  Link& link(const Machine& a, const Machine& b);
  static int direction(const Machine& from, const Machine& to);
  void hand_over(const Machine& one, const Machine& other, int direction, Packet packet);
  const Machine* machine_at(const Machine& from, const IpAddress& address);
  IpAddress next_address(Router* network);

  // With routers (world_routing.cpp); a null network is the public one.
  AddressBook& book(Router* network);
  const Place* find(Router* network, const IpAddress& address);
  void enter(Machine& machine);
  void enter(Router& router);
  void leave(Machine& machine);
  void enter_all();
  IpAddress next_private_address(Router& router);
  static bool is_inside(const Machine& machine, const Router& router);
  Machine* machine_behind(Router& router, const Packet& packet);
  static Router* next_router(const Machine& machine, const Router* network);
  void route(Machine& from, Packet packet);
  void arrive(Link& link, int direction, Packet packet);
  void lose(const Packet& packet);

  std::uint64_t seed_;
  SeededRandom random_;
  std::uint64_t connections_ = 0;
  std::vector<std::string> trace_;
  std::vector<std::unique_ptr<Machine>> machines_;
  std::vector<std::unique_ptr<Router>> routers_;
  AddressBook public_;
  // Of TCP, by what routers lost. A connection that lost anything but its SYN stalls for good: what comes
  // later must not arrive without what came before.
  std::set<std::uint64_t> lost_dials_;
  std::set<std::uint64_t> stalled_;
  std::map<std::pair<std::uint32_t, std::uint32_t>, std::unique_ptr<Link>> links_;
  Loop loop_;  // goes first: suspended tasks still use the machines
};

}  // namespace warren::sim
