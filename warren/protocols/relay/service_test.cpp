// A relay among peers at addresses of all kinds: who gets what, how circuits carry, and how they end.
#include "warren/protocols/relay/test_relay.hpp"
#include "warren/protocols/relay/voucher.hpp"

using namespace warren;
using namespace warren::relay;
using namespace warren::testing;

namespace {

struct LimitedRelay {
  Limit all{"relay_reservations_max", "", 20};
  Limit per_ip{"relay_reservations_per_ip_max", "", 3};
  Limit per_network{"relay_reservations_per_network_max", "", 5};
  Limit circuits{"relay_circuits_max", "", 3};
  Limit per_peer{"relay_circuits_per_peer_max", "", 2};
  RelayTest relay{{}, {&all, &per_ip, &per_network, &circuits, &per_peer}};
};

const std::string kReset = make_error_code(Errc::kReset).message();

}  // namespace

TEST_CASE_FIXTURE(RelayTest,
                  "a reservation is granted with its voucher, its limits and the relay's addresses") {
  const auto answer = value_or_throw(say(alice, hex("020800")));  // RESERVE, byte by byte
  CHECK(answer.type == HopMessage::Type::kStatus);
  CHECK(answer.status == Status::kOk);
  CHECK(answer.limit == CircuitLimits{2min, 128 * 1024});
  REQUIRE(answer.reservation);
  const auto self = Multiaddr::of({{Protocol::kP2p, to_bytes(host.peer_id().bytes())}});
  CHECK(answer.reservation->addresses == std::vector{host.listens_at.front().encapsulate(self)});
  const WallTime now = world.clock().wall_now();
  const auto voucher = check_voucher(answer.reservation->voucher, host.peer_id(), alice->remote_peer(), now);
  REQUIRE(voucher);
  CHECK(voucher->expires == answer.reservation->expires);
  CHECK(voucher->expires == static_cast<std::uint64_t>(unix_ms(now) / 1000 + 3600));
  CHECK(host.protected_peers == std::vector{alice->remote_peer()});

  world.loop().advance(30min);
  CHECK(reserve(alice) == Status::kOk);
  CHECK(host.protected_peers.size() == 1);
  CHECK(service.counters().reservations_made == 1);
  world.loop().advance(45min);
  CHECK(service.counters().reservations == 1);
  world.loop().advance(15min);
  CHECK(service.counters().reservations == 0);
  CHECK(host.protected_peers.empty());

  service.set_addresses({value_or_throw(Multiaddr::parse("/dns4/relay.example/tcp/443"))});
  CHECK(say(alice, framed(HopMessage{}))->reservation->addresses.front().to_string() ==
        "/dns4/relay.example/tcp/443/p2p/" + host.peer_id().to_string());
}

TEST_CASE_FIXTURE(RelayTest, "a circuit carries both ways, and its ends are passed on") {
  CHECK(reserve(alice) == Status::kOk);
  REQUIRE(open_circuit() == Status::kOk);
  CHECK(at_connect.limit == CircuitLimits{2min, 128 * 1024});
  const auto stop = value_or_throw(decode_stop(invitation));
  CHECK(stop.type == StopMessage::Type::kConnect);
  CHECK(stop.peer == Peer{bob->remote_peer(), {}});
  CHECK(stop.limit == at_connect.limit);
  write(*at_bob, "hello");
  CHECK(read(*at_alice) == "hello");
  write(*at_alice, "good day");
  CHECK(read(*at_bob) == "good day");
  CHECK(service.counters().circuits == 1);
  world.run(at_bob->close_write());
  CHECK(read(*at_alice).empty());
  write(*at_alice, "still here");
  CHECK(read(*at_bob) == "still here");
  world.run(at_alice->close_write());
  CHECK(read(*at_bob).empty());
  world.loop().run_until_idle();
  CHECK(service.counters().circuits == 0);
  CHECK(service.counters().bytes_relayed == 23);
  CHECK(service.counters().circuits_ended_by_limit == 0);
}

TEST_CASE("a circuit ends at its time, to the instant, and by a reset of both sides") {
  RelayTest relay({.reservation_life = 1h, .circuit = {.time_max = 30s, .bytes_max = 0}});
  CHECK(relay.reserve(relay.alice) == Status::kOk);
  REQUIRE(relay.open_circuit() == Status::kOk);
  relay.world.loop().advance(30s - 1ns);
  relay.write(*relay.at_bob, "in time");
  CHECK(relay.read(*relay.at_alice) == "in time");
  relay.world.loop().advance(Duration(1ns));
  CHECK(relay.read(*relay.at_alice) == kReset);
  CHECK(relay.read(*relay.at_bob) == kReset);
  CHECK(relay.service.counters().circuits_ended_by_limit == 1);
  CHECK(relay.service.counters().circuits == 0);
}

TEST_CASE("a circuit ends when one side sends more than it may") {
  RelayTest relay({.reservation_life = 1h, .circuit = {.time_max = {}, .bytes_max = 1000}});
  CHECK(relay.reserve(relay.alice) == Status::kOk);
  REQUIRE(relay.open_circuit() == Status::kOk);
  relay.write(*relay.at_bob, std::string(1000, 'x'));
  CHECK(relay.read(*relay.at_alice) == std::string(1000, 'x'));
  relay.world.loop().advance(10min);
  CHECK(relay.service.counters().circuits == 1);
  relay.write(*relay.at_bob, "x");
  CHECK(relay.read(*relay.at_alice) == kReset);
  CHECK(relay.read(*relay.at_bob) == kReset);
  CHECK(relay.service.counters().circuits_ended_by_limit == 1);
  CHECK(relay.service.counters().bytes_relayed == 1000);
}

TEST_CASE_FIXTURE(RelayTest, "who is not reached through us is told so, and nobody is dialed") {
  CHECK(open_circuit() == Status::kNoReservation);
  CHECK(status_of(bob, framed(connect_to(keyless_peer(77)))) == Status::kNoReservation);
  CHECK(status_of(bob, framed(connect_to(host.peer_id()))) == Status::kNoReservation);
  CHECK(reserve(alice) == Status::kOk);
  CHECK(status_of(alice, framed(connect_to(alice->remote_peer()))) == Status::kConnectionFailed);
  CHECK(open_circuit(framed(stop_status(Status::kConnectionFailed))) == Status::kConnectionFailed);
  CHECK(open_circuit(framed(StopMessage{})) == Status::kConnectionFailed);
  CHECK(open_circuit(hex("03ffffff")) == Status::kConnectionFailed);
  CHECK(open_circuit(hex("ffffffff0f")) == Status::kConnectionFailed);
  const Instant began = world.clock().now();
  CHECK(open_circuit({}) == Status::kConnectionFailed);  // silence
  CHECK(world.clock().now() - began <= kStopTimeout + 1s);
  alice->refuses_streams = true;
  CHECK(open_circuit() == Status::kConnectionFailed);
  alice->refuses_streams = false;
  CHECK(open_circuit() == Status::kOk);
  CHECK(service.counters().circuits_refused == 10);
}

TEST_CASE_FIXTURE(RelayTest, "reservations end with the connection, and circuits of either side do") {
  CHECK(reserve(alice) == Status::kOk);
  REQUIRE(open_circuit() == Status::kOk);
  const Link second = host.come(1, "/ip4/192.0.2.1/udp/4001/quic-v1");
  host.go(second);
  CHECK(service.counters().reservations == 1);
  const Link circuit =
      host.come(1, "/ip4/203.0.113.9/tcp/1/p2p/" + keyless_peer(9).to_string() + "/p2p-circuit");
  host.go(bob);
  CHECK(read(*at_alice) == kReset);
  CHECK(service.counters().circuits == 0);
  CHECK(service.counters().reservations == 1);
  // A circuit is no way to be reached.
  host.go(alice);
  CHECK(service.counters().reservations == 0);
  CHECK(host.protected_peers.empty());
  bob = host.come(2, kBob);
  CHECK(status_of(bob, framed(connect_to(keyless_peer(1)))) == Status::kNoReservation);
}

TEST_CASE_FIXTURE(RelayTest, "nothing is granted over a circuit, nor asked") {
  const std::string through = "/ip4/203.0.113.9/tcp/1/p2p/" + keyless_peer(9).to_string() + "/p2p-circuit";
  const Link far = host.come(3, through);
  CHECK(reserve(far) == Status::kPermissionDenied);
  CHECK(reserve(alice) == Status::kOk);
  CHECK(status_of(far, framed(connect_to(alice->remote_peer()))) == Status::kPermissionDenied);
}

TEST_CASE_FIXTURE(RelayTest, "peers at private and local addresses get no reservation") {
  for (const std::string_view address :
       {"/ip4/127.0.0.1/tcp/1", "/ip4/10.1.2.3/tcp/1", "/ip4/192.168.1.7/udp/1/quic-v1",
        "/ip4/172.16.0.1/tcp/1", "/ip4/100.64.0.1/tcp/1", "/ip4/169.254.169.254/tcp/1", "/ip6/::1/tcp/1",
        "/ip6/fe80::1/tcp/1", "/ip6/fd00::1/tcp/1", "/ip6/::ffff:127.0.0.1/tcp/1",
        "/ip6/::ffff:10.0.0.1/tcp/1", "/ip4/0.0.0.0/tcp/1", "/memory/7"}) {
    INFO(address);
    CHECK(reserve(host.come(10, address)) == Status::kPermissionDenied);
  }
  CHECK(reserve(host.come(10, "/ip6/2001:db8::1/tcp/1")) == Status::kOk);
  CHECK(service.counters().reservations_refused == 13);
}

TEST_CASE("in a network of one's own they do, and are not counted by address") {
  Limit per_ip("", "", 1);
  RelayTest relay({.reservation_life = 1h, .circuit = {}, .private_networks = true},
                  {.reservations_per_ip = &per_ip});
  for (std::uint32_t i = 10; i < 40; ++i) {
    CHECK(relay.reserve(relay.host.come(i, "/ip4/127.0.0.1/tcp/1")) == Status::kOk);
  }
  const auto answer = value_or_throw(relay.say(relay.alice, framed(HopMessage{})));
  CHECK(answer.limit == CircuitLimits{});
  CHECK(answer.reservation->addresses.size() == 2);
}

TEST_CASE_FIXTURE(LimitedRelay, "reservations are bounded, and who has one keeps it") {
  std::vector<RelayTest::Link> holders;
  std::uint32_t next = 100;
  const auto reserve_from = [&](const std::string& address) {
    holders.push_back(relay.host.come(next++, "/ip4/" + address + "/tcp/1"));
    return relay.reserve(holders.back());
  };
  for (int i = 0; i < 3; ++i) CHECK(reserve_from("203.0.113.1") == Status::kOk);
  CHECK(reserve_from("203.0.113.1") == Status::kReservationRefused);
  CHECK(per_ip.use().refused == 1);
  CHECK(reserve_from("203.0.113.2") == Status::kOk);
  CHECK(reserve_from("203.0.113.3") == Status::kOk);
  CHECK(reserve_from("203.0.113.4") == Status::kReservationRefused);
  CHECK(per_network.use().refused == 1);
  for (int i = 0; i < 15; ++i) CHECK(reserve_from("11.0." + std::to_string(i) + ".1") == Status::kOk);
  CHECK(reserve_from("11.0.99.1") == Status::kReservationRefused);
  CHECK(all.use().refused == 1);
  CHECK(relay.reserve(holders.front()) == Status::kOk);
  // Another one's end makes room.
  relay.host.go(holders.front());
  CHECK(reserve_from("11.0.99.1") == Status::kOk);
  relay.host.protected_max = relay.host.protected_peers.size();
  relay.host.go(holders[1]);
  relay.host.protected_max -= 1;
  CHECK(reserve_from("11.0.98.1") == Status::kReservationRefused);
  CHECK(relay.service.counters().reservations == 19);
}

TEST_CASE_FIXTURE(LimitedRelay, "circuits are bounded for each peer") {
  CHECK(relay.reserve(relay.alice) == Status::kOk);
  std::vector<StreamPtr> ends;
  for (int i = 0; i < 2; ++i) {
    CHECK(relay.open_circuit() == Status::kOk);
    ends.push_back(std::move(relay.at_alice));
    ends.push_back(std::move(relay.at_bob));
  }
  CHECK(relay.open_circuit() == Status::kResourceLimitExceeded);
  const auto carol = relay.host.come(3, "/ip4/203.0.113.3/tcp/1");
  CHECK(relay.status_of(carol, framed(connect_to(relay.alice->remote_peer()))) ==
        Status::kResourceLimitExceeded);
  CHECK(per_peer.use().refused == 2);
  ends.clear();
  relay.world.loop().run_until_idle();
  CHECK(per_peer.used() == 0);
  CHECK(relay.open_circuit() == Status::kOk);
}

TEST_CASE_FIXTURE(RelayTest, "one who asks without end is refused, and others are served") {
  int granted = 0;
  for (int i = 0; i < 500; ++i) granted += reserve(bob) == Status::kOk;
  CHECK(granted == static_cast<int>(kRequestsBurst));
  CHECK(status_of(bob, framed(connect_to(keyless_peer(1)))) == Status::kResourceLimitExceeded);
  CHECK(reserve(alice) == Status::kOk);
  world.loop().advance(1s);
  CHECK(reserve(bob) == Status::kOk);
}

TEST_CASE_FIXTURE(RelayTest, "it is taken back with all that was granted, and offered again") {
  CHECK(reserve(alice) == Status::kOk);
  REQUIRE(open_circuit() == Status::kOk);
  const StreamPtr silent = host.speak(bob, kHopProtocol);
  world.loop().run_until_idle();
  world.run(service.close());
  CHECK(!service.is_offered());
  CHECK(host.protocols().empty());
  CHECK(read(*at_alice) == kReset);
  CHECK(read(*at_bob) == kReset);
  CHECK(read(*silent) == kReset);
  CHECK(host.protected_peers.empty());
  CHECK(service.counters().reservations == 0);
  service.start();
  CHECK(open_circuit() == Status::kNoReservation);
  CHECK(reserve(alice) == Status::kOk);
  CHECK(open_circuit() == Status::kOk);
}
