#include "warren/swarm/peerstore.hpp"

#include <doctest/doctest.h>

#include "warren/swarm/interface_addresses.hpp"
#include "warren/swarm/test_addresses.hpp"

using namespace warren;

namespace {

std::vector<Multiaddr> tcp_ports(int first, int count) {
  std::vector<Multiaddr> addresses;
  for (int port = first; port < first + count; ++port) {
    addresses.push_back(address("/ip4/192.0.2.1/tcp/" + std::to_string(port)));
  }
  return addresses;
}

constexpr Instant kBegin{};

}  // namespace

TEST_CASE("addresses come back most trusted first, until they expire") {
  MemoryPeerstore store;
  const auto reported = address("/ip4/192.0.2.1/tcp/1");
  const auto connected = address("/ip4/192.0.2.1/tcp/2");
  store.add_addresses(peer_of(1), {reported}, AddressSource::kReported, kBegin + 10s);
  store.add_addresses(peer_of(1), {connected}, AddressSource::kConnected, kBegin + 5s);
  CHECK(store.addresses(peer_of(1), kBegin) == std::vector{connected, reported});
  CHECK(store.addresses(peer_of(1), kBegin + 6s) == std::vector{reported});
  CHECK(store.addresses(peer_of(1), kBegin + 10s).empty());
  CHECK(store.addresses(peer_of(2), kBegin).empty());

  store.add_addresses(peer_of(1), {reported}, AddressSource::kReported,
                      kBegin + 1s);  // a longer life wins
  CHECK(store.addresses(peer_of(1), kBegin + 9s) == std::vector{reported});
}

TEST_CASE("a newer peer record replaces an older one's addresses, never the other way") {
  MemoryPeerstore store;
  CHECK(store.add_peer_record({peer_of(1), 7, tcp_ports(1, 2)}, kBegin + 1h));
  CHECK_FALSE(store.add_peer_record({peer_of(1), 7, tcp_ports(10, 1)}, kBegin + 1h));
  CHECK_FALSE(store.add_peer_record({peer_of(1), 6, tcp_ports(10, 1)}, kBegin + 1h));
  CHECK(store.addresses(peer_of(1), kBegin) == tcp_ports(1, 2));
  CHECK(store.add_peer_record({peer_of(1), 8, tcp_ports(10, 1)}, kBegin + 1h));
  CHECK(store.addresses(peer_of(1), kBegin) == tcp_ports(10, 1));
  CHECK(store.peer_record_seq(peer_of(1)) == 8);
}

TEST_CASE("how a peer is secured is remembered until it is forgotten or changes") {
  MemoryPeerstore store({.peers_max = 2, .addresses_per_peer_max = 4});
  CHECK_FALSE(store.security(peer_of(1)));
  store.set_security(peer_of(1), "/tls/1.0.0");
  CHECK(store.security(peer_of(1)) == "/tls/1.0.0");
  store.set_security(peer_of(1), "/noise");
  CHECK(store.security(peer_of(1)) == "/noise");
  for (std::uint8_t number = 2; number <= 3; ++number) store.set_security(peer_of(number), "/noise");
  CHECK_FALSE(store.security(peer_of(1)));
}

TEST_CASE("a flood of addresses pushes out neither other peers nor better addresses") {
  MemoryPeerstore store({.peers_max = 3, .addresses_per_peer_max = 4});
  store.add_addresses(peer_of(1), tcp_ports(1, 1), AddressSource::kConfigured, kBegin + 1s);
  store.add_addresses(peer_of(1), tcp_ports(1000, 5000), AddressSource::kIdentify, kBegin + 1h);
  const auto kept = store.addresses(peer_of(1), kBegin);
  CHECK(kept.size() == 4);
  CHECK(kept.front() == tcp_ports(1, 1).front());
}

TEST_CASE("a flood of peers forgets those that were not heard of for longest") {
  MemoryPeerstore store({.peers_max = 3, .addresses_per_peer_max = 4});
  for (std::uint8_t number = 1; number <= 3; ++number) store.set_description(peer_of(number), {});
  store.set_description(peer_of(1), {.protocols = {}, .agent_version = "again", .protocol_version = {}});
  store.set_description(peer_of(4), {});
  CHECK(store.peers().size() == 3);
  CHECK_FALSE(store.description(peer_of(2)));
  CHECK(store.description(peer_of(1))->agent_version == "again");
}

TEST_CASE("peers that say much of themselves are remembered in little") {
  constexpr std::size_t kBytes = 100'000;
  MemoryPeerstore store({.bytes_max = kBytes});
  Limit peers("peers", "", 1000);
  Limit bytes("bytes", "", kBytes);
  Limit addresses("addresses", "", 1000);
  store.account(peers, bytes, addresses);
  const std::vector<ProtocolId> protocols(256, ProtocolId(250, 'x'));
  for (std::uint8_t number = 1; number <= 20; ++number) {
    store.set_description(peer_of(number),
                          {.protocols = protocols, .agent_version = {}, .protocol_version = {}});
    store.add_addresses(peer_of(number), tcp_ports(1, 20), AddressSource::kIdentify, kBegin + 1h);
    CHECK(bytes.used() <= kBytes);
  }
  CHECK(store.peers() == std::vector{peer_of(20)});
  CHECK(store.description(peer_of(20))->protocols.size() == 256);
  CHECK(peers.used() == 1);
  CHECK(bytes.use().refused == 19);

  // What is replaced is not counted twice.
  store.set_description(peer_of(20), {});
  CHECK(bytes.used() < 2000);
}

TEST_CASE("the node's limits hold for the store, and it keeps their account") {
  Limit peers("peerstore_peers_max", "", 2);
  Limit bytes("peerstore_bytes_max", "", 1'000'000);
  Limit addresses("peerstore_addresses_per_peer_max", "", 3);
  MemoryPeerstore store;
  store.account(peers, bytes, addresses);
  store.add_addresses(peer_of(1), tcp_ports(1, 5), AddressSource::kIdentify, kBegin + 1h);
  CHECK(store.addresses(peer_of(1), kBegin).size() == 3);
  CHECK(addresses.used() == 3);
  CHECK(addresses.use().refused == 2);
  store.add_peer_record({peer_of(2), 1, tcp_ports(1, 2)}, kBegin + 1h);
  CHECK(peers.used() == 2);
  store.set_description(peer_of(3), {});  // peer 1 is forgotten
  CHECK(peers.used() == 2);
  CHECK(peers.use().refused == 1);
  CHECK(addresses.used() == 2);
  store.add_peer_record({peer_of(2), 2, tcp_ports(1, 1)}, kBegin + 1h);
  CHECK(addresses.used() == 1);
}

TEST_CASE("unspecified addresses become concrete ones, loopback last") {
  const std::vector<IpAddress> interfaces = {*IpAddress::parse("127.0.0.1"), *IpAddress::parse("192.0.2.5"),
                                             *IpAddress::parse("::1"), *IpAddress::parse("fe80::1"),
                                             *IpAddress::parse("2001:db8::5")};
  const auto concrete = concrete_addresses(
      {address("/ip4/0.0.0.0/tcp/4001"), address("/ip6/::/tcp/4001"), address("/ip4/192.0.2.5/tcp/4001")},
      interfaces);
  CHECK(concrete == std::vector{address("/ip4/192.0.2.5/tcp/4001"), address("/ip6/2001:db8::5/tcp/4001"),
                                address("/ip4/127.0.0.1/tcp/4001"), address("/ip6/::1/tcp/4001")});
}
