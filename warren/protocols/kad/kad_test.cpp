#include "warren/protocols/kad/kad.hpp"

#include <doctest/doctest.h>

#include "warren/protocols/kad/test_network.hpp"
#include "warren/sim/crowd.hpp"
#include "warren/sim/host.hpp"

using namespace warren;
using namespace warren::kad;
using namespace warren::kad::test;

namespace {

// Many nodes on hosts without cryptography.
struct CrowdedNetwork {
  struct Member {
    explicit Member(sim::Crowd& crowd)
        : host(crowd.add_host()), kad(*host, test_config(), toy_validators(), store) {}
    std::unique_ptr<sim::PlainHost> host;
    MemoryDhtStore store;
    Kad kad;
  };

  explicit CrowdedNetwork(std::size_t count) {
    for (std::size_t i = 0; i < count; ++i) {
      members.push_back(std::make_unique<Member>(crowd));
      run(members.back()->kad.start());
      if (i > 0) run(host(i).connect({host(0).peer_id(), host(0).addresses()}));
    }
    crowd.loop().advance(10s);
  }
  ~CrowdedNetwork() {
    for (const auto& member : members) {
      run(member->kad.close());
      run(member->host->close());
    }
  }
  sim::PlainHost& host(std::size_t index) { return *members[index]->host; }
  Kad& kad(std::size_t index) { return members[index]->kad; }
  template <class T>
  T run(Task<T> task) {
    return crowd.loop().run(std::move(task));
  }

  sim::Crowd crowd{{.seed = 11}};
  std::vector<std::unique_ptr<Member>> members;
};

}  // namespace

TEST_CASE("nodes that know one of them find each other, and the nearest to a key") {
  CrowdedNetwork net(26);
  for (std::size_t i = 0; i < 26; i += 3) {
    sim::PlainHost& other = net.host((7 * i + 11) % 26);
    LookupReport report;
    const auto found = net.run(as_result(net.kad(i).find_peer(other.peer_id(), &report)));
    REQUIRE(found.has_value());
    CHECK(found->id == other.peer_id());
    CHECK(std::ranges::find(found->addresses, other.addresses().front()) != found->addresses.end());
    CHECK(report.hops <= 3);
  }
  const auto fill = [](MutableBytes to) { std::ranges::fill(to, 99); };
  const auto nobody = PeerId::from_public_key(PrivateKey::generate(KeyType::kEd25519, fill).public_key());
  CHECK(net.run(as_result(net.kad(3).find_peer(nobody))).error() == Errc::kNotFound);

  const Bytes key = to_bytes("some key");
  const Key target = Key::of(key);
  const auto distance = [&](const PeerId& peer) { return target.distance(Key::of(peer)); };
  std::vector<PeerId> nearest;
  for (std::size_t i = 0; i < 26; ++i) {
    if (i != 5) nearest.push_back(net.host(i).peer_id());
  }
  std::ranges::sort(nearest, {}, distance);
  nearest.resize(20);
  LookupReport report;
  const auto closest = net.run(net.kad(5).closest_peers(key, &report));
  REQUIRE(closest.size() == 20);
  std::size_t right = 0;
  for (const PeerInfo& peer : closest) right += has(nearest, peer.id) ? 1 : 0;
  CHECK(right >= 19);
  CHECK(std::ranges::is_sorted(closest, {}, [&](const PeerInfo& peer) { return distance(peer.id); }));
  CHECK(report.steps.size() >= 20);
  CHECK(report.took > Duration::zero());
  CHECK(report.took < 3s);
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
