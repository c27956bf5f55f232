// Which addresses come first, who is forgotten first, and what of it can be carried over a restart.
#include <doctest/doctest.h>

#include "warren/async/as_result.hpp"
#include "warren/swarm/peerstore.hpp"
#include "warren/swarm/test_addresses.hpp"
#include "warren/swarm/test_node.hpp"

using namespace warren;

namespace {

Multiaddr port_address(int port) {
  return value_or_throw(Multiaddr::parse("/ip4/192.0.2.1/tcp/" + std::to_string(port)));
}

std::vector<Multiaddr> ports(int first, int count) {
  std::vector<Multiaddr> addresses;
  for (int port = first; port < first + count; ++port) addresses.push_back(port_address(port));
  return addresses;
}

constexpr Instant kNextDay = Instant{} + 24h;

void report(MemoryPeerstore& store, const PeerId& peer, int port, Duration life = 1h) {
  store.add_addresses(peer, {port_address(port)}, AddressSource::kReported, kNextDay + life);
}

}  // namespace

TEST_CASE("certified addresses come before plain ones, and what worked before both") {
  MemoryPeerstore store;
  report(store, keyless_peer(1), 1);
  store.add_addresses(keyless_peer(1), {port_address(2)}, AddressSource::kIdentify, kNextDay + 1h);
  store.add_peer_record({keyless_peer(1), 1, {port_address(3)}}, kNextDay + 1h);
  CHECK(store.addresses(keyless_peer(1), kNextDay) ==
        std::vector{port_address(3), port_address(2), port_address(1)});

  store.note_dial(keyless_peer(1), port_address(1), true, kNextDay);
  CHECK(store.addresses(keyless_peer(1), kNextDay).front() == port_address(1));
  CHECK(store.known_addresses(keyless_peer(1), kNextDay).front().last_success == kNextDay);
  store.note_dial(keyless_peer(1), port_address(1), false, kNextDay);
  CHECK(store.addresses(keyless_peer(1), kNextDay) ==
        std::vector{port_address(3), port_address(2), port_address(1)});
  CHECK(store.known_addresses(keyless_peer(1), kNextDay).back().failures == 1);
  store.note_dial(keyless_peer(1), port_address(3), false, kNextDay);
  CHECK(store.addresses(keyless_peer(1), kNextDay) ==
        std::vector{port_address(2), port_address(1), port_address(3)});
  store.note_dial(keyless_peer(1), port_address(3), true, kNextDay);  // a success makes up for all failures
  CHECK(store.addresses(keyless_peer(1), kNextDay).front() == port_address(3));

  store.note_dial(keyless_peer(1), port_address(9), true, kNextDay);
  store.note_dial(keyless_peer(2), port_address(9), true, kNextDay);
  CHECK(store.addresses(keyless_peer(1), kNextDay).size() == 3);
  CHECK(store.peers() == std::vector{keyless_peer(1)});
}

TEST_CASE("a newer record keeps what is known of the addresses that stay") {
  MemoryPeerstore store;
  store.add_peer_record({keyless_peer(1), 1, {port_address(1), port_address(2)}}, kNextDay + 1h);
  store.note_dial(keyless_peer(1), port_address(1), true, kNextDay);
  CHECK(store.add_peer_record({keyless_peer(1), 2, {port_address(1), port_address(3)}}, kNextDay + 1h));
  CHECK(store.addresses(keyless_peer(1), kNextDay) == std::vector{port_address(1), port_address(3)});
  CHECK(store.known_addresses(keyless_peer(1), kNextDay).front().last_success == kNextDay);
}

TEST_CASE("a flood of reported addresses displaces neither certified ones nor such that worked") {
  MemoryPeerstore store({.addresses_per_peer_max = 4});
  store.add_peer_record({keyless_peer(1), 1, {port_address(1)}}, kNextDay + 1s);
  report(store, keyless_peer(1), 2, 1s);
  store.note_dial(keyless_peer(1), port_address(2), true, kNextDay);
  store.add_addresses(keyless_peer(1), ports(1000, 1000), AddressSource::kReported, kNextDay + 48h);
  const auto kept = store.addresses(keyless_peer(1), kNextDay);
  CHECK(kept.size() == 4);
  CHECK(kept[0] == port_address(2));
  CHECK(kept[1] == port_address(1));

  // A certified address has the place of a reported one, and of an expired one, whatever that was worth.
  store.add_addresses(keyless_peer(1), ports(1, 4), AddressSource::kConnected, kNextDay + 1s);
  store.add_peer_record({keyless_peer(1), 2, {port_address(10)}}, kNextDay + 48h);
  CHECK(store.addresses(keyless_peer(1), kNextDay + 2s).empty());
  for (const int port : {1, 2, 3, 4}) store.note_dial(keyless_peer(1), port_address(port), true, kNextDay);
  store.expire(kNextDay + 2s);  // they stay: they worked lately
  CHECK(store.take_changes(1).changed.front().addresses.size() == 4);
  store.add_peer_record({keyless_peer(1), 3, {port_address(10)}}, kNextDay + 48h);
  CHECK(store.addresses(keyless_peer(1), kNextDay + 2s) == std::vector{port_address(10)});
}

TEST_CASE("a flood of peers known by hearsay pushes out none that were met") {
  MemoryPeerstore store({.peers_max = 100});
  for (std::uint16_t number = 0; number < 60; ++number) store.set_description(keyless_peer(number), {});
  report(store, keyless_peer(60), 1);
  store.note_dial(keyless_peer(60), port_address(1), true, kNextDay);
  for (std::uint16_t number = 1000; number < 3000; ++number) {
    report(store, keyless_peer(number), 1);
    store.add_peer_record({keyless_peer(number), 1, ports(1, 3)}, kNextDay + 1h);
  }
  CHECK(store.peers().size() == 100);
  for (std::uint16_t number = 0; number < 60; ++number) CHECK(store.description(keyless_peer(number)));
  CHECK(!store.addresses(keyless_peer(60), kNextDay).empty());
  CHECK(store.peer_record_seq(keyless_peer(2999)));

  // Those met do not keep strangers out, either: a quarter is theirs.
  for (std::uint16_t number = 100; number < 400; ++number) store.set_description(keyless_peer(number), {});
  CHECK(store.peers().size() == 100);
  CHECK(store.peer_record_seq(keyless_peer(2999)));
  CHECK_FALSE(store.description(keyless_peer(0)));
}

TEST_CASE("keys and security count as bytes") {
  Limit peers("p", "", 10), bytes("b", "", 5000), addresses("a", "", 10);
  MemoryPeerstore store;
  store.account(peers, bytes, addresses);
  store.set_security(keyless_peer(1), ProtocolId(3000, 'x'));
  CHECK(bytes.used() > 3000);
  store.set_security(keyless_peer(2), ProtocolId(3000, 'x'));
  CHECK(store.peers() == std::vector{keyless_peer(2)});
  const auto key = PrivateKey::generate(KeyType::kRsa, {}).public_key();
  const auto before = bytes.used();
  store.set_key(key);
  CHECK(bytes.used() >= before + 256);
  CHECK(store.key(PeerId::from_public_key(key)) == key);
  store.forget(PeerId::from_public_key(key));
  store.forget(keyless_peer(2));
  CHECK(bytes.used() == 0);
  CHECK(peers.used() == 0);
  CHECK_FALSE(store.key(PeerId::from_public_key(key)));
}

TEST_CASE("changes are taken once, in parts, and survive in another store") {
  MemoryPeerstore store({.peers_max = 3});
  CHECK(store.take_changes(10).empty());
  store.add_peer_record({keyless_peer(1), 7, {port_address(1)}}, kNextDay + 1h);
  store.note_dial(keyless_peer(1), port_address(1), false, kNextDay);
  store.set_description(keyless_peer(1),
                        {.protocols = {"/x"}, .agent_version = "a", .protocol_version = "p"});
  store.set_security(keyless_peer(1), "/noise");
  store.note_latency(keyless_peer(1), 80ms);
  store.note_latency(keyless_peer(1), 160ms);
  store.set_description(keyless_peer(2), {});
  PeerChanges first = store.take_changes(1);
  CHECK(first.changed.size() == 1);
  CHECK(store.take_changes(10).changed.size() == 1);
  CHECK(store.take_changes(10).empty());

  MemoryPeerstore other({.peers_max = 3});
  report(other, keyless_peer(1), 5);
  other.restore(std::move(first.changed.front()));
  CHECK(other.addresses(keyless_peer(1), kNextDay) == std::vector{port_address(5), port_address(1)});
  CHECK(other.known_addresses(keyless_peer(1), kNextDay).back().failures == 1);
  CHECK(other.peer_record_seq(keyless_peer(1)) == 7);
  CHECK(other.description(keyless_peer(1))->agent_version == "a");
  CHECK(other.security(keyless_peer(1)) == "/noise");
  CHECK(other.latency(keyless_peer(1)) == 90ms);

  // What is restored is no change; that it is forgotten is one, once it was taken or restored.
  CHECK(other.take_changes(10).changed.size() == 1);  // the report
  store.set_description(keyless_peer(3), {});
  store.set_description(keyless_peer(4), {});
  store.set_description(keyless_peer(5), {});
  store.set_description(keyless_peer(6), {});  // peer 3 was never taken
  PeerChanges later = store.take_changes(10);
  CHECK(later.changed.size() == 3);
  CHECK(later.forgotten == std::vector{keyless_peer(1), keyless_peer(2)});
  store.forget(keyless_peer(6));
  store.set_description(keyless_peer(6), {});  // back before anybody was told
  later = store.take_changes(10);
  CHECK(later.forgotten.empty());
  CHECK(later.changed.size() == 1);
}

TEST_CASE("an archived record brings nothing back once a newer one is there") {
  MemoryPeerstore store;
  store.add_peer_record({keyless_peer(1), 8, {port_address(2)}}, kNextDay + 1h);
  KnownPeer old{.id = keyless_peer(1), .addresses = {}, .record_seq = 7};
  old.addresses.push_back(
      {.address = port_address(1), .source = AddressSource::kPeerRecord, .expires = kNextDay + 1h});
  store.restore(old);
  CHECK(store.addresses(keyless_peer(1), kNextDay) == std::vector{port_address(2)});
  CHECK(store.peer_record_seq(keyless_peer(1)) == 8);
}

TEST_CASE("dials and connections tell the peerstore") {
  sim::World world(51);
  TestNode alice(world.add_machine("alice"));
  TestNode bob(world.add_machine("bob"));
  const Multiaddr dead = value_or_throw(Multiaddr::parse("/ip4/198.51.100.2/tcp/2"));
  for (const bool quic : {false, true}) {
    PeerInfo info = quic ? bob.listen_quic() : bob.listen();
    const Multiaddr good = info.addresses.front();
    info.addresses.push_back(dead);
    const ConnectionPtr connection = world.run(alice.host.connect(info));
    world.loop().advance(1s);
    std::map<Multiaddr, KnownAddress> known;
    for (const auto& each : alice.peerstore.known_addresses(info.id, world.clock().now()))
      known[each.address] = each;
    CHECK(known.at(good).source == AddressSource::kConnected);
    CHECK(known.at(good).last_success);
    CHECK(!known.at(dead).last_success);
    if (quic) {
      CHECK(alice.peerstore.latency(info.id).value_or(0ms) >= 20ms);
      CHECK(bob.peerstore.latency(alice.host.peer_id()).value_or(0ms) >= 20ms);
    }
    connection->close();
    world.loop().advance(1s);
  }
  PeerInfo gone{bob.host.peer_id(), {}};
  world.run(bob.host.close());
  CHECK(!world.run(as_result(alice.host.connect(gone))));
  for (const auto& each : alice.peerstore.known_addresses(gone.id, world.clock().now()))
    CHECK(each.failures > 0);
  world.run(alice.host.close());
}
