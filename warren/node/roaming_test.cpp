// Homes that move, sleep, or whose router forgets them: how soon they and their partners reach each other
// again. 40 ms one way between any two machines.
#include "warren/node/roaming.hpp"

#include <doctest/doctest.h>

#include <deque>

#include "warren/node/clock_gap.hpp"
#include "warren/node/network_watch.hpp"
#include "warren/protocols/ping/ping.hpp"
#include "warren/protocols/relay/test_world.hpp"
#include "warren/sim/router.hpp"
#include "warren/swarm/test_echo.hpp"

using namespace warren;
using relay::wait_until;

namespace {

constexpr const char* kTransports[] = {"/tcp/4001", "/udp/4001/quic-v1"};

struct Roamer : relay::CircuitNode {
  using CircuitNode::CircuitNode;
  ~Roamer() {
    if (roaming) world.run(roaming->close());
  }
  void roam() {
    ping::serve(node.host);
    serve_echo(node.host);
    roaming.emplace(node.host, *client, nullptr);
    roaming->start();
  }

  std::optional<Roaming> roaming;
};

Task<void> ask_once(Host* from, PeerInfo whom) {
  const ConnectionPtr connection = co_await from->connect(std::move(whom));
  const Bytes question = to_bytes(as_bytes("there?"));
  const Bytes answer = co_await ask_echo(connection, question);
  if (answer != question) throw_error(Errc::kMalformed);
}

// As messages do: again, when nothing comes.
Task<void> ask(Host* from, PeerInfo whom) {
  Clock& clock = from->env().clock;
  while (true) {
    const auto answered = co_await as_result(with_timeout(clock, 600ms, ask_once(from, whom)));
    if (answered) co_return;
    co_await clock.sleep_for(50ms);
  }
}

struct Valley {
  explicit Valley(const std::string& transport) {
    for (std::uint8_t i = 0; i < 2; ++i) add_relay(i, transport);
    add_home("alice");
    add_home("bob");
    const auto all_held = [this] { return alice().held() == 2 && bob().held() == 2; };
    REQUIRE(wait_until(world, 10s, all_held) < 10s);
    // As identify would tell them.
    tell(alice(), bob());
    tell(bob(), alice());
    world.loop().advance(40s);
  }
  ~Valley() {
    while (!nodes.empty()) nodes.pop_back();
  }

  void add_relay(std::uint8_t number, const std::string& transport) {
    Roamer& node = add("relay" + std::to_string(number),
                       {IpAddress::v4({static_cast<std::uint8_t>(40 + number), 1, 1, 1})});
    node.info = node.node.listen(transport);
    node.service.emplace(node.node.host, relay::ServiceConfig{});
    node.service->start();
    node.client.emplace(node.node.host, node.circuits, relay::ClientConfig{});
    node.client->start();
    node.roam();
    relays.push_back(node.info);
  }
  void add_home(const std::string& name) {
    Roamer& node = add(name, {});
    world.move_behind(node.node.machine, &add_router());
    REQUIRE(node.node.host.listen(value_or_throw(Multiaddr::parse("/ip4/0.0.0.0/udp/4001/quic-v1"))));
    node.need_relays({.configured = relays});
    node.roam();
  }
  Roamer& add(const std::string& name, std::vector<IpAddress> addresses) {
    nodes.emplace_back(world, name, std::move(addresses));
    for (const Roamer& other : nodes) {
      if (&other != &nodes.back()) world.set_delay(nodes.back().node.machine, other.node.machine, 40ms);
    }
    return nodes.back();
  }
  sim::Router& add_router() {
    const auto number = static_cast<std::uint8_t>(80 + routers.size());
    routers.push_back(&world.add_router("router" + std::to_string(number),
                                        *sim::NatOptions::of_type("port-restricted"),
                                        IpAddress::v4({number, 2, 2, 2})));
    return *routers.back();
  }

  Roamer& alice() { return nodes[2]; }
  Roamer& bob() { return nodes[3]; }
  // Until the answer is there.
  Duration ask_for(Roamer& whom, Roamer& from) {
    const Instant began = world.clock().now();
    world.run(ask(&from.node.host, whom.reached()));
    return world.clock().now() - began;
  }
  void tell(Roamer& whom, Roamer& of) {
    const PeerInfo info = of.reached();
    whom.node.peerstore.add_addresses(info.id, info.addresses, AddressSource::kIdentify,
                                      world.clock().now() + 1h);
  }
  void move(Roamer& node, std::vector<IpAddress> addresses) {
    world.move_behind(node.node.machine, &add_router(), std::move(addresses));
  }
  // A direct path of theirs, in which nobody gets in who was not there before, as after a punch.
  void connect_directly(Roamer& from, Roamer& to, sim::Router& router_of_to) {
    router_of_to.set_options(*sim::NatOptions::of_type("full-cone"));
    const Endpoint listening{IpAddress(), 4001};
    const Endpoint anybody{IpAddress::v4({40, 1, 1, 1}), 9};
    world.run(to.node.quic.send(listening, anybody, {1}));  // for a mapping
    const auto mapped = "/ip4/" + router_of_to.outside().to_string() + "/udp/4001/quic-v1";
    PeerInfo there{to.node.host.peer_id(), {value_or_throw(Multiaddr::parse(mapped))}};
    const auto connection = world.run(from.node.host.connect_over(PathPolicy::kDirectOnly, std::move(there)));
    REQUIRE_FALSE(is_circuit(connection->remote_address()));
    router_of_to.set_options(*sim::NatOptions::of_type("port-restricted"));
    world.loop().advance(5s);
  }

  sim::World world{5};
  std::vector<PeerInfo> relays;
  std::vector<sim::Router*> routers;
  std::deque<Roamer> nodes;
};

const std::vector<IpAddress> kElsewhere{IpAddress::v4({10, 0, 0, 7})};

}  // namespace

TEST_CASE("a home that moves is reached within two seconds, and reaches others, over its relays") {
  for (const char* const transport : kTransports) {
    CAPTURE(std::string(transport));
    for (const bool mover_asks : {true, false}) {
      CAPTURE(mover_asks);
      if (mover_asks && transport == kTransports[1]) continue;
      Valley net(transport);
      net.ask_for(net.bob(), net.alice());
      net.world.loop().advance(3s);
      net.move(net.alice(), kElsewhere);
      const Duration took =
          mover_asks ? net.ask_for(net.bob(), net.alice()) : net.ask_for(net.alice(), net.bob());
      CHECK(took < 2s);
    }
  }
}

TEST_CASE("the same address behind another router: no local sign of it, and a little more time") {
  Valley net(kTransports[0]);
  net.ask_for(net.bob(), net.alice());
  net.world.loop().advance(3s);
  net.move(net.alice(), {net.alice().node.machine.address()});
  CHECK(net.ask_for(net.alice(), net.bob()) < 2500ms);
}

TEST_CASE("a direct path that the NATs do not let move is replaced by a relayed one") {
  for (const bool mover_dialed : {true, false}) {
    for (const bool mover_asks : {true, false}) {
      CAPTURE(mover_dialed);
      CAPTURE(mover_asks);
      if (mover_asks == mover_dialed) continue;
      Valley net(kTransports[0]);
      Roamer& from = mover_dialed ? net.alice() : net.bob();
      Roamer& to = mover_dialed ? net.bob() : net.alice();
      net.connect_directly(from, to, *net.routers[mover_dialed ? 1 : 0]);
      net.ask_for(to, from);
      net.world.loop().advance(3s);
      net.move(net.alice(), kElsewhere);
      const Duration took =
          mover_asks ? net.ask_for(net.bob(), net.alice()) : net.ask_for(net.alice(), net.bob());
      CHECK(took < 2500ms);
    }
  }
}

TEST_CASE("a router that reboots tells nobody: who is behind it is reached again within ten seconds") {
  for (const char* const transport : kTransports) {
    CAPTURE(std::string(transport));
    for (const bool new_address : {false, true}) {
      CAPTURE(new_address);
      if (new_address != (transport == kTransports[1])) continue;
      Valley net(transport);
      net.ask_for(net.bob(), net.alice());
      net.world.loop().advance(3s);
      if (new_address)
        net.routers[0]->set_outside(IpAddress::v4({99, 2, 2, 2}));
      else
        net.routers[0]->reboot();
      const Duration took = net.ask_for(net.alice(), net.bob());
      CHECK(took < 10s);
      CHECK(net.ask_for(net.bob(), net.alice()) < 2s);
    }
  }
}

TEST_CASE(
    "a direct path ends with a reboot of either router, and a relayed one is there within ten seconds") {
  for (const std::size_t rebooted : {0U, 1U}) {
    CAPTURE(rebooted);
    Valley net(kTransports[0]);
    net.connect_directly(net.alice(), net.bob(), *net.routers[1]);
    net.world.loop().advance(3s);
    net.routers[rebooted]->reboot();
    net.world.loop().advance(10s);
    CHECK(net.ask_for(net.alice(), net.bob()) < 1s);
    CHECK(net.ask_for(net.bob(), net.alice()) < 1s);
  }
}

TEST_CASE("one relay that is silent among others is noticed within a quarter of a minute") {
  Valley net(kTransports[0]);
  net.world.cut(net.alice().node.machine, net.nodes[0].node.machine);
  CHECK(wait_until(net.world, 1min, [&] { return net.alice().held() == 1; }) < 15s);
  CHECK(net.alice().holds(net.nodes[1]));
  net.world.mend(net.alice().node.machine, net.nodes[0].node.machine);
  CHECK(wait_until(net.world, 1min, [&] { return net.alice().held() == 2; }) < 30s);
}

TEST_CASE("after a sleep, in which everybody has forgotten it, a home is back within two seconds") {
  Valley net(kTransports[0]);
  net.ask_for(net.bob(), net.alice());
  net.world.loop().advance(3s);
  net.routers[0]->reboot();
  net.alice().roaming->wake_up();
  CHECK(net.ask_for(net.alice(), net.bob()) < 2s);
  CHECK(net.ask_for(net.bob(), net.alice()) < 1s);
}

TEST_CASE("a sleep is told once") {
  struct SleepyClock final : Clock {
    explicit SleepyClock(Clock& of) : inner(of) {}
    Instant now() const override { return inner.now(); }
    WallTime wall_now() const override { return inner.wall_now() + slept; }
    Task<void> sleep_until(Instant instant) override { return inner.sleep_until(instant); }

    Clock& inner;
    std::chrono::milliseconds slept{};
  };
  sim::World world(1);
  SleepyClock clock(world.clock());
  int woken = 0;
  TaskGroup tasks(world.loop().executor(), "test");
  tasks.spawn(watch_sleep(&clock, [&woken] { ++woken; }));
  world.loop().advance(1min);
  CHECK(woken == 0);
  clock.slept += 1h;
  world.loop().advance(kClockLookInterval);
  CHECK(woken == 1);
  world.loop().advance(1min);
  CHECK(woken == 1);
  world.run(tasks.close());
}

TEST_CASE("a cable that is out for a moment ends nothing") {
  Valley net(kTransports[0]);
  net.ask_for(net.bob(), net.alice());
  net.connect_directly(net.bob(), net.alice(), *net.routers[0]);
  const auto before = net.alice().node.host.connections();
  for (int i = 0; i < 5; ++i) {
    net.world.replug(net.alice().node.machine);
    net.world.loop().advance(500ms);
  }
  net.world.loop().advance(10s);
  CHECK(net.alice().node.host.connections() == before);
}

TEST_CASE("who has said goodbye is not dialed again") {
  Valley net(kTransports[0]);
  net.ask_for(net.bob(), net.alice());
  for (const ConnectionPtr& connection : net.alice().node.host.connections(net.bob().node.host.peer_id()))
    connection->close();
  net.world.loop().advance(1min);
  CHECK(net.alice().node.host.connections(net.bob().node.host.peer_id()).empty());
}

TEST_CASE("relays that are held are pinged in turn, and nobody else is") {
  Valley net(kTransports[0]);
  std::size_t pings = 0;
  for (std::size_t i = 0; i < 4; ++i) {
    Host& host = net.nodes[i].node.host;
    host.handle(ProtocolId(ping::kProtocol), [&pings, &host](ConnectionPtr, StreamPtr stream) {
      ++pings;
      return ping::answer(host.env().clock, std::move(stream));
    });
  }
  net.world.loop().advance(10min);
  CHECK(pings >= 2 * 119);
  CHECK(pings <= 2 * 121);
}
