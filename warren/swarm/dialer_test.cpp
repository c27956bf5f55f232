// How a node reaches a peer that has many addresses, some of them dead.
#include "warren/swarm/dialer.hpp"

#include <doctest/doctest.h>

#include <algorithm>

#include "warren/async/as_result.hpp"
#include "warren/sim/dns.hpp"
#include "warren/swarm/test_node.hpp"

using namespace warren;

namespace {

constexpr Duration kRoundTrip = 20ms;
constexpr Duration kHandshake = 2 * kRoundTrip;  // and the TCP one
// Nobody has them; low ports, so that they are dialed first.
const std::string kDead = "/ip4/203.0.113.1/tcp/1";
const std::string kDead6 = "/ip6/2001:db8:dead::1/tcp/1";

std::vector<IpAddress> ips(const std::vector<std::string>& texts) {
  std::vector<IpAddress> result;
  for (const std::string& text : texts) result.push_back(value_or_throw(IpAddress::parse(text), text));
  return result;
}

Task<void> connect_and_forget(SwarmHost* host, PeerInfo peer, std::error_code* error) {
  const auto connection = co_await as_result(host->connect(std::move(peer)));
  *error = connection ? std::error_code{} : connection.error();
}

// Alice, who dials, and bob, with an address of each family.
struct Dialing {
  explicit Dialing(SwarmLimits limits = {}, bool with_dns = true)
      : alice_machine(world.add_machine("alice", ips({"192.0.2.1", "2001:db8:a::1"}))),
        bob_machine(world.add_machine("bob", ips({"192.0.2.100", "2001:db8:b::1"}))),
        alice(alice_machine, limits, kSecurities, {}, with_dns ? &dns : nullptr),
        bob(bob_machine, {}, kSecurities, 7) {}
  ~Dialing() {
    world.run(alice.host.close());
    world.run(bob.host.close());
    CHECK_FALSE(world.loop().busy());
  }

  // The address that bob listens on from now on.
  std::string listen(const std::string& address) {
    return value_or_throw(bob.host.listen(value_or_throw(Multiaddr::parse(address)))).to_string();
  }
  std::string listen4() { return listen("/ip4/192.0.2.100/tcp/0"); }
  std::string listen6() { return listen("/ip6/2001:db8:b::1/tcp/0"); }

  PeerInfo info(const std::vector<std::string>& addresses) const {
    PeerInfo peer{bob.host.peer_id(), {}};
    for (const std::string& text : addresses)
      peer.addresses.push_back(value_or_throw(Multiaddr::parse(text), text));
    return peer;
  }

  // A new connection; where it leads to, or why there is none.
  std::string connect(const std::vector<std::string>& addresses) { return connect(info(addresses)); }
  std::string connect(PeerInfo peer) {
    for (const ConnectionPtr& connection : alice.host.connections()) connection->close();
    world.loop().advance(1s);
    const Instant start = world.clock().now();
    const std::size_t traced = world.trace().size();
    const auto connection = world.run(as_outcome(alice.host.connect(std::move(peer))));
    took = world.clock().now() - start;
    dials = dials_since(traced);
    error = connection ? std::error_code{} : connection.error().code();
    return connection ? (*connection)->remote_address().to_string() : connection.error().what();
  }

  std::ptrdiff_t dials_since(std::size_t traced) const {
    const auto begin = world.trace().begin() + static_cast<std::ptrdiff_t>(traced);
    return std::count_if(begin, world.trace().end(),
                         [](const std::string& event) { return event.contains("alice dials"); });
  }

  static inline const std::vector<TestNode::Security> kSecurities = {TestNode::Security::kNoise};
  sim::World world{31};
  sim::Dns dns{world.clock(), kRoundTrip};
  sim::Machine& alice_machine;
  sim::Machine& bob_machine;
  TestNode alice;
  TestNode bob;
  // Of the last connect().
  Duration took{};
  std::ptrdiff_t dials = 0;
  std::error_code error;
};

void check_in_order(const std::string& text, const std::vector<std::string>& parts) {
  std::size_t from = 0;
  for (const std::string& part : parts) {
    const std::size_t found = text.find(part, from);
    CHECK_MESSAGE(found != std::string::npos, "no ", part, " in its place in ", text);
    if (found != std::string::npos) from = found + part.size();
  }
}

std::string message(Errc code) {
  return make_error_code(code).message();
}

}  // namespace

TEST_CASE_FIXTURE(Dialing, "a dead first address costs one delay and no time-out") {
  const std::string good = listen4();
  CHECK(connect({good}) == good);
  CHECK(took == kHandshake);
  Dialing other;
  const std::string as_good = other.listen4();
  CHECK(other.connect({kDead, as_good}) == as_good);
  CHECK(other.took == kPublicDialDelay + kHandshake);
}

TEST_CASE_FIXTURE(Dialing, "a refused first address costs no delay at all") {
  const std::string good = listen4();
  CHECK(connect({"/ip4/192.0.2.100/tcp/1", good}) == good);
  CHECK(took == kRoundTrip + kHandshake);
}

TEST_CASE_FIXTURE(Dialing, "those that are planned together begin together, early too") {
  const std::string good = listen4();
  CHECK(connect({"/ip4/192.0.2.100/tcp/1", "/ip4/203.0.113.1/tcp/2", good}) == good);
  CHECK(took == kRoundTrip + kHandshake);
  CHECK(dials == 3);
}

TEST_CASE_FIXTURE(Dialing, "IPv6 goes first, and IPv4 helps out") {
  const std::string v4 = listen4();
  CHECK(connect({v4, kDead6}) == v4);
  CHECK(took == kPublicDialDelay + kHandshake);
  Dialing other;
  const std::vector<std::string> both = {other.listen4(), other.listen6()};
  CHECK(other.connect(both) == both[1]);
  CHECK(other.took == kHandshake);
  CHECK(other.dials == 1);
}

TEST_CASE_FIXTURE(Dialing, "of several attempts that would succeed one connection is left") {
  const std::vector<std::string> both = {listen4(), listen6()};
  world.set_delay(alice_machine, bob_machine, 300ms);
  CHECK(connect(both) == both[1]);
  CHECK(dials == 2);
  world.loop().advance(5s);
  CHECK(alice.host.connections().size() == 1);
  CHECK(bob.host.connections().size() == 1);
}

TEST_CASE_FIXTURE(Dialing, "of two attempts that succeed at the same instant one connection is left") {
  const std::vector<std::string> addresses = {kDead, listen4(), listen4()};
  connect(addresses);
  CHECK_FALSE(error);
  CHECK(dials == 3);
  CHECK(took == kPublicDialDelay + kHandshake);
  world.loop().advance(5s);
  CHECK(alice.host.connections().size() == 1);
  CHECK(bob.host.connections().size() == 1);
}

TEST_CASE_FIXTURE(Dialing, "what has failed is left out while there are others, until one succeeds") {
  const std::string good = listen4();
  connect({kDead});
  CHECK(error == Errc::kTimedOut);
  CHECK(took == SwarmLimits{}.dial_attempt_timeout);
  CHECK(connect({kDead, good}) == good);
  CHECK(took == kHandshake);
  CHECK(dials == 1);
  // That has cleared its back-off.
  CHECK(connect({kDead, good}) == good);
  CHECK(took == kPublicDialDelay + kHandshake);
}

TEST_CASE_FIXTURE(Dialing, "when all have failed, the one whose back-off ends first is dialed") {
  const std::string silent = kDead;
  const std::string refused = "/ip4/192.0.2.100/tcp/4001";
  check_in_order(connect({refused, silent}), {silent + ": " + message(Errc::kTimedOut) + " (5000 ms)",
                                              refused + ": " + message(Errc::kRefused) + " (20 ms)"});
  CHECK(error == Errc::kUnreachable);

  check_in_order(connect({refused, silent}), {refused + ": " + message(Errc::kRefused) + " (20 ms)",
                                              silent + ": in back-off for 4 s more"});
  CHECK(dials == 1);
  CHECK(took == kRoundTrip);

  // Who keeps asking goes through them in turn.
  check_in_order(connect({refused, silent}),
                 {silent + ": " + message(Errc::kTimedOut), refused + ": in back-off for"});
  CHECK(dials == 1);
}

TEST_CASE_FIXTURE(Dialing, "a peer with one address is reached as soon as it is back") {
  const std::string address = "/ip4/192.0.2.100/tcp/4001";
  for (int i = 0; i < 3; ++i) connect({address});
  CHECK(error == Errc::kRefused);
  CHECK(dials == 1);
  listen(address);
  CHECK(connect({address}) == address);
  CHECK(took == kHandshake);
}

TEST_CASE_FIXTURE(Dialing, "a back-off ends by itself") {
  connect({kDead});
  const std::string good = listen4();
  world.loop().advance(DialBackoff::kBase);
  CHECK(connect({kDead, good}) == good);
  CHECK(dials == 2);
}

TEST_CASE_FIXTURE(Dialing, "a name is resolved at each dial, so that a changed record is followed") {
  listen("/ip4/192.0.2.100/tcp/4001");
  dns.set("bob.example", {bob_machine.address()});
  CHECK(connect({"/dns4/bob.example/tcp/4001"}) == "/ip4/192.0.2.100/tcp/4001");
  CHECK(took == kRoundTrip + kHandshake);

  // He moves: the same key on another machine.
  sim::Machine& new_machine = world.add_machine("new", ips({"192.0.2.200"}));
  TestNode moved(new_machine, {}, kSecurities, 7);
  value_or_throw(moved.host.listen(value_or_throw(Multiaddr::parse("/ip4/192.0.2.200/tcp/4001"))));
  for (const ConnectionPtr& connection : alice.host.connections()) connection->close();
  world.loop().advance(1s);
  world.cut(alice_machine, bob_machine);
  dns.set("bob.example", {new_machine.address()});
  CHECK(connect({"/dns4/bob.example/tcp/4001"}) == "/ip4/192.0.2.200/tcp/4001");
  CHECK(took <= kPublicDialDelay + kRoundTrip + kHandshake);
  world.run(moved.host.close());
}

TEST_CASE_FIXTURE(Dialing, "names that lead nowhere are told, and are no obstacle") {
  const std::string good = listen4();
  check_in_order(connect({"/dns4/nobody.example/tcp/1", "/ip4/192.0.2.100/tcp/1"}),
                 {"/dns4/nobody.example/tcp/1: " + message(Errc::kNotFound),
                  "/ip4/192.0.2.100/tcp/1: " + message(Errc::kRefused)});
  CHECK(error == Errc::kUnreachable);
  CHECK(connect({"/dns4/nobody.example/tcp/1", good}) == good);
}

TEST_CASE("without a resolver, a name is an address that cannot be dialed") {
  Dialing net({}, false);
  const std::string good = net.listen4();
  const std::string what = net.connect({"/dns4/bob.example/tcp/4001"});
  CHECK(net.error == Errc::kUnsupported);
  check_in_order(what, {"/dns4/bob.example/tcp/4001: this node cannot resolve names"});
  CHECK(net.connect({"/dns4/bob.example/tcp/4001", good}) == good);
}

TEST_CASE_FIXTURE(Dialing, "the error names every address, with its reason") {
  const std::string what = connect({"/ip4/192.0.2.100/udp/1/quic-v1/webtransport", "/ip4/0.0.0.0/tcp/5",
                                    kDead, "/ip4/192.0.2.100/tcp/1", "/dns4/nobody.example/tcp/1"});
  check_in_order(what, {"/dns4/nobody.example/tcp/1: " + message(Errc::kNotFound),
                        kDead + ": " + message(Errc::kTimedOut) + " (5000 ms)",
                        "/ip4/192.0.2.100/tcp/1: " + message(Errc::kRefused) + " (20 ms)",
                        "/ip4/192.0.2.100/udp/1/quic-v1/webtransport: " + message(Errc::kNoTransport),
                        "/ip4/0.0.0.0/tcp/5: cannot be dialed"});
  CHECK(error == Errc::kUnreachable);
  CHECK(took == kRoundTrip + SwarmLimits{}.dial_attempt_timeout);
}

TEST_CASE_FIXTURE(Dialing, "our own addresses are not dialed") {
  const std::string own = alice.listen().addresses.front().to_string();
  check_in_order(connect({own}), {own + ": cannot be dialed"});
  CHECK(error == Errc::kNoAddresses);
  CHECK(dials == 0);
}

namespace {

std::vector<std::string> dead_addresses(int count) {
  std::vector<std::string> addresses;
  for (int i = 1; i <= count; ++i) addresses.push_back("/ip4/203.0.113.1/tcp/" + std::to_string(i));
  return addresses;
}

}  // namespace

TEST_CASE_FIXTURE(Dialing,
                  "eight attempts run at a time, and further ones take the places of those that end") {
  TaskGroup dialing(alice_machine.env().executor, "test");
  std::error_code error;
  dialing.spawn(connect_and_forget(&alice.host, info(dead_addresses(12)), &error));
  world.loop().advance(100ms);
  CHECK(dials_since(0) == 1);
  world.loop().advance(4s);
  CHECK(dials_since(0) == 8);
  world.loop().advance(950ms);  // the first has timed out, the other seven have 250 ms more
  CHECK(dials_since(0) == 9);
  world.run(dialing.join());
  CHECK(dials_since(0) == 12);
  CHECK(error == Errc::kTimedOut);
  CHECK(world.clock().now() == Instant{} + kPublicDialDelay + 2 * SwarmLimits{}.dial_attempt_timeout);
}

TEST_CASE("the whole dial has a time limit, which names are part of") {
  Dialing net({.dial_addresses_max = 30, .dial_timeout = 7s});
  net.dns.set_error("slow.example", Errc::kTimedOut);
  std::vector<std::string> addresses = dead_addresses(20);
  addresses.emplace_back("/dns4/slow.example/tcp/1");
  const std::string what = net.connect(addresses);
  CHECK(net.error == Errc::kTimedOut);
  CHECK(net.took == 7s);
  // The name's share: DnsLimits::patience.
  check_in_order(what, {"/dns4/slow.example/tcp/1: " + message(Errc::kTimedOut),
                        "/ip4/203.0.113.1/tcp/1: " + message(Errc::kTimedOut) + " (5000 ms)",
                        "/ip4/203.0.113.1/tcp/9: " + message(Errc::kTimedOut) + " (1000 ms)",
                        "/ip4/203.0.113.1/tcp/20: no time was left"});
}

TEST_CASE("closing the host while it dials joins all attempts, and names that are being resolved") {
  for (const Duration when : {0ms, 10ms, 100ms, 300ms, 1100ms, 1400ms, 6300ms}) {
    Dialing net;
    net.dns.set_error("slow.example", Errc::kTimedOut);
    std::vector<std::string> addresses = dead_addresses(9);
    addresses.emplace_back("/dns4/slow.example/tcp/1");
    addresses.push_back(net.listen4());
    net.world.cut(net.alice_machine, net.bob_machine);
    TaskGroup dialing(net.alice_machine.env().executor, "test");
    std::error_code error;
    dialing.spawn(connect_and_forget(&net.alice.host, net.info(addresses), &error));
    net.world.loop().advance(when);
    const Instant start = net.world.clock().now();
    net.world.run(net.alice.host.close());
    CHECK(net.world.clock().now() == start);
    net.world.run(dialing.join());
    CHECK(error == Errc::kClosed);
  }
}

TEST_CASE("where IPv6 leads nowhere it is left out, but for a probe now and then") {
  Dialing net;
  TestNode carol(net.world.add_machine("carol"));
  PeerInfo carol_info = net.info({kDead6});
  carol_info.id = carol.host.peer_id();
  for (std::size_t i = 0; i < BlackHoleDetector::kWindow; ++i) net.connect(carol_info);
  CHECK(net.error == Errc::kTimedOut);
  const std::vector<std::string> both = {net.listen4(), net.listen6()};
  CHECK(net.connect(both) == both[0]);
  CHECK(net.took == kHandshake);
  CHECK(net.dials == 1);
  CHECK(net.connect(carol_info).contains("black hole"));
  CHECK(net.error == Errc::kUnreachable);

  // A probe that succeeds brings it back.
  std::size_t connects = 0;
  while (net.connect(both) != both[1] && connects < BlackHoleDetector::kWindow) ++connects;
  CHECK(connects < BlackHoleDetector::kWindow);
  CHECK(net.connect(both) == both[1]);
  net.world.run(carol.host.close());
}

TEST_CASE("attempts that the rate refuses are no failures of the address") {
  Dialing net({.dials_per_second_max = 1, .dial_attempt_timeout = 500ms});
  const std::vector<std::string> addresses = {kDead, net.listen4()};
  CHECK(net.connect(addresses).contains("dials_per_second_max"));
  // In back-off it would be left out, since there is another one.
  CHECK(net.connect({addresses[1], "/ip4/192.0.2.100/tcp/60000"}) == addresses[1]);
}
