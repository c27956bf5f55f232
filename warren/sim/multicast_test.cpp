// Multicasts of simulated machines.
#include "warren/sim/multicast_contract.hpp"

#include "warren/sim/world.hpp"

namespace warren::sim {
namespace {

IpAddress ip(const std::string& text) {
  return value_or_throw(IpAddress::parse(text));
}

const Endpoint kGroup4{ip("224.0.0.251"), 5353};
const Endpoint kGroup6{ip("ff02::fb"), 5353};

NetworkInterface card(Machine& machine) {
  return machine.env().network.interfaces().back();
}

std::unique_ptr<DatagramSocket> join(Machine& machine, const Endpoint& group = kGroup4) {
  return value_or_throw(machine.env().network.join_multicast(group, card(machine)));
}

void check(World& world, Machine& one, Machine& other, const Endpoint& group, const Endpoint& other_group) {
  check_multicast_contract({.clock = world.clock(),
                            .executor = world.loop().executor(),
                            .run = [&](Task<void> task) { world.run(std::move(task)); },
                            .group = group,
                            .other_group = other_group,
                            .one = {one.env().network, card(one)},
                            .other = {other.env().network, card(other)}});
}

TEST_CASE("simulated multicast keeps its contract") {
  World world(7);
  check(world, world.add_machine("alice"), world.add_machine("bob"), kGroup4, {ip("224.0.0.252"), 5353});
  CHECK_FALSE(world.loop().busy());
}

TEST_CASE("simulated multicast of IPv6 keeps its contract") {
  World world(7);
  Machine& alice = world.add_machine("alice", {ip("fd00::1")});
  Machine& bob = world.add_machine("bob", {ip("fd00::2")});
  check(world, alice, bob, kGroup6, {ip("ff02::fc"), 5353});
}

Task<Instant> hear(Clock& clock, DatagramSocket& socket) {
  std::vector<contract_tests::Letter> letters;
  co_await with_timeout(clock, 1s, contract_tests::receive_into(socket, 1, letters));
  co_return clock.now();
}

TEST_CASE("multicasts take the links' delays, and do not leave their segment") {
  World world(7);
  Machine& alice = world.add_machine("alice", {ip("10.1.0.1")});
  Machine& bob = world.add_machine("bob", {ip("10.1.0.2")});
  Machine& carol = world.add_machine("carol", {ip("10.1.0.3")});
  Machine& dave = world.add_machine("dave", {ip("10.2.0.1")});
  world.set_delay(alice, bob, 3ms);
  world.set_delay(alice, carol, 70ms);
  const auto from = join(alice);
  const auto at_bob = join(bob);
  const auto at_carol = join(carol);
  const auto at_dave = join(dave);
  const Bytes hello(10);
  world.run(contract_tests::send(*from, kGroup4, hello));
  CHECK(world.run(hear(world.clock(), *at_bob)) == Instant(3ms));
  CHECK(world.run(hear(world.clock(), *at_carol)) == Instant(70ms));
  CHECK(world.run(as_result(hear(world.clock(), *at_dave))).error() == Errc::kTimedOut);
  world.cut(alice, bob);
  world.run(contract_tests::send(*from, kGroup4, hello));
  CHECK(world.run(hear(world.clock(), *at_carol)) > Instant(70ms));
  CHECK(world.run(as_result(hear(world.clock(), *at_bob))).error() == Errc::kTimedOut);
}

TEST_CASE("a crash ends memberships") {
  World world(7);
  Machine& alice = world.add_machine("alice");
  const auto socket = join(alice);
  alice.crash();
  const Bytes hello(10);
  CHECK(world.run(as_result(contract_tests::send(*socket, kGroup4, hello))).error() == Errc::kClosed);
  CHECK(join(alice) != nullptr);
}

}  // namespace
}  // namespace warren::sim
