// Tests: machines of a simulated world with a switchboard each.
#pragma once

#include <doctest/doctest.h>

#include "warren/sim/world.hpp"
#include "warren/transport/quic/switchboard.hpp"

namespace warren::quic::test {

inline constexpr std::uint16_t kPort = 4001;
inline const Endpoint kListening{IpAddress(), kPort};

using ConnectionPair = std::pair<std::unique_ptr<QuicConnection>, std::unique_ptr<QuicConnection>>;

// A machine with a switchboard on it.
struct Station {
  Station(sim::World& the_world, const std::string& name, SwitchboardLimits limits = {})
      : Station(the_world, the_world.add_machine(name), limits) {}
  Station(sim::World& the_world, sim::Machine& its_machine, SwitchboardLimits limits = {})
      : world(the_world),
        machine(its_machine),
        random(machine.number() + 100),
        key(PrivateKey::generate(KeyType::kEd25519, [this](MutableBytes bytes) { random.fill(bytes); })),
        board(world.loop().executor(), world.clock(), random,
              tls::make_certificate(key, world.clock().wall_now(), random), limits) {
    board.add_socket(value_or_throw(machine.env().network.bind_udp(kListening)));
    value_or_throw(
        board.listen(kListening, {.greet = [](const Endpoint&) { return true; }, .turned_away = {}}));
  }
  ~Station() { world.run(board.close()); }

  PeerId peer() const { return PeerId::from_public_key(key.public_key()); }
  Endpoint address() const { return {machine.address(), kPort}; }

  sim::World& world;
  sim::Machine& machine;
  sim::SeededRandom random;
  PrivateKey key;
  Switchboard board;
};

inline Task<ConnectionPair> connect(Station& from, Station& to) {
  auto dialed = co_await from.board.dial(to.address(), to.peer());
  auto accepted = co_await to.board.accept(kListening);
  co_return ConnectionPair(std::move(dialed), std::move(accepted));
}

}  // namespace warren::quic::test
