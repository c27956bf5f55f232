#include "warren/protocols/kad/kad.hpp"

#include <doctest/doctest.h>

#include "warren/protocols/kad/test_network.hpp"

using namespace warren;
using namespace warren::kad;
using namespace warren::kad::test;

// One network for what needs more than k nodes: its handshakes are most of the time that this takes.
TEST_CASE("nodes that know one of them find each other, and the nearest to a key") {
  DhtNetwork net(22);
  for (std::size_t i = 0; i < net.size(); ++i) CHECK(net[i].kad.table().size() >= 18);

  for (std::size_t i = 1; i < net.size(); i += 3) {
    DhtNode& other = net[(7 * i + 5) % net.size()];
    for (const ConnectionPtr& connection : net[i].node.host.connections(other.id())) connection->close();
    net.world.loop().advance(100ms);
    LookupReport report;
    const auto found = net.run(as_result(net[i].kad.find_peer(other.id(), &report)));
    REQUIRE(found.has_value());
    CHECK(found->id == other.id());
    CHECK(std::ranges::find(found->addresses, other.info.addresses.front()) != found->addresses.end());
    CHECK_FALSE(report.steps.empty());
  }
  const auto fill = [](MutableBytes to) { std::ranges::fill(to, 99); };
  const auto nobody = PeerId::from_public_key(PrivateKey::generate(KeyType::kEd25519, fill).public_key());
  CHECK(net.run(as_result(net[3].kad.find_peer(nobody))).error() == Errc::kNotFound);

  const Bytes key = to_bytes("some key");
  const Key target = Key::of(key);
  LookupReport report;
  const auto closest = net.run(net[5].kad.closest_peers(key, &report));
  CHECK(closest.size() == 20);
  CHECK(std::ranges::is_sorted(closest, {},
                               [&](const PeerInfo& peer) { return target.distance(Key::of(peer.id)); }));
  CHECK_FALSE(has(closest, net[5].id()));
  CHECK(report.steps.size() >= 20);
  CHECK(report.took > Duration::zero());
  CHECK(report.took < 2s);
}

TEST_CASE("a node alone has nobody to ask") {
  DhtNetwork net(1);
  CHECK(net.run(as_result(net[0].kad.closest_peers(to_bytes("key")))).error() == Errc::kNoPeers);
  CHECK(net.run(as_result(net[0].kad.get_value(toy_key("a")))).error() == Errc::kNoPeers);
}

TEST_CASE("a value is stored at the nearest and found by everybody, and the newer one wins") {
  DhtNetwork net(10);
  CHECK(net.run(net[2].kad.put_value(toy_key("news"), toy_value(1, "news"))) >= 9);
  CHECK(net.run(net[6].kad.get_value(toy_key("news"))) == toy_value(1, "news"));
  net.run(net[4].kad.put_value(toy_key("news"), toy_value(2, "news")));
  for (std::size_t i = 0; i < net.size(); i += 4) {
    CHECK(net.run(net[i].kad.get_value(toy_key("news"))) == toy_value(2, "news"));
  }
  // The old one does not come back, not even here.
  const auto old = net.run(as_result(net[4].kad.put_value(toy_key("news"), toy_value(1, "news"))));
  CHECK(old.error() == Errc::kOldRecord);
  CHECK(net.run(as_result(net[7].kad.get_value(toy_key("other")))).error() == Errc::kNotFound);
}

TEST_CASE("what a validator does not like is not published, and unknown namespaces are not looked for") {
  DhtNetwork net(3);
  auto& kad = net[1].kad;
  CHECK(net.run(as_result(kad.put_value(toy_key("a"), toy_value(1, "b")))).error() == Errc::kBadRecord);
  const Bytes unknown = record_key("unknown", as_bytes("a"));
  CHECK(net.run(as_result(kad.put_value(unknown, toy_value(1, "a")))).error() == Errc::kUnsupported);
  CHECK(net.run(as_result(kad.get_value(unknown))).error() == Errc::kUnsupported);
}

TEST_CASE("providers are announced and found with their addresses") {
  DhtNetwork net(10);
  const Bytes key = to_bytes("0123456789abcdef0123456789abcdef");
  CHECK(net.run(net[3].kad.find_providers(key)).empty());
  CHECK(net.run(net[7].kad.provide(key)) > 0);
  net.run(net[8].kad.provide(key));
  net.world.loop().advance(5s);
  const auto found = net.run(net[3].kad.find_providers(key));
  CHECK(found.size() == 2);
  CHECK(has(found, net[7].id()));
  CHECK(has(found, net[8].id()));
  for (const PeerInfo& provider : found) CHECK_FALSE(provider.addresses.empty());
  CHECK(net.run(net[4].kad.find_providers(key, 1)).size() == 1);
}
