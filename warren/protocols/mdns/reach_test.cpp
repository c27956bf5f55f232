#include "warren/protocols/mdns/reach.hpp"

#include <doctest/doctest.h>

#include "warren/protocols/mdns/test_values.hpp"

namespace warren::mdns {
namespace {

const NetworkInterface kCard{.name = "eth0",
                             .index = 2,
                             .multicast = true,
                             .addresses = {ip("192.0.2.7"), ip("fe80::1"), ip("2001:db8:1:2::7")}};

using Addresses = std::vector<Multiaddr>;

TEST_CASE("of our addresses, those of the card are told there") {
  const Addresses ours = {address("/ip4/192.0.2.7/tcp/4001"),
                          address("/ip4/192.0.2.8/tcp/4001"),
                          address("/ip4/127.0.0.1/tcp/4001"),
                          address("/ip6/2001:db8:1:2::7/udp/4001/quic-v1"),
                          address("/ip6/fe80::1/udp/4001/quic-v1"),
                          address("/dns4/example.com/tcp/4001"),
                          address("/ip4/192.0.2.7/tcp/4001/p2p/" + peer_of(1).to_string() + "/p2p-circuit")};
  CHECK(addresses_at(kCard, ours) == Addresses{ours[0], ours[3]});
}

TEST_CASE("of a neighbor's addresses, those that lead to networks around us are believed") {
  const Addresses near = {address("/ip4/10.1.2.3/tcp/4001"), address("/ip4/192.0.2.99/tcp/4001"),
                          address("/ip6/fd00::3/tcp/4001"), address("/ip6/2001:db8:1:2::9/tcp/4001"),
                          address("/ip4/203.0.113.5/tcp/4001")};
  const Addresses far = {address("/ip4/198.51.100.1/tcp/4001"),
                         address("/ip6/2001:db8:1:3::9/tcp/4001"),
                         address("/ip4/127.0.0.1/tcp/4001"),
                         address("/ip4/0.0.0.0/tcp/4001"),
                         address("/ip4/224.0.0.251/udp/5353"),
                         address("/ip6/fe80::9/tcp/4001"),
                         address("/dns/example.com/tcp/4001"),
                         address("/ip4/10.1.2.3/tcp/4001/p2p/" + peer_of(1).to_string() + "/p2p-circuit")};
  Addresses all = far;
  all.insert(all.end(), near.begin(), near.end());
  CHECK(addresses_near(kCard, ip("203.0.113.5"), all) == near);
}

}  // namespace
}  // namespace warren::mdns
