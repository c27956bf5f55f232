// A node that only relays make reachable, its relays, and somebody who wants to reach it: the real protocol
// code with all that is below it, on simulated machines. What can happen to relays happens by call.
#pragma once

#include <memory>

#include "warren/protocols/relay/client.hpp"
#include "warren/protocols/relay/service.hpp"
#include "warren/swarm/test_node.hpp"

namespace warren::relay_sim {

// A process on a machine; it can end and be started again as the same peer.
struct Process {
  // A relay listens; others are dialed by nobody.
  Process(sim::Machine& machine, std::uint8_t seed, bool is_relay);
  // close() first.
  ~Process() = default;
  Task<void> close();

  relay::CircuitTransport circuits;
  TestNode node;
  Limit reservations{"relay_reservations_max", "", 1024};
  std::optional<relay::Service> service;
  std::optional<relay::Client> client;
};

struct SimRelay {
  sim::Machine* machine = nullptr;
  std::uint8_t seed = 0;
  PeerInfo info;
  std::unique_ptr<Process> process;  // null while it is down
  bool is_full = false;
  bool is_cut_off = false;  // from the node that needs it
};

class RelayNetwork {
 public:
  RelayNetwork(std::uint64_t seed, std::size_t relays);
  ~RelayNetwork();

  sim::World& world() { return world_; }
  std::size_t relay_count() const { return relays_.size(); }

  // What happens to relays; each can be undone by recover().
  void crash(std::size_t relay);      // connections are reset
  void power_off(std::size_t relay);  // nobody is told
  void cut_off(std::size_t relay);    // the way to the node is gone, in silence
  void fill(std::size_t relay);       // no new reservations
  void recover(std::size_t relay);
  // It forgets all reservations, and goes on.
  void forget(std::size_t relay);
  // And to the node itself.
  void cut_home();
  void mend_home();
  void move_home();

  // Some relay could serve the node, and some relay does.
  bool could_be_reached() const;
  bool is_reachable() const;
  // Somebody dials the node at the addresses that it has now.
  bool probe();
  std::size_t held() const;

 private:
  bool is_usable(const SimRelay& relay) const;
  bool serves(const SimRelay& relay) const;
  void start(SimRelay& relay);
  void stop(SimRelay& relay);

  sim::World world_;
  std::vector<SimRelay> relays_;
  sim::Machine* home_machine_ = nullptr;
  std::unique_ptr<Process> home_;
  std::unique_ptr<Process> prober_;
  bool home_is_cut_ = false;
  std::uint8_t moves_ = 0;
};

}  // namespace warren::relay_sim
