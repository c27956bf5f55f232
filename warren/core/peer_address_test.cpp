#include "warren/core/peer_address.hpp"

#include <doctest/doctest.h>

#include "warren/core/test_values.hpp"

using namespace warren;
using namespace warren::testing;

TEST_CASE("an address names its peer, also one behind a relay") {
  const std::string bob = "/p2p/" + peer_of(1).to_string();
  const std::string relay = "/ip4/192.0.2.1/tcp/4001/p2p/" + peer_of(2).to_string();
  const auto direct = peer_at("/ip4/192.0.2.9/tcp/4001" + bob);
  REQUIRE(direct);
  CHECK(direct->id == peer_of(1));
  CHECK(direct->addresses == std::vector{address("/ip4/192.0.2.9/tcp/4001")});
  const auto relayed = peer_at(relay + "/p2p-circuit" + bob);
  REQUIRE(relayed);
  CHECK(relayed->id == peer_of(1));
  CHECK(relayed->addresses == std::vector{address(relay + "/p2p-circuit")});
}

TEST_CASE("an address that names nobody") {
  CHECK(peer_at("/ip4/192.0.2.9/tcp/4001").error() == Errc::kBadAddress);
  CHECK_FALSE(peer_at("/ip4/192.0.2.9/tcp/"));
}
