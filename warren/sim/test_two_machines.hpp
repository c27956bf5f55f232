// Test support: two machines, and TCP connections between them.
#pragma once

#include "warren/sim/stream_contract.hpp"
#include "warren/sim/world.hpp"

namespace warren::sim {

struct TwoMachines {
  World world{7};
  Machine& alice = world.add_machine("alice");
  Machine& bob = world.add_machine("bob");
};

// Both ends of a new connection: the dialer's, then the listener's.
inline Task<StreamPair> connect(Machine& from, Machine& to) {
  const Endpoint local{to.address(), 0};
  const auto listener = value_or_throw(to.env().network.listen_tcp(local));
  auto dialed = co_await from.env().network.connect_tcp(listener->local_endpoint(), std::nullopt);
  auto accepted = co_await listener->accept();
  co_return StreamPair(std::move(dialed), std::move(accepted));
}

}  // namespace warren::sim
