#include "test/net/packet.hpp"

#include <doctest/doctest.h>

#include "test/net/test_packets.hpp"
#include "warren/sim/random.hpp"

namespace warren::net {

namespace {

using sim::NatProtocol;

struct Ends {
  Endpoint inside;
  Endpoint outside;
  Endpoint remote;
};

const Ends kEnds4{at("192.168.1.2", 4001), at("31.2.0.1", 50000), at("31.9.0.1", 443)};
const Ends kEnds6{at("fd00::2", 4001), at("2a10:2::1", 50000), at("2a10:9::1", 443)};

}  // namespace

TEST_CASE("a datagram has its endpoints, and a new source with right checksums") {
  for (const Ends& ends : {kEnds4, kEnds6}) {
    // Of even and odd length, and each of many contents: sums that wrap, and those that give zero.
    for (int i = 0; i < 300; ++i) {
      Bytes packet = udp(ends.inside, ends.remote, std::string(static_cast<std::size_t>(i), char(i * 7)));
      const auto headers = parse(packet, Towards::kOutside);
      REQUIRE(headers);
      CHECK(headers->flow.protocol == NatProtocol::kUdp);
      CHECK(headers->flow.from == ends.inside);
      CHECK(headers->flow.to == ends.remote);
      const Endpoint source{ends.outside.address, static_cast<std::uint16_t>(1024 + i * 211)};
      set_source(packet, *headers, source);
      CHECK(checksums_are_right(packet));
      CHECK(parse(packet, Towards::kOutside)->flow.from == source);
      CHECK(parse(packet, Towards::kOutside)->flow.to == ends.remote);
    }
  }
}

TEST_CASE("a datagram without a checksum stays without") {
  Bytes packet = udp(kEnds4.inside, kEnds4.remote);
  put(packet, 26, 0);
  set_source(packet, *parse(packet, Towards::kOutside), kEnds4.outside);
  CHECK(packet[26] == 0);
  CHECK(packet[27] == 0);
  CHECK(parse(packet, Towards::kOutside)->flow.from == kEnds4.outside);
}

TEST_CASE("a segment has its flags, and a new destination with right checksums") {
  for (const Ends& ends : {kEnds4, kEnds6}) {
    Bytes packet = tcp(ends.remote, ends.outside, kSynFlag | kAckFlag, "x");
    const auto headers = parse(packet, Towards::kInside);
    REQUIRE(headers);
    CHECK(headers->flow.syn);
    CHECK(headers->flow.ack);
    CHECK_FALSE(headers->flow.rst);
    set_destination(packet, *headers, ends.inside);
    CHECK(checksums_are_right(packet));
    CHECK(parse(packet, Towards::kInside)->flow.to == ends.inside);
  }
}

TEST_CASE("an echo's identifier is the port of who asked") {
  for (const Ends& ends : {kEnds4, kEnds6}) {
    const bool v4 = ends.inside.address.is_v4();
    Bytes request = icmp(ends.inside.address, ends.remote.address, v4 ? 8 : 128, 0, 77);
    const auto out = parse(request, Towards::kOutside);
    REQUIRE(out);
    CHECK(out->flow.from.port == 77);
    CHECK(out->flow.to.port == 0);
    set_source(request, *out, ends.outside);
    CHECK(checksums_are_right(request));
    CHECK(parse(request, Towards::kOutside)->flow.from == ends.outside);

    Bytes answer = icmp(ends.remote.address, ends.outside.address, v4 ? 0 : 129, 0, ends.outside.port);
    const auto in = parse(answer, Towards::kInside);
    REQUIRE(in);
    CHECK(in->flow.to == ends.outside);
    set_destination(answer, *in, ends.inside);
    CHECK(checksums_are_right(answer));
    CHECK(parse(answer, Towards::kInside)->flow.to == ends.inside);
  }
}

TEST_CASE("an error about a packet is rewritten with the packet that it quotes") {
  for (const Ends& ends : {kEnds4, kEnds6}) {
    const bool v4 = ends.inside.address.is_v4();
    Bytes quoted = udp(ends.outside, ends.remote);
    const IpAddress router = at(v4 ? "31.5.0.1" : "2a10:5::1", 0).address;
    Bytes packet = icmp(router, ends.outside.address, v4 ? 3 : 2, v4 ? 4 : 0, 0, quoted);
    const auto error = parse_error(packet, Towards::kInside);
    REQUIRE(error);
    CHECK(error->about.flow.from == ends.outside);
    CHECK(error->about.flow.to == ends.remote);
    set_error_destination(packet, *error, ends.inside);
    CHECK(checksums_are_right(packet));
    const auto after = parse_error(packet, Towards::kInside);
    REQUIRE(after);
    CHECK(after->to == ends.inside.address);
    CHECK(after->from == router);
    CHECK(after->about.flow.from == ends.inside);
    const BytesView inner = BytesView(packet).subspan(after->quoted);
    CHECK(checksums_are_right(inner));
  }
}

TEST_CASE("an error from inside names the outside, and may quote no more than eight bytes") {
  Bytes quoted = udp(kEnds4.remote, kEnds4.inside);
  quoted.resize(28);
  Bytes packet = icmp(kEnds4.inside.address, kEnds4.remote.address, 3, 3, 0, quoted);
  const auto error = parse_error(packet, Towards::kOutside);
  REQUIRE(error);
  set_error_source(packet, *error, kEnds4.outside.address, kEnds4.outside);
  CHECK(checksums_are_right(packet));
  const auto after = parse_error(packet, Towards::kOutside);
  REQUIRE(after);
  CHECK(after->from == kEnds4.outside.address);
  CHECK(after->about.flow.to == kEnds4.outside);
}

TEST_CASE("an error whose checksum is wrong is none") {
  Bytes packet =
      icmp(at("31.5.0.1", 0).address, kEnds4.outside.address, 3, 3, 0, udp(kEnds4.outside, kEnds4.remote));
  packet.back() ^= 1;
  CHECK_FALSE(parse_error(packet, Towards::kInside));
}

TEST_CASE("a reset answers a SYN") {
  for (const Ends& ends : {kEnds4, kEnds6}) {
    const Bytes syn = tcp(ends.remote, ends.outside, kSynFlag);
    const Bytes reset = reset_for(syn, *parse(syn, Towards::kInside));
    CHECK(checksums_are_right(reset));
    const auto headers = parse(reset, Towards::kOutside);
    REQUIRE(headers);
    CHECK(headers->flow.from == ends.outside);
    CHECK(headers->flow.to == ends.remote);
    CHECK(headers->flow.rst);
    CHECK(to_hex(BytesView(reset).subspan(headers->transport + 8, 4)) == "12345679");
  }
}

TEST_CASE("each hop is one less, with a right checksum, and the last one is not taken") {
  for (const Ends& ends : {kEnds4, kEnds6}) {
    Bytes packet = udp(ends.inside, ends.remote);
    std::uint8_t& hops = packet[ends.inside.address.is_v4() ? 8 : 7];
    for (int left = 63; left >= 1; --left) {
      REQUIRE(spend_hop(packet));
      CHECK(hops == left);
      CHECK(checksums_are_right(packet));
    }
    const Bytes last = packet;
    CHECK_FALSE(spend_hop(packet));
    CHECK(packet == last);
    for (std::size_t size = 0; size < 20; ++size) {
      CHECK_FALSE(spend_hop(MutableBytes(packet).first(size)));
    }
  }
}

TEST_CASE("fragments, other protocols and cut packets are not read") {
  const Bytes whole = udp(kEnds4.inside, kEnds4.remote);
  Bytes first = whole;
  first[6] = 0x20;  // more fragments
  CHECK_FALSE(parse(first, Towards::kOutside));
  Bytes later = whole;
  later[7] = 1;
  CHECK_FALSE(parse(later, Towards::kOutside));
  Bytes whole_wanted = whole;
  whole_wanted[6] = 0x40;  // must not be fragmented
  CHECK(parse(whole_wanted, Towards::kOutside));
  Bytes fragment6 = udp(kEnds6.inside, kEnds6.remote);
  fragment6[6] = 44;
  CHECK_FALSE(parse(fragment6, Towards::kOutside));
  Bytes igmp = whole;
  igmp[9] = 2;
  CHECK_FALSE(parse(igmp, Towards::kOutside));
  for (std::size_t size = 0; size < whole.size(); ++size) {
    CHECK_FALSE(parse(BytesView(whole).first(size), Towards::kOutside));
  }
}

// Under AddressSanitizer: nothing reads or writes behind what it was given.
TEST_CASE("whatever bytes come, none beyond them are touched") {
  sim::SeededRandom random(7);
  const std::vector<Bytes> seeds = {
      udp(kEnds4.inside, kEnds4.remote),
      udp(kEnds6.inside, kEnds6.remote),
      tcp(kEnds4.inside, kEnds4.remote, kSynFlag),
      tcp(kEnds6.inside, kEnds6.remote, kSynFlag),
      icmp(kEnds4.remote.address, kEnds4.outside.address, 3, 4, 0, udp(kEnds4.outside, kEnds4.remote)),
      icmp(kEnds6.remote.address, kEnds6.outside.address, 2, 0, 0, tcp(kEnds6.outside, kEnds6.remote, 0)),
  };
  int read = 0;
  for (int i = 0; i < 60000; ++i) {
    Bytes packet = seeds[random.u64() % seeds.size()];
    packet.resize(random.u64() % (packet.size() + 1));
    for (int flip = 0; flip < i % 4 && !packet.empty(); ++flip) {
      packet[random.u64() % packet.size()] = static_cast<std::uint8_t>(random.u64());
    }
    packet.shrink_to_fit();
    (void)spend_hop(packet);
    const Towards towards = i % 2 == 0 ? Towards::kOutside : Towards::kInside;
    if (const auto headers = parse(packet, towards)) {
      ++read;
      const bool v4 = headers->flow.from.address.is_v4();
      set_source(packet, *headers, v4 ? kEnds4.outside : kEnds6.outside);
      set_destination(packet, *headers, v4 ? kEnds4.inside : kEnds6.inside);
      if (headers->flow.protocol == NatProtocol::kTcp) CHECK(reset_for(packet, *headers).size() >= 40);
    }
    if (const auto error = parse_error(packet, towards)) {
      const bool v4 = error->from.is_v4();
      const Endpoint& inside = v4 ? kEnds4.inside : kEnds6.inside;
      set_error_destination(packet, *error, inside);
      set_error_source(packet, *error, inside.address, inside);
    }
  }
  CHECK(read > 0);
}

}  // namespace warren::net
