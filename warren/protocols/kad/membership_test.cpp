// Who is in the routing tables, and for how long.
#include <doctest/doctest.h>

#include "warren/protocols/kad/address_policy.hpp"
#include "warren/protocols/kad/test_network.hpp"

using namespace warren;
using namespace warren::kad;
using namespace warren::kad::test;

namespace {

std::size_t tables_with(DhtNetwork& net, const PeerId& peer) {
  return static_cast<std::size_t>(std::ranges::count_if(
      net.nodes, [&](const auto& node) { return node && has(node->kad.table(), peer); }));
}

}  // namespace

TEST_CASE("a client asks and is in nobody's table, and can be found all the same") {
  DhtNetwork net(8);
  DhtNode& client = net.add(test_config(Mode::kClient));
  net.join(client);
  net.world.loop().advance(10s);
  CHECK(client.kad.table().size() == 8);
  CHECK(tables_with(net, client.id()) == 0);
  CHECK(net.run(client.kad.put_value(toy_key("a"), toy_value(1, "a"))) == 8);
  CHECK(net.run(net[5].kad.find_peer(client.id())).id == client.id());
}

TEST_CASE("a server that becomes a client leaves the tables, and comes back") {
  DhtNetwork net(6);
  CHECK(tables_with(net, net[3].id()) == 5);
  net[3].kad.set_mode(Mode::kClient);
  net.world.loop().advance(1min);
  CHECK(tables_with(net, net[3].id()) == 0);
  net[3].kad.set_mode(Mode::kServer);
  net.run(net[3].kad.closest_peers(to_bytes("key")));
  net.world.loop().advance(1min);
  CHECK(net.run(as_result(net[4].kad.probe(net[3].id()))).value());
  CHECK(tables_with(net, net[3].id()) > 0);
}

TEST_CASE("whose process was killed is out of all tables within a minute, and is not found any more") {
  DhtNetwork net(10);
  std::vector<std::error_code> reasons;
  const auto watch =
      net[2].kad.left().subscribe([&](const PeerId&, std::error_code reason) { reasons.push_back(reason); });
  const std::vector<PeerId> dead = {net[5].id(), net[7].id(), net[8].id()};
  net.crash(5);
  net.crash(7);
  net.crash(8);
  net.world.loop().advance(1min);
  for (const PeerId& peer : dead) {
    CHECK(tables_with(net, peer) == 0);
    CHECK_FALSE(net.run(as_result(net[3].kad.find_peer(peer))).has_value());
  }
  CHECK(reasons.size() == 3);
  CHECK(net[2].kad.table().size() == 6);
  const auto closest = net.run(net[1].kad.closest_peers(to_bytes(dead[0].bytes())));
  for (const PeerId& peer : dead) CHECK_FALSE(has(closest, peer));
}

TEST_CASE("who says goodbye leaves at once and is named to nobody, until it is back") {
  DhtNetwork net(6);
  std::error_code reason;
  const auto watch = net[0].kad.left().subscribe([&](const PeerId&, std::error_code why) { reason = why; });
  const PeerId leaving = net[4].id();
  net.run(net[4].close());
  net.nodes[4].reset();
  for (const auto& node : net.nodes) {
    if (node) node->kad.forget(leaving);
  }
  CHECK(reason == Errc::kClosed);
  CHECK(tables_with(net, leaving) == 0);
  CHECK(net.run(as_result(net[1].kad.find_peer(leaving))).error() == Errc::kNotFound);
}

TEST_CASE("a node that starts again finds the others without the one that it began with") {
  DhtNetwork net(8);
  sim::Machine& machine = net[5].node.machine;
  const PeerId before = net[5].id();
  net.run(net[5].close());
  net.nodes[5].reset();
  net.crash(0);
  net.nodes[5] = std::make_unique<DhtNode>(machine, *net.stores[5], test_config());
  const Instant started = net.world.clock().now();
  net.run(net[5].kad.start());
  CHECK(net[5].id() != before);  // only the table was kept
  net.world.loop().advance(2s);
  CHECK(net.run(net[2].kad.find_peer(net[5].id())).id == net[5].id());
  CHECK(net.world.clock().now() - started < 10s);
  CHECK(net[5].kad.table().size() == 6);
}

TEST_CASE("the first lookup begins with the first peer") {
  DhtNetwork net(6);
  DhtNode& late = net.add();
  CHECK(net.run(late.kad.stats()).lookups == 0);
  net.join(late);
  net.world.loop().advance(1s);
  CHECK(net.run(late.kad.stats()).lookups > 0);
  CHECK(late.kad.table().size() == 6);
}

TEST_CASE("what a node published before anybody was there is published when somebody comes") {
  DhtNetwork net(1);
  CHECK_FALSE(net.run(as_result(net[0].kad.put_value(toy_key("a"), toy_value(1, "a")))).has_value());
  DhtNode& other = net.add();
  net.join(other);
  net.world.loop().advance(5s);
  CHECK(net.stores[1]->record(toy_key("a"), net.world.clock().wall_now()).has_value());
}

TEST_CASE("who tells an older value is given the newer one") {
  DhtNetwork net(6);
  const WallTime now = net.world.clock().wall_now();
  const auto store = [&](std::size_t index, int serial) {
    const DhtRecord record{.key = toy_key("a"),
                           .value = toy_value(serial, "a"),
                           .received = now,
                           .expires = now + std::chrono::hours(1)};
    REQUIRE(net.stores[index]->put_record(record));
  };
  store(1, 3);
  store(2, 7);
  store(3, 5);
  CHECK(net.run(net[4].kad.get_value(toy_key("a"))) == toy_value(7, "a"));
  net.world.loop().advance(5s);
  CHECK(net.stores[1]->record(toy_key("a"), now)->value == toy_value(7, "a"));
  CHECK(net.stores[3]->record(toy_key("a"), now)->value == toy_value(7, "a"));
}

TEST_CASE("lookups can be canceled at any time, and a node closed in the middle of one") {
  DhtNetwork net(8);
  for (Duration limit = 1ms; limit < 200ms; limit += 7ms) {
    const auto done = net.run(as_result(with_timeout(
        net.world.clock(), limit, net[3].kad.closest_peers(to_bytes(std::to_string(limit.count()))))));
    CHECK((done || done.error() == Errc::kTimedOut));
  }
  net.run(as_result(with_timeout(net.world.clock(), 30ms, net[3].kad.provide(Bytes(32, 1)))));
}

TEST_CASE("only addresses that are of use where the other one is are told") {
  const auto address = [](std::string_view text) { return value_or_throw(Multiaddr::parse(text)); };
  const auto loopback = address("/ip4/127.0.0.1/tcp/1"), near = address("/ip4/10.0.0.1/tcp/1"),
             wide = address("/ip4/198.51.100.1/tcp/1"), name = address("/dns4/example.com/tcp/1");
  const std::vector<Multiaddr> all = {loopback, near, wide, name};
  using Scope = AddressScope;
  CHECK(allowed(AddressFilter::kAll, Scope::kLoopback, all) == all);
  CHECK(allowed(AddressFilter::kAll, Scope::kPrivate, all) == std::vector{near, wide, name});
  CHECK(allowed(AddressFilter::kAll, Scope::kPublic, all) == std::vector{wide, name});
  CHECK(allowed(AddressFilter::kPublic, Scope::kLoopback, all) == std::vector{wide, name});
  CHECK(allowed(AddressFilter::kLan, Scope::kPrivate, all) == std::vector{near, wide, name});
  CHECK(allowed(AddressFilter::kLan, Scope::kPublic, all).empty());
}
