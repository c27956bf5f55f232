// Tells the type of a NAT from inside, as RFC 5780 does: a socket behind it asks servers at two addresses
// with two ports each what they see of it, and lets them answer from elsewhere. For tests (doctest).
#pragma once

#include <doctest/doctest.h>

#include <array>
#include <memory>
#include <optional>
#include <vector>

#include "warren/async/as_result.hpp"
#include "warren/async/task_group.hpp"
#include "warren/env/clock.hpp"
#include "warren/sim/ports.hpp"
#include "warren/sim/world.hpp"

namespace warren::sim {

// Two public machines, and on each a socket at two ports.
class NatProbe {
 public:
  explicit NatProbe(World& world)
      : world_(world), one_(world.add_machine("one")), other_(world.add_machine("other")) {
    for (Machine* const server : {&one_, &other_}) {
      for (const std::uint16_t port : {std::uint16_t{3478}, std::uint16_t{3479}}) {
        sockets_.push_back(value_or_throw(server->env().network.bind_udp({server->address(), port})));
      }
    }
  }

  struct Finding {
    std::vector<Endpoint> seen;  // by (one, 3478), (one, 3479), (other, 3478), (other, 3479)
    NatBehavior mapping;
    NatBehavior filtering;
  };
  // Of the machine's way out; nothing when it has none. Filtering is tried with a socket of its own.
  std::optional<Finding> examine(Machine& inside) {
    const auto socket = bind(inside, 5000);
    Finding finding{};
    for (const auto& server : sockets_) {
      const auto seen = sent(*socket, server->local_endpoint(), *server);
      if (!seen) return std::nullopt;
      finding.seen.push_back(*seen);
    }
    const auto& seen = finding.seen;
    finding.mapping = behavior(seen[0] == seen[1], seen[0] == seen[2]);
    const auto fresh = bind(inside, 5001);
    const auto outer = sent(*fresh, sockets_[0]->local_endpoint(), *sockets_[0]);
    if (!outer) return std::nullopt;
    const bool by_port = sent(*sockets_[1], *outer, *fresh).has_value();
    const bool by_address = sent(*sockets_[2], *outer, *fresh).has_value();
    finding.filtering = behavior(by_port, by_address);
    return finding;
  }

  // What a server sees of the socket.
  std::optional<Endpoint> seen(DatagramSocket& socket) {
    return sent(socket, sockets_[0]->local_endpoint(), *sockets_[0]);
  }

  // Who sent the first of what has arrived already; the rest of it is thrown away, too.
  std::optional<Endpoint> drain(DatagramSocket& socket) {
    const auto arrived = world_.run(as_result(with_timeout(world_.clock(), 1ms, receive(socket))));
    return arrived ? std::optional(*arrived) : std::nullopt;
  }

  // Who it came from, when a datagram to `to` arrives at that socket.
  std::optional<Endpoint> sent(DatagramSocket& from, Endpoint to, DatagramSocket& at) {
    const auto arrived = world_.run(as_result(deliver(world_, from, to, at)));
    return arrived ? std::optional(*arrived) : std::nullopt;
  }

  static std::unique_ptr<DatagramSocket> bind(Machine& machine, std::uint16_t port) {
    return value_or_throw(machine.env().network.bind_udp({machine.address(), port}));
  }

 private:
  static NatBehavior behavior(bool same_for_port, bool same_for_address) {
    if (same_for_address) return NatBehavior::kEndpointIndependent;
    return same_for_port ? NatBehavior::kAddressDependent : NatBehavior::kAddressAndPortDependent;
  }

  static Task<Endpoint> receive(DatagramSocket& at) {
    const auto batch = co_await at.receive();
    REQUIRE_FALSE(batch.empty());
    co_return batch.front().from;
  }

  static Task<Endpoint> deliver(World& world, DatagramSocket& from, Endpoint to, DatagramSocket& at) {
    const Bytes payload = {1};
    const IpAddress any = any_address(to.address.is_v4());
    co_await from.send(any, to, payload, payload.size(), Ecn::kNotCapable);
    co_return co_await with_timeout(world.clock(), 500ms, receive(at));
  }

  World& world_;
  Machine& one_;
  Machine& other_;
  std::vector<std::unique_ptr<DatagramSocket>> sockets_;
};

}  // namespace warren::sim
