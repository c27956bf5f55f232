#include "warren/protocols/kad/kad.hpp"

#include <doctest/doctest.h>

#include "warren/protocols/kad/test_network.hpp"

using namespace warren;
using namespace warren::kad;
using namespace warren::kad::test;

TEST_CASE("twenty nodes that know one of them find each other by PeerID") {
  DhtNetwork net(20);
  for (std::size_t i = 0; i < net.size(); ++i) CHECK(net[i].kad.table().size() >= 15);
  for (std::size_t i = 1; i < net.size(); i += 3) {
    for (std::size_t j = 0; j < net.size(); j += 2) {
      if (i == j) continue;
      const auto found = net.run(as_result(net[i].kad.find_peer(net[j].id())));
      REQUIRE(found.has_value());
      CHECK(found->id == net[j].id());
      CHECK(std::ranges::find(found->addresses, net[j].info.addresses.front()) != found->addresses.end());
    }
  }
  const auto nobody = PeerId::from_public_key(PrivateKey::generate(KeyType::kEd25519, [](MutableBytes to) {
                                                std::ranges::fill(to, 99);
                                              }).public_key());
  CHECK(net.run(as_result(net[3].kad.find_peer(nobody))).error() == Errc::kNotFound);
}

TEST_CASE("the nearest peers are told nearest first, with the path of the lookup") {
  DhtNetwork net(24);
  const Bytes key = to_bytes("some key");
  LookupReport report;
  const auto closest = net.run(net[5].kad.closest_peers(key, &report));
  CHECK(closest.size() == 20);
  const Key target = Key::of(key);
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
