// Which security a connection gets, what it costs, and what is learned from it.
#include <doctest/doctest.h>

#include "warren/async/as_result.hpp"
#include "warren/swarm/test_echo.hpp"
#include "warren/swarm/test_node.hpp"

using namespace warren;

namespace {

using Security = TestNode::Security;
using Securities = std::vector<Security>;

constexpr Duration kSlowRoundTrip = 50ms;

// From the dial to the answer.
Task<ConnectionPtr> ask(SwarmHost* host, PeerInfo peer) {
  const ConnectionPtr connection = co_await host->connect(std::move(peer));
  const StreamPtr stream = co_await connection->open_stream(ProtocolId(kEcho));
  co_await stream->write(as_bytes("hello"));
  co_await stream->close_write();
  const Bytes answer = co_await read_to_end(*stream, 1000);
  CHECK(to_text(answer) == "hello");
  co_return connection;
}

// Alice dials bob, who echoes.
struct Pair {
  Pair(const Securities& alices, const Securities& bobs)
      : alice_machine(world.add_machine("alice")),
        bob_machine(world.add_machine("bob")),
        alice(alice_machine, {}, alices),
        bob(bob_machine, {}, bobs) {
    world.set_delay(alice_machine, bob_machine, kSlowRoundTrip / 2);
    world.set_delay(bob_machine, alice_machine, kSlowRoundTrip / 2);
    serve_echo(bob.host);
    bob_info = bob.listen();
  }
  ~Pair() {
    world.run(alice.host.close());
    world.run(bob.host.close());
  }

  struct Dialed {
    Result<ConnectionPtr> connection = fail(Errc::kCanceled);
    Duration took{};
    std::uint64_t redials = 0;
  };
  Dialed dial() {
    for (const ConnectionPtr& connection : alice.host.connections()) connection->close();
    world.loop().advance(1s);
    const Instant start = world.clock().now();
    const std::uint64_t redials = alice.host.counters().security_redials;
    Dialed dialed;
    dialed.connection = world.run(as_result(ask(&alice.host, bob_info)));
    dialed.took = world.clock().now() - start;
    dialed.redials = alice.host.counters().security_redials - redials;
    return dialed;
  }

  sim::World world{11};
  sim::Machine& alice_machine;
  sim::Machine& bob_machine;
  TestNode alice;
  TestNode bob;
  PeerInfo bob_info;
};

void check(const Pair::Dialed& dialed, std::string_view security, int round_trips, std::uint64_t redials) {
  REQUIRE(dialed.connection);
  CHECK((*dialed.connection)->security() == security);
  CHECK((*dialed.connection)->muxer() == "/yamux/1.0.0");
  CHECK(dialed.took == round_trips * kSlowRoundTrip);
  CHECK(dialed.redials == redials);
}

constexpr std::string_view kNoise = "/noise";
constexpr std::string_view kTls = "/tls/1.0.0";

}  // namespace

TEST_CASE("from the dial to the first answer it takes three round trips, with Noise and with TLS") {
  Pair noise({Security::kNoise}, {Security::kNoise, Security::kTls});
  check(noise.dial(), kNoise, 3, 0);
  Pair tls({Security::kTls}, {Security::kNoise, Security::kTls});
  check(tls.dial(), kTls, 3, 0);
  REQUIRE(tls.bob.host.connections().size() == 1);
  CHECK(tls.bob.host.connections().front()->security() == kTls);
}

TEST_CASE("what we prefer is what we use, when the peer has both") {
  Pair net({Security::kTls, Security::kNoise}, {Security::kNoise, Security::kTls});
  check(net.dial(), kTls, 3, 0);
  CHECK_FALSE(net.alice.peerstore.security(net.bob_info.id));
}

TEST_CASE("a peer that does not speak our first proposal costs one more dial, once") {
  for (const bool tls_only : {true, false}) {
    const Security only = tls_only ? Security::kTls : Security::kNoise;
    const Security other = tls_only ? Security::kNoise : Security::kTls;
    Pair net({other, only}, {only});
    const std::string_view name = tls_only ? kTls : kNoise;
    check(net.dial(), name, 2 + 3, 1);
    CHECK(net.alice.peerstore.security(net.bob_info.id) == name);
    check(net.dial(), name, 3, 0);
    check(net.dial(), name, 3, 0);
  }
}

TEST_CASE("what is remembered is only where to begin: the peer may have changed") {
  Pair net({Security::kNoise, Security::kTls}, {Security::kNoise});
  net.alice.peerstore.set_security(net.bob_info.id, ProtocolId(kTls));
  check(net.dial(), kNoise, 2 + 3, 1);
  check(net.dial(), kNoise, 3, 0);

  net.alice.peerstore.set_security(net.bob_info.id, "/what/we/spoke/once");
  check(net.dial(), kNoise, 3, 0);
}

TEST_CASE("a peer with which we have nothing in common is given up, and nothing is remembered") {
  Pair one({Security::kNoise}, {Security::kTls});
  CHECK(one.dial().connection.error() == Errc::kSecurityNotSupported);
  CHECK(one.alice.host.counters().security_redials == 0);
  CHECK_FALSE(one.alice.peerstore.security(one.bob_info.id));
  CHECK(one.bob.host.connections().empty());
}

TEST_CASE("a refusal for another reason is no reason to dial again") {
  Pair net({Security::kNoise, Security::kTls}, {Security::kNoise, Security::kTls});
  net.bob_info.id = net.alice.host.peer_id();
  TestNode carol(net.world.add_machine("carol"));
  const auto refused = net.world.run(as_result(carol.host.connect(net.bob_info)));
  CHECK(refused.error() == Errc::kPeerIdMismatch);
  CHECK(carol.host.counters().security_redials == 0);
  net.world.run(carol.host.close());
}

namespace {

// A security whose handshake does not know of muxers, as older implementations'.
class WithoutMuxers final : public SecureTransport {
 public:
  explicit WithoutMuxers(SecureTransport& security) : security_(security) {}
  ProtocolId id() const override { return security_.id(); }
  Task<std::unique_ptr<SecureChannel>> secure(StreamPtr raw, Side side, std::optional<PeerId> expected,
                                              std::vector<ProtocolId>) override {
    return security_.secure(std::move(raw), side, std::move(expected), {});
  }

 private:
  SecureTransport& security_;
};

}  // namespace

TEST_CASE("with a peer that knows no early muxer, the muxer costs a round trip more") {
  for (const Security security : {Security::kNoise, Security::kTls}) {
    Pair net({security}, {security});
    sim::Machine& machine = net.world.add_machine("carol");
    net.world.set_delay(net.alice_machine, machine, kSlowRoundTrip / 2);
    net.world.set_delay(machine, net.alice_machine, kSlowRoundTrip / 2);
    TestNode carol(machine);
    WithoutMuxers old(security == Security::kNoise ? static_cast<SecureTransport&>(carol.noise) : carol.tls);
    Upgrader upgrader({&old}, {&carol.yamux});
    SwarmHost host(machine.env(), carol.key, {}, upgrader, {{&carol.tcp}}, carol.peerstore);
    serve_echo(host);
    const auto address = Multiaddr::parse("/ip4/" + machine.address().to_string() + "/tcp/0");
    net.bob_info = {host.peer_id(), {value_or_throw(host.listen(value_or_throw(address)))}};
    check(net.dial(), old.id(), 4, 0);

    // And the other way round.
    PeerInfo alice = net.alice.listen();
    serve_echo(net.alice.host);
    for (const ConnectionPtr& connection : net.alice.host.connections()) connection->close();
    net.world.loop().advance(1s);
    const ConnectionPtr connection = net.world.run(ask(&host, std::move(alice)));
    CHECK(connection->security() == old.id());
    CHECK(connection->muxer() == "/yamux/1.0.0");
    net.world.run(host.close());
    net.world.run(carol.host.close());
  }
}
