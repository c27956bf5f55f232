#include "warren/sim/world.hpp"

#include <doctest/doctest.h>

#include <boost/asio/this_coro.hpp>

#include "warren/async/as_result.hpp"
#include "warren/async/cancellation.hpp"
#include "warren/async/task_group.hpp"
#include "warren/sim/test_two_machines.hpp"
#include "warren/sim/test_words.hpp"

namespace warren::sim {
namespace {

const Endpoint kAnyV4{IpAddress::v4({}), 0};

std::unique_ptr<TcpListener> listen(Machine& machine, std::uint16_t port) {
  return value_or_throw(machine.env().network.listen_tcp({IpAddress::v4({}), port}));
}

Task<std::unique_ptr<TcpStream>> dial(Machine& from, Machine& to, std::uint16_t port,
                                      std::optional<Endpoint> local = {}) {
  return from.env().network.connect_tcp({to.address(), port}, local);
}

// What a dial ends with, and when.
struct Ending {
  Result<std::unique_ptr<TcpStream>> stream;
  Instant at;
};
Ending end_of(World& world, Task<std::unique_ptr<TcpStream>> dialing) {
  auto stream = world.run(as_result(std::move(dialing)));
  return {std::move(stream), world.clock().now()};
}

TEST_CASE_FIXTURE(TwoMachines, "simulated TCP is a ByteStream") {
  world.set_delay(alice, bob, 1ms);
  check_stream_contract({.executor = world.loop().executor(),
                         .clock = world.clock(),
                         .run = [&](Task<void> task) { world.run(std::move(task)); },
                         .connect = [&] { return connect(alice, bob); }});
  CHECK_FALSE(world.loop().busy());
}

TEST_CASE_FIXTURE(TwoMachines, "a handshake takes one round trip, bytes take half of one") {
  world.set_delay(alice, bob, 20ms);
  const auto listener = listen(bob, 4001);
  const auto dialed = world.run(dial(alice, bob, 4001));
  CHECK(world.clock().now() == Instant(40ms));
  const auto accepted = world.run(listener->accept());
  CHECK(world.clock().now() == Instant(60ms));
  world.run(send(*dialed, "hello"));
  CHECK(world.run(receive(*accepted)) == "hello");
  CHECK(world.clock().now() == Instant(80ms));

  CHECK(dialed->remote_endpoint() == Endpoint{bob.address(), 4001});
  CHECK(accepted->local_endpoint() == dialed->remote_endpoint());
  CHECK(accepted->remote_endpoint() == dialed->local_endpoint());
  CHECK(dialed->local_endpoint().address == alice.address());
}

TEST_CASE_FIXTURE(TwoMachines, "dialing a closed port is refused after a round trip") {
  const Ending closed = end_of(world, dial(alice, bob, 4001));
  CHECK(closed.stream.error() == Errc::kRefused);
  CHECK(closed.at == Instant(20ms));
}

TEST_CASE_FIXTURE(TwoMachines, "dialing an address that nobody has times out") {
  const Endpoint nobody{IpAddress::v4({203, 0, 113, 9}), 4001};
  const Ending lost = end_of(world, alice.env().network.connect_tcp(nobody, {}));
  CHECK(lost.stream.error() == Errc::kTimedOut);
  CHECK(lost.at == Instant(127s));
}

TEST_CASE_FIXTURE(TwoMachines, "a machine without IPv6 cannot reach IPv6") {
  const Endpoint remote{value_or_throw(IpAddress::parse("2001:db8::1")), 4001};
  const Ending unreachable = end_of(world, alice.env().network.connect_tcp(remote, {}));
  CHECK(unreachable.stream.error() == Errc::kUnreachable);
  CHECK(unreachable.at == Instant{});
}

TEST_CASE_FIXTURE(TwoMachines,
                  "listening ports: free ones differ, taken ones and foreign addresses are refused") {
  Network& network = bob.env().network;
  const auto first = value_or_throw(network.listen_tcp(kAnyV4));
  const auto second = value_or_throw(network.listen_tcp(kAnyV4));
  CHECK(first->local_endpoint().port != 0);
  CHECK(first->local_endpoint().port != second->local_endpoint().port);
  const std::uint16_t port = first->local_endpoint().port;
  CHECK(network.listen_tcp({bob.address(), port}).error() == Errc::kAddressInUse);
  CHECK(network.listen_tcp({IpAddress::v6({}), port}).has_value());
  CHECK(network.listen_tcp({alice.address(), 1}).error() == Errc::kAddressNotAvailable);
  first->close();
  CHECK(network.listen_tcp({bob.address(), port}).has_value());
}

TEST_CASE_FIXTURE(TwoMachines, "a machine reaches itself, over loopback and over its own address, at once") {
  const auto listener = listen(alice, 4001);
  const Endpoint over_loopback{IpAddress::v4({127, 0, 0, 1}), 4001};
  const auto dialed = world.run(alice.env().network.connect_tcp(over_loopback, {}));
  CHECK(dialed->local_endpoint().address.is_loopback());
  const auto own = world.run(dial(alice, alice, 4001));
  CHECK(own->local_endpoint().address == alice.address());
  CHECK(world.clock().now() == Instant{});

  const auto only_loopback = value_or_throw(alice.env().network.listen_tcp({over_loopback.address, 5001}));
  CHECK(end_of(world, dial(bob, alice, 5001)).stream.error() == Errc::kRefused);
}

TEST_CASE_FIXTURE(TwoMachines, "dialing from the listening port, and again while that pair is in use") {
  const auto at_alice = listen(alice, 4001);
  const auto at_bob = listen(bob, 4001);
  const auto first = world.run(dial(alice, bob, 4001, at_alice->local_endpoint()));
  const auto second = world.run(dial(alice, bob, 4001, at_alice->local_endpoint()));
  CHECK(first->local_endpoint() == Endpoint{alice.address(), 4001});
  CHECK(second->local_endpoint().port != 4001);
  const Ending foreign = end_of(world, dial(alice, bob, 4001, Endpoint{bob.address(), 0}));
  CHECK(foreign.stream.error() == Errc::kIo);
}

TEST_CASE_FIXTURE(TwoMachines, "a pair of endpoints can be used again after the connection is gone") {
  const auto listener = listen(bob, 4001);
  const Endpoint local{alice.address(), 5000};
  auto first = world.run(dial(alice, bob, 4001, local));
  const auto at_bob = world.run(listener->accept());
  world.run(first->close_write());
  first.reset();
  const auto second = world.run(dial(alice, bob, 4001, local));
  CHECK(second->local_endpoint() == local);
  CHECK(world.run(as_result(receive(*at_bob))).error() == Errc::kReset);
  const auto again = world.run(listener->accept());
  world.run(send(*again, "new"));
  CHECK(world.run(receive(*second)) == "new");
}

TEST_CASE_FIXTURE(TwoMachines, "over a cut link connections stall, and go on when it is mended") {
  auto [left, right] = world.run(connect(alice, bob));
  world.run(send(*left, "in flight "));
  world.cut(alice, bob);
  world.run(send(*left, "and after"));
  CHECK_THROWS_AS(world.run(receive(*right)), Stuck);
  world.loop().advance(1h);
  const Instant mended = world.clock().now();
  world.mend(alice, bob);
  CHECK(world.run(receive(*right)) == "in flight ");
  CHECK(world.run(receive(*right)) == "and after");
  CHECK(world.clock().now() == mended + 10ms);
}

TEST_CASE_FIXTURE(TwoMachines, "dialing over a cut link times out, and leaves nothing at the other end") {
  const auto listener = listen(bob, 4001);
  world.cut(alice, bob);
  CHECK(end_of(world, dial(alice, bob, 4001)).stream.error() == Errc::kTimedOut);
  world.mend(alice, bob);
  CHECK_THROWS_AS(world.run(listener->accept()), Stuck);
}

TEST_CASE_FIXTURE(TwoMachines, "a shorter delay does not let bytes overtake") {
  auto [left, right] = world.run(connect(alice, bob));
  world.run(send(*left, "first"));
  world.set_delay(alice, bob, 1ms);
  world.run(send(*left, "second"));
  CHECK(world.run(receive(*right)) == "first");
  CHECK(world.run(receive(*right)) == "second");
}

TEST_CASE_FIXTURE(TwoMachines,
                  "a crash resets the peers, closes listeners, and the machine can start again") {
  auto listener = listen(bob, 4001);
  const auto dialed = world.run(dial(alice, bob, 4001));
  const auto accepted = world.run(listener->accept());
  bob.crash();
  CHECK(world.run(as_result(accepted->write({}))).error() == Errc::kReset);
  CHECK(world.run(as_result(listener->accept())).error() == Errc::kClosed);
  const Instant crashed = world.clock().now();
  CHECK(world.run(as_result(receive(*dialed))).error() == Errc::kReset);
  CHECK(world.clock().now() == crashed + 10ms);
  CHECK(end_of(world, dial(alice, bob, 4001)).stream.error() == Errc::kRefused);
  listener = listen(bob, 4001);
  CHECK(end_of(world, dial(alice, bob, 4001)).stream.has_value());
}

TEST_CASE_FIXTURE(TwoMachines, "bytes for a socket that is gone are answered with a reset") {
  auto [left, right] = world.run(connect(alice, bob));
  world.run(left->close_write());
  left.reset();
  CHECK(world.run(receive(*right)).empty());
  world.run(send(*right, "anybody there?"));
  world.loop().advance(20ms);
  CHECK(world.run(as_result(right->write({}))).error() == Errc::kReset);
}

TEST_CASE_FIXTURE(TwoMachines, "connections that nobody accepts are bounded, and reset with the listener") {
  auto listener = listen(bob, 4001);
  std::vector<std::unique_ptr<TcpStream>> streams;
  for (int i = 0; i < 128; ++i) streams.push_back(world.run(dial(alice, bob, 4001)));
  CHECK(end_of(world, dial(alice, bob, 4001)).stream.error() == Errc::kRefused);
  listener.reset();
  CHECK(world.run(as_result(receive(*streams.front()))).error() == Errc::kReset);
}

Task<void> accept_one(TcpListener& listener, std::unique_ptr<TcpStream>& stream) {
  stream = co_await listener.accept();
}

TEST_CASE_FIXTURE(TwoMachines, "accept and dial can be canceled") {
  const auto listener = listen(bob, 4001);
  std::unique_ptr<TcpStream> stream;
  TaskGroup group(world.loop().executor(), "test");
  group.spawn(accept_one(*listener, stream));
  world.loop().run_until_idle();
  world.run(group.close());
  CHECK(stream == nullptr);
  const auto limited = world.run(as_result(with_timeout(world.clock(), 15ms, dial(alice, bob, 4001))));
  CHECK(limited.error() == Errc::kTimedOut);
  CHECK_THROWS_AS(world.run(listener->accept()), Stuck);
  CHECK_FALSE(world.loop().busy());
}

TEST_CASE("machines have their own generators, and addresses of both kinds") {
  World world(1);
  Machine& alice = world.add_machine(
      "alice", {IpAddress::v4({192, 0, 2, 1}), value_or_throw(IpAddress::parse("2001:db8::1"))});
  Machine& bob = world.add_machine("bob", {value_or_throw(IpAddress::parse("2001:db8::2"))});
  CHECK(alice.env().random.u64() != bob.env().random.u64());
  CHECK(alice.env().network.interface_addresses().size() == 4);
  const auto listener = value_or_throw(bob.env().network.listen_tcp({IpAddress::v6({}), 4001}));
  CHECK(world.run(dial(alice, bob, 4001))->remote_endpoint().to_string() == "[2001:db8::2]:4001");
}

Task<void> hold(Machine& from, Machine& to) {
  const StreamPair pair = co_await connect(from, to);
  const auto listener = listen(to, 4001);
  const auto backlogged = co_await dial(from, to, 4001);
  Event never;
  co_await boost::asio::this_coro::throw_if_cancelled(false);
  for (;;) co_await never.wait_uncanceled();
}

TEST_CASE_FIXTURE(TwoMachines, "a world can be destroyed while tasks hold sockets") {
  CHECK_THROWS_AS(world.run(hold(alice, bob)), Stuck);
  SUBCASE("and packets are on their way") {}
  SUBCASE("and a link is cut") {
    world.cut(alice, bob);
  }
}

// Something of everything, steered by the machines' own randomness.
Task<void> chat(World& world, Machine& from, Machine& to) {
  Random& random = from.env().random;
  for (int i = 0; i < 20; ++i) {
    co_await world.clock().sleep_for(std::chrono::microseconds(random.below(100'000)));
    auto stream = co_await as_result(dial(from, to, static_cast<std::uint16_t>(4001 + random.below(2))));
    if (!stream) continue;
    const Bytes bytes(1 + random.below(1000));
    co_await (*stream)->write(bytes);
    if (random.below(2) == 0) co_await (*stream)->close_write();
  }
}

Task<void> serve(TcpListener& listener) {
  for (;;) {
    const auto stream = co_await listener.accept();
    Bytes received;
    const auto ending = co_await as_result(contract_tests::read_all(*stream, received, 1));
    if (ending) co_await stream->close_write();
  }
}

std::vector<std::string> trace_of(std::uint64_t seed) {
  World world(seed);
  Machine& alice = world.add_machine("alice");
  Machine& bob = world.add_machine("bob");
  Machine& carol = world.add_machine("carol");
  const auto listener = listen(carol, 4001);
  TaskGroup servers(world.loop().executor(), "servers");
  TaskGroup clients(world.loop().executor(), "clients");
  servers.spawn(serve(*listener));
  clients.spawn(chat(world, alice, carol));
  clients.spawn(chat(world, bob, carol));
  world.run(clients.join());
  world.run(servers.close());
  return world.trace();
}

TEST_CASE("the same seed gives the same trace, another seed another") {
  const auto trace = trace_of(42);
  CHECK(trace.size() > 100);
  CHECK(trace == trace_of(42));
  CHECK(trace != trace_of(43));
}

TEST_CASE_FIXTURE(TwoMachines, "the trace tells who did what, when") {
  const auto listener = listen(bob, 4001);
  auto stream = world.run(dial(alice, bob, 4001));
  const auto accepted = world.run(listener->accept());
  world.run(stream->close_write());
  stream.reset();
  world.run(accepted->close_write());
  world.trace("the end");
  CHECK(world.trace() == std::vector<std::string>{
                             "0.000000 bob listens on 0.0.0.0:4001",
                             "0.000000 alice dials 198.51.100.1:49152 > 198.51.100.2:4001",
                             "0.020000 alice connected 198.51.100.1:49152 > 198.51.100.2:4001",
                             "0.030000 bob accepted 198.51.100.2:4001 > 198.51.100.1:49152",
                             "0.030000 alice ended 198.51.100.1:49152 > 198.51.100.2:4001",
                             "0.030000 bob ended 198.51.100.2:4001 > 198.51.100.1:49152",
                             "0.030000 the end",
                         });
}

}  // namespace
}  // namespace warren::sim
