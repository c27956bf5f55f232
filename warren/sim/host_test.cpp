#include "warren/sim/host.hpp"

#include <doctest/doctest.h>

#include "warren/async/as_result.hpp"

using namespace warren;
using namespace warren::sim;

namespace {

constexpr auto kEcho = "/echo/1.0.0";

Task<void> echo(ConnectionPtr, StreamPtr stream) {
  while (const auto message = co_await read_delimited_or_end(*stream, 1024)) {
    co_await write_delimited(*stream, *message);
  }
  co_await stream->close_write();
}

Task<Bytes> ask(Host& host, PeerInfo peer, std::string text) {
  const ConnectionPtr connection = co_await host.connect(std::move(peer));
  const StreamPtr stream = co_await connection->open_stream(kEcho);
  co_await write_delimited(*stream, as_bytes(text));
  Bytes answer = co_await read_delimited(*stream, 1024);
  co_return answer;
}

PeerInfo info(const PlainHost& host) {
  return {host.peer_id(), host.addresses()};
}

// A crowd whose hosts all echo.
struct Fixture {
  explicit Fixture(std::size_t count, CrowdOptions options = {}) : crowd(options) {
    for (std::size_t i = 0; i < count; ++i) {
      hosts.push_back(crowd.add_host());
      hosts.back()->handle(kEcho, echo);
    }
  }
  ~Fixture() {
    for (const auto& host : hosts) crowd.loop().run(host->close());
  }
  Bytes ask(std::size_t from, std::size_t to, const std::string& text = "hello") {
    return crowd.loop().run(::ask(*hosts[from], info(*hosts[to]), text));
  }

  Crowd crowd;
  std::vector<std::unique_ptr<PlainHost>> hosts;
};

}  // namespace

TEST_CASE(
    "a question over a new connection takes two round trips of the pair, over an open one a single one") {
  Fixture net(2);
  const Duration round_trip = net.crowd.round_trip(0, 1);
  CHECK(net.ask(0, 1) == to_bytes("hello"));
  CHECK(net.crowd.now() - Instant{} == 2 * round_trip);
  CHECK(net.ask(1, 0) == to_bytes("hello"));
  CHECK(net.crowd.now() - Instant{} == 3 * round_trip);
  CHECK(net.crowd.counters().handshakes == 1);
  CHECK(net.hosts[0]->connections(net.hosts[1]->peer_id()).size() == 1);
}

TEST_CASE("each learns what the other one speaks, and where it lives") {
  Fixture net(2);
  net.crowd.loop().run(net.hosts[0]->connect(info(*net.hosts[1])));
  for (const auto& [self, other] : {std::pair(0, 1), std::pair(1, 0)}) {
    Peerstore& store = net.hosts[static_cast<std::size_t>(self)]->peerstore();
    const PlainHost& peer = *net.hosts[static_cast<std::size_t>(other)];
    CHECK(store.description(peer.peer_id())->protocols == std::vector<ProtocolId>{kEcho});
    CHECK(store.addresses(peer.peer_id(), net.crowd.now()) == peer.addresses());
    CHECK(store.peers() == std::vector{peer.peer_id()});
  }
}

TEST_CASE("hosts that have met know each other, at no cost") {
  Fixture net(2);
  net.hosts[0]->meet(*net.hosts[1]);
  CHECK(net.crowd.counters().handshakes == 0);
  CHECK(net.hosts[1]->connections().empty());
  CHECK_FALSE(net.crowd.loop().busy());
  const PeerInfo by_name{net.hosts[0]->peer_id(), {}};
  CHECK(net.crowd.loop().run(ask(*net.hosts[1], by_name, "hello")) == to_bytes("hello"));
}

TEST_CASE("round trips are lognormal around their median, and the same both ways") {
  Crowd crowd({.seed = 3});
  std::vector<Duration> all;
  for (std::uint32_t a = 0; a < 100; ++a) {
    for (std::uint32_t b = 0; b < a; ++b) all.push_back(crowd.round_trip(a, b));
    CHECK(crowd.round_trip(a, 200) == crowd.round_trip(200, a));
  }
  std::ranges::sort(all);
  CHECK(to_ms(all[all.size() / 2]) == doctest::Approx(80).epsilon(0.05));
  CHECK(to_ms(all[all.size() * 95 / 100]) == doctest::Approx(215).epsilon(0.1));
}

TEST_CASE("dialing the dead takes five seconds, and their connections end when it is noticed") {
  Fixture net(3);
  net.ask(0, 1);
  net.hosts[1]->die();
  const Instant start = net.crowd.now();
  const auto answer = net.crowd.loop().run(as_result(ask(*net.hosts[2], info(*net.hosts[1]), "x")));
  CHECK(answer.error() == Errc::kTimedOut);
  CHECK(net.crowd.now() - start == 5s);
  CHECK(net.hosts[0]->connections().size() == 1);
  net.crowd.loop().advance(20s);
  CHECK(net.hosts[0]->connections().empty());

  net.crowd.loop().run(net.hosts[1]->close());
  net.hosts[1]->revive();
  CHECK(net.ask(2, 1) == to_bytes("hello"));
}

TEST_CASE("a name that is not the host's, and no address") {
  Fixture net(3);
  const PeerInfo wrong{net.hosts[2]->peer_id(), net.hosts[1]->addresses()};
  CHECK(net.crowd.loop().run(as_result(ask(*net.hosts[0], wrong, "x"))).error() == Errc::kPeerIdMismatch);
  const PeerInfo nowhere{net.hosts[2]->peer_id(), {}};
  CHECK(net.crowd.loop().run(as_result(ask(*net.hosts[0], nowhere, "x"))).error() == Errc::kNoAddresses);
  CHECK(net.crowd.loop().run(as_result(ask(*net.hosts[0], info(*net.hosts[0]), "x"))).error() ==
        Errc::kSelfDial);
}

TEST_CASE("a protocol that the other side does not speak is told at the first read") {
  Fixture net(2);
  net.hosts[1]->unhandle(kEcho);
  const auto answer = net.crowd.loop().run(as_result(ask(*net.hosts[0], info(*net.hosts[1]), "x")));
  CHECK(answer.error() == Errc::kProtocolNotSupported);
}

TEST_CASE("idle connections are closed on both sides, protected ones are not") {
  Fixture net(3);
  net.ask(0, 1);
  net.ask(0, 2);
  CHECK(net.hosts[0]->protect(net.hosts[2]->peer_id(), "test"));
  net.crowd.loop().advance(2min);
  CHECK(net.hosts[0]->connections(net.hosts[1]->peer_id()).empty());
  CHECK(net.hosts[1]->connections().empty());
  CHECK(net.hosts[0]->connections(net.hosts[2]->peer_id()).size() == 1);
  CHECK_FALSE(net.hosts[0]->unprotect(net.hosts[2]->peer_id(), "test"));
  net.crowd.loop().advance(2min);
  CHECK(net.hosts[0]->connections().empty());
  CHECK_FALSE(net.crowd.loop().busy());
}

TEST_CASE("above the bound the connection that was used longest ago is closed") {
  Fixture net(5, {.connections_max = 2});
  net.ask(0, 1);
  net.crowd.loop().advance(6s);
  net.ask(0, 2);
  net.crowd.loop().advance(6s);
  net.ask(0, 1);
  net.ask(0, 3);
  CHECK(net.hosts[0]->connections().size() == 2);
  CHECK(net.hosts[0]->connections(net.hosts[2]->peer_id()).empty());
}

TEST_CASE("a thousand hosts: one seed gives one fingerprint, keys follow from the seed") {
  const auto run = [](std::uint64_t seed) {
    Fixture net(1000, {.seed = seed});
    for (std::size_t i = 0; i < 500; ++i) net.ask(i, i + 500, "hello " + std::to_string(i));
    CHECK(net.crowd.counters().messages == 1000);
    return net.crowd.fingerprint();
  };
  CHECK(run(1) == run(1));
  CHECK(run(1) != run(2));
  Crowd crowd;
  const auto host = crowd.add_host();
  CHECK(PeerId::from_public_key(host->key().public_key()) == host->peer_id());
  crowd.loop().run(host->close());
}

TEST_CASE("a compact peerstore holds the addresses that were touched last") {
  Crowd crowd;
  CompactPeerstore store(crowd.directory());
  const auto peer = [](int number) {
    Bytes multihash(36, 0);
    multihash[1] = 34;
    multihash[2] = static_cast<std::uint8_t>(number >> 8);
    multihash[3] = static_cast<std::uint8_t>(number);
    return value_or_throw(PeerId::from_bytes(multihash));
  };
  const auto address = [](int number) {
    return value_or_throw(Multiaddr::parse("/ip4/192.0.2.1/tcp/" + std::to_string(number + 1)));
  };
  const Instant later = Instant{} + 1h;
  for (int i = 0; i < 1000; ++i) store.add_addresses(peer(i), {address(i)}, AddressSource::kReported, later);
  CHECK(store.peers().size() <= CompactPeerstore::kAddressesMax);
  CHECK(store.addresses(peer(0), Instant{}).empty());
  CHECK(store.addresses(peer(999), Instant{}) == std::vector{address(999)});
  CHECK(store.addresses(peer(999), later).empty());

  store.add_addresses(peer(999), {address(5)}, AddressSource::kIdentify, later);
  store.note_dial(peer(999), address(5), false, Instant{});
  CHECK(store.addresses(peer(999), Instant{}) == std::vector{address(999), address(5)});
  store.note_latency(peer(1), 80ms);
  CHECK(store.latency(peer(1)) == 80ms);
}
