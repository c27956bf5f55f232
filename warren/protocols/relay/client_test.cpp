// Reservations in a simulated network: found, held, renewed, replaced and taken back.
#include "warren/protocols/relay/client.hpp"

#include <doctest/doctest.h>

#include <memory>

#include "warren/core/farewell.hpp"
#include "warren/core/test_values.hpp"
#include "warren/protocols/relay/test_world.hpp"
#include "warren/protocols/relay/voucher.hpp"

using namespace warren;
using namespace warren::relay;
using namespace warren::testing;

namespace {

constexpr Duration kOneWay = 40ms;

struct Net {
  explicit Net(std::uint64_t seed) : world(seed) {}

  // Each in a network of its own.
  CircuitNode& add_relay(ServiceConfig config = {}) {
    CircuitNode& relay = add("relay" + std::to_string(relays.size()),
                             {IpAddress::v4({203, static_cast<std::uint8_t>(relays.size() + 1), 113, 7})});
    relay.offer_relay(config);
    relays.push_back(&relay);
    return relay;
  }
  CircuitNode& add(const std::string& name, std::vector<IpAddress> addresses = {}) {
    nodes.push_back(std::make_unique<CircuitNode>(world, name, std::move(addresses)));
    for (const auto& other : nodes) {
      if (other != nodes.back()) world.set_delay(other->node.machine, nodes.back()->node.machine, kOneWay);
    }
    return *nodes.back();
  }
  ~Net() {
    while (!nodes.empty()) nodes.pop_back();
  }

  sim::World world;
  std::vector<std::unique_ptr<CircuitNode>> nodes;
  std::vector<CircuitNode*> relays;
};

// A relay that answers RESERVE as it is told.
struct FalseRelay {
  explicit FalseRelay(CircuitNode& on) : node(on) {
    node.info = node.node.listen();
    node.node.host.handle(ProtocolId(kHopProtocol), [this](ConnectionPtr connection, StreamPtr stream) {
      return serve(std::move(connection), std::move(stream));
    });
  }
  Task<void> serve(ConnectionPtr connection, StreamPtr stream) {
    co_await read_delimited(*stream, kMessageSizeMax);
    ++asked;
    HopMessage answer;
    answer.type = HopMessage::Type::kStatus;
    answer.status = status;
    answer.reservation.emplace();
    const WallTime expires = node.node.host.env().clock.wall_now() + std::chrono::seconds(life.count());
    const auto seconds = static_cast<std::uint64_t>(unix_ms(expires) / 1000);
    answer.reservation->expires = seconds;
    answer.reservation->addresses = addresses;
    const Voucher voucher{.relay = as_relay.value_or(node.node.host.peer_id()),
                          .peer = for_peer.value_or(connection->remote_peer()),
                          .expires = seconds};
    answer.reservation->voucher = voucher.seal(signer ? *signer : node.node.key);
    const Bytes bytes = encode(answer);
    co_await write_delimited(*stream, bytes);
    co_await say_farewell(node.node.host.env().clock, *stream);
  }

  CircuitNode& node;
  Status status = Status::kOk;
  std::chrono::seconds life{3600};
  std::optional<PeerId> as_relay;
  std::optional<PeerId> for_peer;
  const PrivateKey* signer = nullptr;
  std::vector<Multiaddr> addresses;
  int asked = 0;
};

}  // namespace

TEST_CASE("three relays among the connected peers are held within two seconds") {
  Net net(1);
  for (int i = 0; i < 5; ++i) net.add_relay();
  CircuitNode& home = net.add("home");
  for (CircuitNode* relay : net.relays) home.meets(*relay);
  home.need_relays();
  std::size_t changes = 0;
  const auto watch = home.client->changed().subscribe([&] { ++changes; });
  CHECK(wait_until(net.world, 5s, [&] { return home.held() == 3; }) <= 2s);
  CHECK(changes > 0);
  CHECK(home.client->addresses().size() == 3);
  const auto statuses = home.client->reservations();
  CHECK(statuses.size() == 3);
  for (const ReservationStatus& status : statuses) {
    CHECK(status.state == ReservationState::kHeld);
    CHECK(status.limits == CircuitLimits{.time_max = 2min, .bytes_max = 128 * 1024});
    CHECK(status.addresses.size() == 1);
    CHECK(*status.expires - net.world.clock().now() > 59min);
  }
  net.world.loop().advance(100min);  // renewed again and again
  CHECK(home.held() == 3);
  CHECK(home.client->addresses().size() == 3);
}

TEST_CASE("relays that are offered, or configured, are dialed; identify may come later") {
  Net net(2);
  net.add_relay();
  net.add_relay();
  net.add_relay();
  CircuitNode& home = net.add("home");
  home.need_relays({.configured = {net.relays[0]->info}});
  home.client->offer(net.relays[1]->info);
  CHECK(wait_until(net.world, 5s, [&] { return home.held() == 2; }) <= 2s);
  CHECK(home.client->reservations().front().configured);
  net.world.run(home.node.host.connect(net.relays[2]->info));
  net.world.loop().advance(1s);
  CHECK(home.held() == 2);
  home.knows(*net.relays[2]);
  CHECK(wait_until(net.world, 5s, [&] { return home.held() == 3; }) <= 1s);
}

TEST_CASE("who knows no relay is hungry, not all the time") {
  Net net(3);
  net.add_relay();
  CircuitNode& home = net.add("home");
  std::vector<Instant> asked;
  home.need_relays();
  const auto watch = home.client->hungry().subscribe([&] { asked.push_back(net.world.clock().now()); });
  net.world.loop().advance(10min);
  CHECK(asked.size() > 10);
  CHECK(asked.size() < 30);
  for (std::size_t i = 1; i < asked.size(); ++i) CHECK(asked[i] - asked[i - 1] >= 5s);
  home.client->offer(net.relays[0]->info);
  CHECK(wait_until(net.world, 5s, [&] { return home.held() == 1; }) <= 2s);
}

TEST_CASE("a relay that dies is replaced within five seconds, and taken back when it returns") {
  Net net(4);
  for (int i = 0; i < 4; ++i) net.add_relay();
  CircuitNode& home = net.add("home");
  home.need_relays({.wanted_max = 1});
  home.client->offer(net.relays[0]->info);
  wait_until(net.world, 5s, [&] { return home.held() == 1; });
  for (CircuitNode* relay : net.relays) home.client->offer(relay->info);
  net.world.loop().advance(10min);
  REQUIRE(home.holds(*net.relays[0]));

  // Its process ends: connections are reset. And then the machine is gone.
  CircuitNode& dead = *net.relays[0];
  net.world.run(dead.service->close());
  dead.node.machine.crash();
  CHECK(wait_until(net.world, 5s, [&] { return !home.holds(dead); }) < 1s);
  net.world.cut(dead.node.machine, home.node.machine);
  CHECK(wait_until(net.world, 10s, [&] { return home.held() == 1 && !home.holds(dead); }) <= 5s);

  net.world.loop().advance(5min);
  net.world.mend(dead.node.machine, home.node.machine);
  dead.info = dead.node.listen();
  dead.service->start();
  home.client->offer(dead.info);
  CHECK(wait_until(net.world, 2min, [&] { return home.holds(dead); }) <= 70s);
  net.world.loop().advance(2min);
  CHECK(home.held() == 1);
  CHECK(home.holds(dead));
}

TEST_CASE("all relays are down at the start: it keeps trying, and recovers by itself") {
  Net net(5);
  ClientConfig config;
  for (int i = 0; i < 3; ++i) config.configured.push_back(net.add_relay().info);
  CircuitNode& home = net.add("home");
  for (CircuitNode* relay : net.relays) net.world.cut(relay->node.machine, home.node.machine);
  home.need_relays(config);
  net.world.loop().advance(10min);
  CHECK(home.held() == 0);
  CHECK(home.client->reservations().size() == 3);
  CHECK(home.client->addresses().empty());
  for (const ReservationStatus& status : home.client->reservations()) CHECK(status.error);
  for (CircuitNode* relay : net.relays) net.world.mend(relay->node.machine, home.node.machine);
  CHECK(wait_until(net.world, 2min, [&] { return home.held() == 3; }) <= 30s);
}

TEST_CASE("a connection that ends takes the reservation along, and is made anew at once") {
  Net net(6);
  net.add_relay();
  CircuitNode& home = net.add("home");
  home.need_relays({.configured = {net.relays[0]->info}});
  wait_until(net.world, 5s, [&] { return home.held() == 1; });
  net.world.loop().advance(1min);
  net.relays[0]->node.host.connections().front()->close();
  wait_until(net.world, 1s, [&] { return home.held() == 0; });
  CHECK(home.held() == 0);
  CHECK(home.client->addresses().empty());
  CHECK(wait_until(net.world, 5s, [&] { return home.held() == 1; }) <= 1s);
}

TEST_CASE("relays that are held are protected, those released are not") {
  Net net(7);
  net.add_relay();
  CircuitNode& home = net.add("home");
  home.need_relays({.configured = {net.relays[0]->info}});
  wait_until(net.world, 5s, [&] { return home.held() == 1; });
  const PeerId relay = net.relays[0]->info.id;
  CHECK(home.node.host.protect(relay, "test"));
  CHECK(home.node.host.unprotect(relay, "test"));  // somebody else protects it
  CHECK(home.circuits.takes_circuits_from(relay));
  home.client->want(false);
  net.world.loop().advance(2min);
  CHECK(home.client->reservations().empty());
  CHECK(home.client->addresses().empty());
  CHECK(home.node.host.protect(relay, "test"));
  CHECK_FALSE(home.node.host.unprotect(relay, "test"));
  CHECK(home.circuits.takes_circuits_from(relay));  // for those who come late
  net.world.loop().advance(5min);
  CHECK_FALSE(home.circuits.takes_circuits_from(relay));
  home.client->want(true);
  CHECK(wait_until(net.world, 5s, [&] { return home.held() == 1; }) <= 2s);
}

TEST_CASE("a full relay is asked again, others meanwhile") {
  Net net(8);
  CircuitNode& full = net.add("full", {IpAddress::v4({203, 99, 1, 1})});
  FalseRelay relay(full);
  relay.status = Status::kReservationRefused;
  net.add_relay();
  CircuitNode& home = net.add("home");
  home.need_relays({.configured = {full.info}, .wanted_max = 1});
  home.client->offer(net.relays[0]->info);
  CHECK(wait_until(net.world, 5s, [&] { return home.held() == 1; }) <= 2s);
  CHECK(home.client->reservations().front().error == Errc::kReservationRefused);
  net.world.loop().advance(10min);
  CHECK(relay.asked >= 10);
  CHECK(relay.asked <= 30);
  relay.status = Status::kOk;
  net.world.loop().advance(3min);
  CHECK(home.holds(full));
  CHECK(home.held() == 1);
  CHECK(home.client->ranking().cost(full.info.id, net.world.clock().now()) > 150ms);
}

TEST_CASE("vouchers are verified: what is forged is not trusted, and ranked down") {
  Net net(9);
  CircuitNode& bad = net.add("bad", {IpAddress::v4({203, 99, 1, 1})});
  CircuitNode& home = net.add("home");
  FalseRelay relay(bad);
  const PrivateKey another =
      PrivateKey::generate(KeyType::kEd25519, [](MutableBytes to) { std::ranges::fill(to, 9); });
  std::error_code expected = make_error_code(Errc::kBadSignature);
  SUBCASE("signed by another") {
    relay.signer = &another;
  }
  SUBCASE("signed by another in his own name") {
    relay.signer = &another;
    relay.as_relay = PeerId::from_public_key(another.public_key());
  }
  SUBCASE("for another peer") {
    relay.for_peer = bad.info.id;
  }
  SUBCASE("for another relay") {
    relay.as_relay = home.node.host.peer_id();
  }
  SUBCASE("expired") {
    relay.life = std::chrono::seconds(-600);
    expected = make_error_code(Errc::kNotValidNow);
  }
  home.need_relays({.configured = {bad.info}});
  net.world.loop().advance(3s);
  REQUIRE(relay.asked > 0);
  CHECK(home.held() == 0);
  CHECK(home.client->addresses().empty());
  CHECK(home.client->reservations().front().error == expected);
  CHECK(home.client->ranking().cost(bad.info.id, net.world.clock().now()) > 10s);
}

TEST_CASE("a relay's clock may be a little wrong, and its expiry absurd") {
  Net net(10);
  CircuitNode& node = net.add("relay", {IpAddress::v4({203, 99, 1, 1})});
  CircuitNode& home = net.add("home");
  FalseRelay relay(node);
  Duration least{}, most{};
  SUBCASE("behind") {
    relay.life = std::chrono::seconds(-60);
    least = 50s, most = 1min;
  }
  SUBCASE("in years") {
    relay.life = std::chrono::hours(100'000);
    least = 23h, most = 24h;
  }
  home.need_relays({.configured = {node.info}});
  wait_until(net.world, 5s, [&] { return home.held() == 1; });
  CAPTURE(relay.asked);
  CAPTURE(home.client->reservations().front().error.message());
  REQUIRE(home.held() == 1);
  const Duration left = *home.client->reservations().front().expires - net.world.clock().now();
  CHECK(left >= least);
  CHECK(left <= most);
}

TEST_CASE("addresses through a relay are its own, public and few") {
  Net net(11);
  CircuitNode& node = net.add("relay", {IpAddress::v4({203, 99, 1, 1})});
  CircuitNode& home = net.add("home");
  FalseRelay relay(node);
  const std::string name = "/p2p/" + node.info.id.to_string();
  const std::string other = "/p2p/" + home.node.host.peer_id().to_string();
  relay.addresses = {
      address("/ip4/10.0.0.1/tcp/1" + name),     address("/ip4/127.0.0.1/tcp/1" + name),
      address("/ip4/203.0.113.1/tcp/1" + other), address("/ip4/203.0.113.2/tcp/1" + name),
      address("/ip4/203.0.113.3/tcp/1"),         address("/ip4/203.0.113.4/tcp/1" + name + "/p2p-circuit"),
      address("/ip4/203.0.113.2/tcp/1" + name),  address("/dns4/relay.example.org/tcp/1" + name),
      address("/ip4/203.0.113.5/tcp/1" + name),  address("/ip4/203.0.113.6/tcp/1" + name),
  };
  const bool private_networks = false;
  home.need_relays({.configured = {node.info}, .private_networks = private_networks});
  wait_until(net.world, 5s, [&] { return home.held() == 1; });
  std::vector<std::string> addresses;
  CAPTURE(relay.asked);
  CAPTURE(home.client->reservations().front().error.message());
  for (const Multiaddr& ours : home.client->addresses()) addresses.push_back(ours.to_string());
  const std::string end = name + "/p2p-circuit";
  CHECK(addresses == std::vector{node.info.addresses[0].to_string() + end, "/ip4/203.0.113.2/tcp/1" + end,
                                 "/ip4/203.0.113.3/tcp/1" + end, "/dns4/relay.example.org/tcp/1" + end});
}

TEST_CASE("a relay at a private address is of use in a private network only") {
  Net net(12);
  CircuitNode& node = net.add("relay", {IpAddress::v4({10, 0, 0, 1})});
  CircuitNode& home = net.add("home");
  node.offer_relay({.private_networks = true});
  ClientConfig config{.configured = {node.info}};
  SUBCASE("in the wide network") {
    home.need_relays(config);
    net.world.loop().advance(5s);
    CHECK(home.held() == 0);
    CHECK(home.client->reservations().front().error == Errc::kNoAddresses);
  }
  SUBCASE("in one of one's own") {
    config.private_networks = true;
    home.need_relays(config);
    CHECK(wait_until(net.world, 5s, [&] { return home.held() == 1; }) <= 2s);
  }
}

TEST_CASE("a relay that relays no more is left within seconds, and taken back") {
  Net net(14);
  for (int i = 0; i < 2; ++i) net.add_relay();
  CircuitNode& home = net.add("home");
  home.need_relays({.wanted_max = 1});
  home.client->offer(net.relays[0]->info);
  wait_until(net.world, 5s, [&] { return home.held() == 1; });
  home.client->offer(net.relays[1]->info);
  home.knows(*net.relays[0]);
  net.world.loop().advance(1min);
  REQUIRE(home.holds(*net.relays[0]));
  net.world.run(net.relays[0]->service->close());
  home.node.peerstore.set_description(net.relays[0]->info.id, {.protocols = {"/ipfs/id/1.0.0"}});
  CHECK(wait_until(net.world, 1min, [&] { return home.holds(*net.relays[1]); }) <= 12s);
  CHECK_FALSE(home.holds(*net.relays[0]));
  net.relays[0]->service->start();
  home.knows(*net.relays[0]);
  CHECK(wait_until(net.world, 3min, [&] { return home.holds(*net.relays[0]); }) <= 70s);
}

TEST_CASE("another network: what is held is looked after at once") {
  Net net(13);
  net.add_relay();
  CircuitNode& home = net.add("home");
  home.need_relays({.configured = {net.relays[0]->info}});
  wait_until(net.world, 5s, [&] { return home.held() == 1; });
  net.world.loop().advance(1min);
  net.world.move(home.node.machine, {IpAddress::v4({198, 51, 100, 200})});
  home.node.host.network_changed();
  const auto comes_from_there = [&] {
    for (const ConnectionPtr& c : net.relays[0]->node.host.connections(home.node.host.peer_id()))
      if (c->remote_address().to_string().starts_with("/ip4/198.51.100.200/")) return true;
    return false;
  };
  CHECK(wait_until(net.world, 5s, [&] { return comes_from_there() && home.held() == 1; }) <= 2s);
  net.world.loop().advance(2min);
  CHECK(home.held() == 1);
  CHECK(net.relays[0]->service->counters().reservations == 1);
}
