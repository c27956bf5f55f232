// Forwards sealed bytes between peers of which one holds a reservation here, and nothing else: the service
// side of circuit relay v2. https://github.com/libp2p/specs/blob/master/relay/circuit-v2.md
#pragma once

#include "warren/core/host.hpp"
#include "warren/core/limit.hpp"
#include "warren/protocols/relay/circuit_limits.hpp"

namespace warren::relay {

struct ServiceConfig {
  Duration reservation_life = std::chrono::hours(1);
  CircuitLimits circuit{.time_max = std::chrono::minutes(2), .bytes_max = 128 * 1024};  // as go-libp2p
  // Peers at private and loopback addresses are served, too: for networks of one's own.
  bool private_networks = false;
};

// The node's limits; null: no account, and the default of SwarmLimits.
struct ServiceAccounts {
  Limit* reservations = nullptr;
  Limit* reservations_per_ip = nullptr;
  Limit* reservations_per_network = nullptr;
  Limit* circuits = nullptr;
  Limit* circuits_per_peer = nullptr;
};

struct ServiceCounters {
  std::uint64_t reservations_made = 0;
  std::uint64_t reservations_refused = 0;
  std::uint64_t circuits_opened = 0;
  std::uint64_t circuits_refused = 0;
  std::uint64_t circuits_ended_by_limit = 0;
  std::uint64_t bytes_relayed = 0;
  std::size_t reservations = 0;  // now
  std::size_t circuits = 0;      // now
};

class Service {
 public:
  // Host and accounts outlive it.
  Service(Host& host, ServiceConfig config, ServiceAccounts accounts = {});
  ~Service();

  // Offers the service: peers see its protocol in identify. And takes it back: reservations end, circuits are
  // reset. May be started again.
  void start();
  Task<void> close();
  bool is_offered() const;

  // What vouchers and answers to reservations name: our public addresses, without /p2p. Empty: those of the
  // host that are not private.
  void set_addresses(std::vector<Multiaddr> addresses);

  ServiceCounters counters() const;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace warren::relay
