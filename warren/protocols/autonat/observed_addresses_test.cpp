// Addresses that peers see us at: believed when two networks have seen the same, over the socket we listen
// on.
#include "warren/protocols/autonat/observed_addresses.hpp"

#include <doctest/doctest.h>

#include <algorithm>

#include "warren/core/test_values.hpp"
#include "warren/protocols/autonat/test_values.hpp"

using namespace warren;
using namespace warren::autonat;
using namespace warren::testing;

namespace {

const SocketKey kLocal = socket_of(address("/ip4/192.168.1.7/udp/4001/quic-v1")).value();
const SocketKey kMapped = socket_of(address("/ip4/203.0.113.5/udp/50000/quic-v1")).value();

struct SeenBook : ObservationBook {
  using ObservationBook::ObservationBook;
  void see(std::uint64_t connection, std::uint8_t who, const SocketKey& observed,
           const SocketKey& local = kLocal) {
    note(connection, peer_number(who), network_number(who), local, observed, now);
  }
  std::vector<SocketKey> ours() {
    std::vector<SocketKey> sockets;
    for (const Seen& each : confirmed(now)) sockets.push_back(each.observed);
    return sockets;
  }
  Instant now{};
};

}  // namespace

TEST_CASE("two networks make an address ours, one does not however often it says so") {
  SeenBook book;
  book.see(1, 1, kMapped);
  CHECK(book.ours().empty());
  book.note(2, peer_number(99), network_number(1), kLocal, kMapped, book.now);  // a neighbour of the first
  book.see(1, 1, kMapped);
  CHECK(book.ours().empty());
  book.see(3, 2, kMapped);
  CHECK(book.ours() == std::vector{kMapped});
  CHECK(book.confirmed(book.now).front().networks == 2);
}

TEST_CASE("what one peer sees is worth a try as long as it is connected") {
  SeenBook book;
  book.see(1, 1, kMapped);
  CHECK(book.confirmed(book.now).empty());
  REQUIRE(book.current().size() == 1);
  CHECK(book.current().front().observed == kMapped);
  book.ended(1, book.now);
  CHECK(book.current().empty());
}

TEST_CASE("what a NAT makes for each peer anew is nobody's address") {
  SeenBook book;
  for (std::uint8_t who = 1; who <= 20; ++who) {
    SocketKey symmetric = kMapped;
    symmetric.endpoint.port = static_cast<std::uint16_t>(50000 + who);
    book.see(who, who, symmetric);
  }
  CHECK(book.ours().empty());
}

TEST_CASE("what a NAT makes of a port shows from two networks on") {
  const SocketKey local = socket_of(address("/ip4/192.168.1.7/tcp/4001")).value();
  SocketKey mapped = socket_of(address("/ip4/203.0.113.5/tcp/50000")).value();
  const IpAddress outside = mapped.endpoint.address;
  for (const bool dependent : {false, true}) {
    SeenBook book;
    book.see(1, 1, mapped, local);
    CHECK_FALSE(book.mapping(Protocol::kTcp, book.now).dependent);
    CHECK(book.mapping(Protocol::kTcp, book.now).outside.empty());
    if (dependent) ++mapped.endpoint.port;
    book.see(2, 2, mapped, local);
    CHECK(book.mapping(Protocol::kTcp, book.now).dependent == dependent);
    CHECK(book.mapping(Protocol::kTcp, book.now).outside == std::vector{outside});
    CHECK_FALSE(book.mapping(Protocol::kUdp, book.now).dependent);
    book.ended(2, book.now);
    CHECK_FALSE(book.mapping(Protocol::kTcp, book.now + kObservationLife).dependent);
  }
  // Dials from ports of their own are seen at ports of their own.
  SeenBook book;
  SocketKey other = local;
  ++other.endpoint.port;
  book.see(1, 1, mapped, local);
  book.see(2, 2, mapped, other);
  CHECK_FALSE(book.mapping(Protocol::kTcp, book.now).dependent);
}

TEST_CASE("observations end some time after their connections") {
  SeenBook book;
  book.see(1, 1, kMapped);
  book.see(2, 2, kMapped);
  book.now += 24h;
  CHECK(book.ours().size() == 1);
  book.ended(2, book.now);
  book.now += kObservationLife - 1s;
  CHECK(book.ours().size() == 1);
  book.now += 1s;
  CHECK(book.ours().empty());
  book.see(3, 3, kMapped);
  CHECK(book.ours().size() == 1);
  // Who sees us elsewhere now does not see us there any more.
  SocketKey moved = kMapped;
  moved.endpoint.port = 50001;
  book.see(3, 3, moved);
  CHECK(book.ours().empty());
}

TEST_CASE("what is of no use outside is not counted") {
  const auto both = [](SeenBook& book, const SocketKey& observed, const SocketKey& local = kLocal) {
    book.see(1, 1, observed, local);
    book.see(2, 2, observed, local);
    return book.ours().size();
  };
  for (const std::string_view text :
       {"/ip4/127.0.0.1/udp/4001/quic-v1", "/ip4/192.168.1.7/udp/4001/quic-v1", "/ip4/0.0.0.0/udp/4001",
        "/ip4/203.0.113.5/udp/0/quic-v1", "/ip4/203.0.113.5/tcp/4001", "/ip6/fe80::1/udp/4001/quic-v1"}) {
    CAPTURE(text);
    SeenBook book;
    CHECK(both(book, socket_of(address(std::string(text))).value()) == 0);
  }
  SeenBook lan(true);
  CHECK(both(lan, socket_of(address("/ip4/192.168.1.7/udp/4001/quic-v1")).value()) == 1);
}

TEST_CASE("the port is the one that listens: each of its protocols is seen outside") {
  SeenBook book;
  book.see(1, 1, kMapped);
  book.see(2, 2, kMapped);
  // An outbound TCP connection from a port of its own says nothing of the one that listens.
  const SocketKey ephemeral = socket_of(address("/ip4/192.168.1.7/tcp/40000")).value();
  const SocketKey seen = socket_of(address("/ip4/203.0.113.5/tcp/40000")).value();
  book.see(3, 1, seen, ephemeral);
  book.see(4, 2, seen, ephemeral);
  const auto outside = seen_from_outside(
      book.confirmed(book.now),
      {address("/ip4/192.168.1.7/tcp/4001"), address("/ip4/192.168.1.7/udp/4001/quic-v1"),
       address("/ip4/10.9.9.9/udp/4001/quic-v1"), address("/ip4/192.168.1.7/udp/4001/quic-v1/webtransport"),
       address("/ip6/fd00::7/udp/4001/quic-v1"), address("/ip4/192.168.1.7/udp/4002/quic-v1")});
  CHECK(outside == std::vector{address("/ip4/203.0.113.5/udp/50000/quic-v1"),
                               address("/ip4/203.0.113.5/udp/50000/quic-v1/webtransport")});
}

TEST_CASE("inventions are bounded, and do not push out what others have seen") {
  SeenBook book;
  book.see(1, 1, kMapped);
  book.see(2, 2, kMapped);
  for (std::uint64_t i = 0; i < 300; ++i) {
    SocketKey invented = kMapped;
    invented.endpoint.port = static_cast<std::uint16_t>(1000 + i);
    book.see(100 + i, 3, invented);
    book.see(500 + i, 4, invented);
  }
  CHECK(book.ours().size() <= 1 + kObservationsPerPeerMax);
  CHECK(std::ranges::count(book.ours(), kMapped) == 1);
}

TEST_CASE("networks and sockets of addresses") {
  const auto net = [](std::string_view text) {
    return network_of(value_or_throw(IpAddress::parse(text))).to_string();
  };
  CHECK(net("203.0.113.5") == "203.0.0.0");
  CHECK(net("2001:db8:1:2::5") == "2001:db8::");
  CHECK(net("192.168.1.7") == "192.168.1.7");
  CHECK(net("fd00::7") == "fd00::7");
  CHECK(socket_of(address("/ip4/1.2.3.4/udp/7/quic-v1")) ==
        socket_of(address("/ip4/1.2.3.4/udp/7/quic-v1/webtransport")));
  CHECK_FALSE(socket_of(address("/dns4/example.org/tcp/4001")));
  CHECK(same_form(address("/ip4/1.2.3.4/tcp/1"), address("/ip4/10.0.0.1/tcp/2")));
  CHECK(same_form(address("/ip4/1.2.3.4/tcp/1/wss"), address("/ip4/10.0.0.1/tcp/2/tls/sni/example.org/ws")));
  CHECK_FALSE(same_form(address("/ip4/1.2.3.4/tcp/1"), address("/ip6/::1/tcp/1")));
  CHECK_FALSE(same_form(address("/ip4/1.2.3.4/tcp/1"), address("/ip4/1.2.3.4/udp/1/quic-v1")));
}
