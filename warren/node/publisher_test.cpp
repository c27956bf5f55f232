#include "warren/node/publisher.hpp"

#include <doctest/doctest.h>

#include "warren/core/test_values.hpp"

namespace warren {

namespace {

using testing::address;

const Multiaddr kPublic = address("/ip4/31.1.0.1/udp/4001/quic-v1");
const Multiaddr kPrivate = address("/ip4/192.168.1.2/tcp/4001");
const Multiaddr kLoopback = address("/ip4/127.0.0.1/tcp/4001");
const Multiaddr kCircuit =
    address("/ip4/31.2.0.1/tcp/4001/p2p/12D3KooWAn77DQ4Xz3BcoEE8yA5nX6xTGNmD7EnsRmNuXmcF1chE/p2p-circuit");

using List = std::vector<Multiaddr>;

}  // namespace

TEST_CASE("private addresses stay at home when others can reach the node at better ones") {
  CHECK(worth_publishing({kPublic, kPrivate, kLoopback}, false) == List{kPublic});
  CHECK(worth_publishing({kPrivate, kCircuit, kLoopback}, false) == List{kCircuit});
}

TEST_CASE("who has nothing better publishes what it has") {
  CHECK(worth_publishing({kPrivate, kLoopback}, false) == List{kPrivate});
  CHECK(worth_publishing({kLoopback}, false) == List{kLoopback});
  CHECK(worth_publishing({}, false).empty());
}

TEST_CASE("in a private network private addresses are published beside public ones") {
  CHECK(worth_publishing({kPublic, kPrivate, kLoopback}, true) == List{kPublic, kPrivate});
  CHECK(worth_publishing({kLoopback}, true) == List{kLoopback});
}

}  // namespace warren
