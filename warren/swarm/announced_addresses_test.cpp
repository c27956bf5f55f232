#include "warren/swarm/announced_addresses.hpp"

#include <doctest/doctest.h>

#include "warren/swarm/test_addresses.hpp"
#include "warren/swarm/test_node.hpp"

using namespace warren;

namespace {

const std::string kRelayedPeer = "/p2p/12D3KooWD3eckifWpRn9wQpMG9R9hX3sD158z7EqHWmweQAJU5SA";
const Multiaddr kMapped = address("/ip4/203.0.113.7/tcp/4001");
const Multiaddr kCircuit = address("/ip4/198.51.100.1/tcp/1" + kRelayedPeer + "/p2p-circuit");

}  // namespace

TEST_CASE("what each source tells replaces what it told before; direct addresses come first") {
  AnnouncedAddresses announced;
  CHECK(announced.list().empty());
  CHECK(announced.set("a-relay", {kCircuit}));
  CHECK(announced.set("mapping", {kMapped, kMapped}));
  CHECK(announced.list() == std::vector{kMapped, kCircuit});
  CHECK_FALSE(announced.set("mapping", {kMapped}));
  CHECK_FALSE(announced.set("observed", {address(kMapped.to_string() + kRelayedPeer)}));
  CHECK_FALSE(announced.set("mapping", {}));  // it is still observed
  CHECK(announced.set("observed", {}));
  CHECK(announced.list() == std::vector{kCircuit});
  CHECK(announced.set("a-relay", {}));
  CHECK(announced.list().empty());
}

TEST_CASE("sources and their addresses are bounded") {
  AnnouncedAddresses announced;
  for (std::uint16_t source = 1; source <= 100; ++source) {
    std::vector<Multiaddr> many;
    for (std::uint16_t port = 1; port <= 100; ++port)
      many.push_back(address("/ip4/192.0.2." + std::to_string(source) + "/tcp/" + std::to_string(port)));
    announced.set(std::to_string(source), std::move(many));
  }
  CHECK(announced.list().size() == AnnouncedAddresses::kSourcesMax * AnnouncedAddresses::kPerSourceMax);
}

TEST_CASE("a host announces them after those of its interfaces, and tells when there is a change") {
  sim::World world{3};
  TestNode node(world.add_machine("node"));
  const Multiaddr own = node.listen().addresses.front();
  int changes = 0;
  const auto watch = node.host.events().addresses_changed.subscribe([&] { ++changes; });
  node.host.announce("relay", {kCircuit, own});
  CHECK(node.host.addresses() == std::vector{own, kCircuit});
  CHECK(changes == 1);
  node.host.announce("relay", {kCircuit, own});
  CHECK(changes == 1);
  node.host.announce("relay", {});
  CHECK(node.host.addresses() == std::vector{own});
  CHECK(changes == 2);
  world.run(node.host.close());
}
