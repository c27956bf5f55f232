// UDP of simulated machines, and links that are worse than a delay, for TCP too.
#include <doctest/doctest.h>

#include "warren/sim/datagram_contract.hpp"
#include "warren/sim/test_two_machines.hpp"

namespace warren::sim {
namespace {

using contract_tests::Letter;

std::unique_ptr<DatagramSocket> bind(Machine& machine, std::uint16_t port = 0) {
  return value_or_throw(machine.env().network.bind_udp({machine.address(), port}));
}

DatagramContract contract(World& world, Machine& one, Machine& other) {
  const auto bind_at = [](Machine& machine) {
    return [&machine](Endpoint local) { return machine.env().network.bind_udp(local); };
  };
  return {.clock = world.clock(),
          .executor = world.loop().executor(),
          .run = [&](Task<void> task) { world.run(std::move(task)); },
          .one = {one.address(), bind_at(one)},
          .other = {other.address(), bind_at(other)}};
}

TEST_CASE_FIXTURE(TwoMachines, "simulated UDP is a DatagramSocket") {
  check_datagram_contract(contract(world, alice, bob));
  CHECK_FALSE(world.loop().busy());
}

TEST_CASE("simulated UDP over IPv6 is a DatagramSocket") {
  World world(7);
  Machine& alice = world.add_machine("alice", {value_or_throw(IpAddress::parse("2001:db8::1"))});
  Machine& bob = world.add_machine("bob", {value_or_throw(IpAddress::parse("2001:db8::2"))});
  check_datagram_contract(contract(world, alice, bob));
}

TEST_CASE_FIXTURE(TwoMachines, "simulated UDP of a machine with itself is a DatagramSocket") {
  check_datagram_contract(contract(world, alice, alice));
}

// What arrives at `to` in the next `time`, and when.
struct Arrival {
  Instant at;
  Letter letter;
};
Task<void> note_arrivals(Clock& clock, DatagramSocket& to, std::vector<Arrival>& arrivals) {
  for (;;) {
    const auto batch = co_await to.receive();
    for (const Datagram& it : batch) {
      arrivals.push_back({clock.now(), {it.from, it.to, to_bytes(it.payload), it.ecn}});
    }
  }
}
Task<std::vector<Arrival>> arrivals_within(World& world, DatagramSocket& to, Duration time) {
  TaskGroup group(world.loop().executor(), "test");
  std::vector<Arrival> arrivals;
  group.spawn(note_arrivals(world.clock(), to, arrivals));
  co_await world.clock().sleep_for(time);
  co_await group.close();
  co_return arrivals;
}

Task<void> send_datagrams(DatagramSocket& from, Endpoint to, std::size_t total, std::size_t segment) {
  const Bytes payload = contract_tests::random_bytes(total, 1);
  const IpAddress any = contract_tests::any(to.address);
  co_await from.send(any, to, payload, segment, Ecn::kNotCapable);
}

TEST_CASE_FIXTURE(TwoMachines, "datagrams take the link's delay, which may differ there and back") {
  world.set_link(bob, alice, {.delay = 70ms}, {.delay = 20ms});
  const auto at_alice = bind(alice);
  const auto at_bob = bind(bob);
  world.run(send_datagrams(*at_alice, at_bob->local_endpoint(), 10, 10));
  world.run(send_datagrams(*at_bob, at_alice->local_endpoint(), 10, 10));
  CHECK(world.run(arrivals_within(world, *at_bob, 20ms)).size() == 1);
  CHECK(world.clock().now() == Instant(20ms));
  const auto back = world.run(arrivals_within(world, *at_alice, 1s));
  REQUIRE(back.size() == 1);
  CHECK(back[0].at == Instant(70ms));
}

TEST_CASE_FIXTURE(TwoMachines, "a slow line spreads a burst, and drops what its queue has no room for") {
  world.set_link(alice, bob, {.delay = 10ms, .rate = 1'000'000, .queue = 12'500});
  const auto at_alice = bind(alice);
  const auto at_bob = bind(bob);
  // With their headers each is 1,250 bytes, which take 10 ms.
  world.run(send_datagrams(*at_alice, at_bob->local_endpoint(), 20 * 1222, 1222));
  const auto arrivals = world.run(arrivals_within(world, *at_bob, 1s));
  REQUIRE(arrivals.size() == 10);
  for (int i = 0; i < 10; ++i) CHECK(arrivals[i].at == Instant((i + 2) * 10ms));
}

TEST_CASE_FIXTURE(TwoMachines, "loss and reordering, the same in each run of a seed") {
  const auto run = [](std::uint64_t seed) {
    World world(seed);
    Machine& alice = world.add_machine("alice");
    Machine& bob = world.add_machine("bob");
    world.set_link(alice, bob, {.delay = 50ms, .jitter = 1ms, .loss = 0.2, .reordering = 0.1});
    const auto at_alice = bind(alice);
    const auto at_bob = bind(bob);
    world.run(send_datagrams(*at_alice, at_bob->local_endpoint(), 1000 * 999, 1000));
    std::vector<Bytes> payloads;
    for (const Arrival& it : world.run(arrivals_within(world, *at_bob, 1s)))
      payloads.push_back(it.letter.payload);
    return payloads;
  };
  const auto payloads = run(1);
  CHECK(payloads.size() > 750);
  CHECK(payloads.size() < 850);
  CHECK((payloads == run(1)));
  CHECK_FALSE((payloads == run(2)));
}

TEST_CASE_FIXTURE(TwoMachines, "the sender is told of its link's MTU, and not of the path's") {
  world.set_link(alice, bob, {.mtu = 1500, .path_mtu = 1400});
  const auto at_alice = bind(alice);
  const auto at_bob = bind(bob);
  const Endpoint bobs = at_bob->local_endpoint();
  const auto told = world.run(as_result(send_datagrams(*at_alice, bobs, 3000, 1473)));
  CHECK(told.error() == Errc::kTooLarge);
  world.run(send_datagrams(*at_alice, bobs, 1472, 1472));
  world.run(send_datagrams(*at_alice, bobs, 1373, 1373));
  world.run(send_datagrams(*at_alice, bobs, 1372, 1372));
  const auto arrivals = world.run(arrivals_within(world, *at_bob, 1s));
  REQUIRE(arrivals.size() == 1);
  CHECK(arrivals[0].letter.payload.size() == 1372);
}

TEST_CASE_FIXTURE(TwoMachines, "datagrams are lost while the link is cut, with those on their way") {
  const auto at_alice = bind(alice);
  const auto at_bob = bind(bob);
  const Endpoint bobs = at_bob->local_endpoint();
  world.run(send_datagrams(*at_alice, bobs, 1, 1));
  world.cut(alice, bob);
  world.run(send_datagrams(*at_alice, bobs, 2, 2));
  world.mend(alice, bob);
  world.run(send_datagrams(*at_alice, bobs, 3, 3));
  const auto arrivals = world.run(arrivals_within(world, *at_bob, 1s));
  REQUIRE(arrivals.size() == 1);
  CHECK(arrivals[0].letter.payload.size() == 3);
}

TEST_CASE_FIXTURE(TwoMachines, "a firewall drops datagrams, and lets TCP pass") {
  const auto at_alice = bind(alice);
  const auto at_bob = bind(bob);
  const Endpoint bobs = at_bob->local_endpoint();
  world.block_udp(alice, bob);
  world.run(send_datagrams(*at_alice, bobs, 1, 1));
  CHECK_NOTHROW(world.run(connect(alice, bob)));
  CHECK(world.run(arrivals_within(world, *at_bob, 1s)).empty());
  world.block_udp(alice, bob, false);
  world.run(send_datagrams(*at_alice, bobs, 1, 1));
  CHECK(world.run(arrivals_within(world, *at_bob, 1s)).size() == 1);
}

TEST_CASE_FIXTURE(TwoMachines, "a crash closes sockets, and their ports are free") {
  auto at_alice = bind(alice);
  auto at_bob = bind(bob, 4001);
  world.run(send_datagrams(*at_alice, at_bob->local_endpoint(), 1, 1));
  bob.crash();
  CHECK(world.run(as_result(arrivals_within(world, *at_bob, 1s))).has_value());
  const auto closed = world.run(as_result(send_datagrams(*at_bob, at_alice->local_endpoint(), 1, 1)));
  CHECK(closed.error() == Errc::kClosed);
  const auto again = bind(bob, 4001);
  world.run(send_datagrams(*at_alice, again->local_endpoint(), 1, 1));
  CHECK(world.run(arrivals_within(world, *again, 1s)).size() == 1);
  at_bob.reset();
  world.run(send_datagrams(*at_alice, again->local_endpoint(), 1, 1));
  CHECK(world.run(arrivals_within(world, *again, 1s)).size() == 1);
}

TEST_CASE_FIXTURE(TwoMachines, "what nobody receives is bounded") {
  const auto at_alice = bind(alice);
  const auto at_bob = bind(bob);
  for (int i = 0; i < 10; ++i) {
    world.run(send_datagrams(*at_alice, at_bob->local_endpoint(), 1000 * 1000, 1000));
    world.loop().advance(20ms);
  }
  const auto arrivals = world.run(arrivals_within(world, *at_bob, 1s));
  CHECK(arrivals.size() > 2000);
  CHECK(arrivals.size() < 4300);
}

TEST_CASE_FIXTURE(TwoMachines, "TCP over a bad link is a ByteStream, only slower") {
  world.set_link(alice, bob,
                 {.delay = 20ms, .jitter = 5ms, .loss = 0.05, .reordering = 0.05, .rate = 20'000'000});
  check_stream_contract({.executor = world.loop().executor(),
                         .clock = world.clock(),
                         .run = [&](Task<void> task) { world.run(std::move(task)); },
                         .connect = [&] { return connect(alice, bob); }});
}

Task<void> transfer(ByteStream& from, ByteStream& to, std::size_t size) {
  const Bytes sent = contract_tests::random_bytes(size, 1);
  Bytes received(size);
  co_await from.write(sent);
  co_await contract_tests::fill(to, received);
  CHECK((received == sent));
}

TEST_CASE_FIXTURE(TwoMachines, "TCP takes the time that its bytes take on the line") {
  world.set_link(alice, bob, {.delay = 10ms, .rate = 8'000'000});
  auto [left, right] = world.run(connect(alice, bob));
  const Instant start = world.clock().now();
  world.run(transfer(*left, *right, 100'000));
  // 100,000 bytes, and 70 headers of 40.
  CHECK(world.clock().now() == start + 102'800us + 10ms);
}

TEST_CASE_FIXTURE(TwoMachines, "a loss of one TCP connection holds up no other, and no datagrams") {
  auto [left, right] = world.run(connect(alice, bob));
  auto [other_left, other_right] = world.run(connect(alice, bob));
  const auto at_alice = bind(alice);
  const auto at_bob = bind(bob);
  world.set_link(alice, bob, {.delay = 10ms, .loss = 1});
  const Bytes hello = to_bytes("hello");
  world.run(left->write(hello));
  world.set_link(alice, bob, {.delay = 10ms});
  const Instant start = world.clock().now();
  world.run(transfer(*other_left, *other_right, 1000));
  CHECK(world.clock().now() == start + 10ms);
  world.run(send_datagrams(*at_alice, at_bob->local_endpoint(), 1, 1));
  CHECK(world.run(arrivals_within(world, *at_bob, 20ms)).size() == 1);
  Bytes received(hello.size());
  world.run(contract_tests::fill(*right, received));
  CHECK(received == hello);
  CHECK(world.clock().now() > start + 10s);
}

}  // namespace
}  // namespace warren::sim
