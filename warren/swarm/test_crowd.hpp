// Test support: bob, whose limits are tried, and a crowd of nodes that want something of him.
#pragma once

#include <doctest/doctest.h>

#include <deque>

#include "warren/async/as_result.hpp"
#include "warren/swarm/test_node.hpp"

namespace warren {

struct Crowd {
  explicit Crowd(SwarmLimits bobs_limits = {}, std::vector<IpAddress> bobs_addresses = {})
      : bob_machine(world.add_machine("bob", std::move(bobs_addresses))),
        bob(bob_machine, bobs_limits),
        bob_info(bob.listen()),
        watch(bob.host.events().refused.subscribe(
            [this](const HostRefusal& refusal) { refusals.push_back(refusal); })) {}
  ~Crowd() {
    for (TestNode& node : nodes) world.run(node.host.close());
    world.run(bob.host.close());
  }

  sim::Machine& add_machine(std::string_view address) {
    return world.add_machine("machine" + std::to_string(++machines),
                             {value_or_throw(IpAddress::parse(address))});
  }
  sim::Machine& add_machine() { return world.add_machine("machine" + std::to_string(++machines)); }
  TestNode& add(sim::Machine& machine, std::optional<std::uint8_t> seed = {}) {
    return nodes.emplace_back(machine, SwarmLimits{}, std::vector{TestNode::Security::kNoise}, seed);
  }
  TestNode& add() { return add(add_machine()); }

  Result<ConnectionPtr> connect(TestNode& node) {
    auto connection = world.run(as_result(node.host.connect(bob_info)));
    world.loop().advance(1s);  // for bob to decide
    return connection;
  }
  // So many new nodes of that machine connect to bob, one after the other.
  void connect(int count, sim::Machine& machine) {
    for (int i = 0; i < count; ++i) connect(add(machine));
  }
  // The same, each from a machine of its own.
  void connect(int count) {
    for (int i = 0; i < count; ++i) connect(add());
  }

  std::size_t connections() const { return bob.host.connections().size(); }
  const LimitUse& use(std::size_t SwarmLimits::* field) { return bob.host.limit_table()[field].use(); }
  std::size_t refusals_by(std::string_view knob) const {
    return static_cast<std::size_t>(std::ranges::count(refusals, knob, &HostRefusal::knob));
  }
  std::size_t refusals_for(Errc reason) const {
    return static_cast<std::size_t>(
        std::ranges::count(refusals, make_error_code(reason), &HostRefusal::reason));
  }

  // After all connections have ended, nothing is taken any more, except what tells the most ever seen.
  void check_all_is_given_back() {
    for (TestNode& node : nodes) world.run(node.host.close());
    world.loop().advance(1min);
    CHECK(connections() == 0);
    for (const LimitUse& use : bob.host.limits()) {
      if (use.knob != "dial_addresses_max") CHECK_MESSAGE(use.used == 0, use.knob);
    }
  }

  sim::World world{21};
  int machines = 0;
  sim::Machine& bob_machine;
  TestNode bob;
  PeerInfo bob_info;
  std::vector<HostRefusal> refusals;
  Subscription watch;
  std::deque<TestNode> nodes;
};

}  // namespace warren
