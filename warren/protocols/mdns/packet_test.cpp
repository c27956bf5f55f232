#include "warren/protocols/mdns/packet.hpp"

#include <doctest/doctest.h>

#include <fstream>
#include <sstream>

#include "warren/protocols/mdns/test_values.hpp"

namespace warren::mdns {
namespace {

using Addresses = std::vector<Multiaddr>;

const std::string kName = "abcdefghijklmnopqrstuvwxyz012345";

// What others sent.
Bytes captured(const std::string& name) {
  std::ifstream file("test/vectors/mdns.txt");
  for (std::string line; std::getline(file, line);) {
    std::istringstream words(line);
    std::string key;
    std::string hex;
    if (words >> key >> hex && key == name) return value_or_throw(from_hex(hex));
  }
  FAIL("no vector ", name);
  return {};
}

// A response with one answer and nothing else: its parts in hexadecimal.
Bytes response(const std::string& record) {
  return hex("000084000000000100000000" + record);
}

const std::string kServiceName = "045f703270045f756470056c6f63616c00";

TEST_CASE("go-libp2p's query and announcement are understood") {
  const auto query = parse(captured("go_query"));
  REQUIRE(query);
  CHECK(query->query.peers);
  CHECK(query->announcements.empty());

  const auto packet = parse(captured("go_announcement"));
  REQUIRE(packet);
  CHECK(packet->query.empty());
  REQUIRE(packet->announcements.size() == 1);
  const Announcement& it = packet->announcements[0];
  CHECK(it.name == "kizktsqkl1f78yhpxewpehqmx7cgzrztfb22vyt1snmvudrslbaryr");
  CHECK(it.ttl == 3200s);
  CHECK(it.peer.to_string() == "12D3KooWEydJXq5ThwMRTLyTvPmSkW6YAu5QC5kMmvhERXxM78Qm");
  CHECK(it.addresses == Addresses{address("/ip6/fd99::1/tcp/4001"),
                                  address("/ip4/10.99.0.1/udp/4001/quic-v1"),
                                  address("/ip4/10.99.0.1/tcp/4001")});
}

TEST_CASE("go-libp2p's goodbye is one") {
  const auto packet = parse(captured("go_goodbye"));
  REQUIRE(packet);
  REQUIRE(packet->announcements.size() == 1);
  CHECK(packet->announcements[0].name == "kizktsqkl1f78yhpxewpehqmx7cgzrztfb22vyt1snmvudrslbaryr");
  CHECK(packet->announcements[0].ttl == 0s);
}

TEST_CASE("js-libp2p's announcement, with its addresses beside the answer, is understood") {
  const auto packet = parse(captured("js_announcement"));
  REQUIRE(packet);
  REQUIRE(packet->announcements.size() == 1);
  const Announcement& it = packet->announcements[0];
  CHECK(it.ttl == 120s);
  CHECK(it.peer.to_string() == "12D3KooWQ52ZUGKDL9Yahai6vQ5y7au6GmNYxYiA1kfGQYQD8Zwc");
  CHECK(it.addresses == Addresses{address("/ip4/10.99.0.1/tcp/4002"), address("/ip6/fd99::1/tcp/4002")});
}

TEST_CASE("a query is the one that others send") {
  CHECK(to_hex(encode_query()) == "000000000001000000000000" + kServiceName + "000c0001");
}

TEST_CASE("what is asked: peers, services, one peer's records, another service") {
  const auto ask = [](const std::string& name, const std::string& type_and_class) {
    return value_or_throw(parse(hex("000000000001000000000000" + name + type_and_class))).query;
  };
  // Upper case, and "by unicast, please".
  CHECK(ask("045f503270045f554450054c4f43414c00", "000c8001").peers);
  CHECK(ask(kServiceName, "00ff0001").peers);
  CHECK(ask(kServiceName, "00100001").empty());
  CHECK(ask(kServiceName, "000c0003").empty());
  const Query services = ask("095f7365727669636573075f646e732d7364045f756470056c6f63616c00", "000c0001");
  CHECK(services.services);
  CHECK_FALSE(services.peers);
  CHECK(ask("036f6e65" + kServiceName, "00100001").names == std::vector<std::string>{"one"});
  CHECK(ask("036f6e6503703270056c6f63616c00", "00010001").names == std::vector<std::string>{"one"});
  CHECK(ask("0374776f036f6e65" + kServiceName, "00100001").empty());
  CHECK(ask("055f69707073045f746370056c6f63616c00", "000c0001").empty());
}

TEST_CASE("an announcement is read as it was written") {
  const Announcement announcement{
      .name = kName,
      .ttl = 120s,
      .peer = peer_of(1),
      .addresses = {address("/ip4/192.0.2.1/tcp/4001"), address("/ip6/2001:db8::1/udp/4001/quic-v1")}};
  const auto packets = encode(announcement);
  REQUIRE(packets.size() == 1);
  const auto read = parse(packets[0]);
  REQUIRE(read);
  REQUIRE(read->announcements.size() == 1);
  CHECK(read->announcements[0].name == announcement.name);
  CHECK(read->announcements[0].ttl == announcement.ttl);
  CHECK(read->announcements[0].peer == announcement.peer);
  CHECK(read->announcements[0].addresses == announcement.addresses);
  // Of the answer, the texts, the host and its two addresses.
  CHECK(to_hex(packets[0]).starts_with("000084000000000100000004"));
}

TEST_CASE("many addresses are told in packets that fit, and long ones are left out") {
  Announcement announcement{.name = kName, .ttl = 120s, .peer = peer_of(1), .addresses = {}};
  for (int port = 10'000; port < 10'030; ++port) {
    announcement.addresses.push_back(address("/ip4/192.0.2.1/tcp/" + std::to_string(port)));
  }
  const std::string path = "/http-path/" + std::string(180, 'x');
  announcement.addresses.push_back(address("/ip4/192.0.2.1/tcp/443/tls/http" + path));
  const auto packets = encode(announcement);
  CHECK(packets.size() >= 2);
  CHECK(packets.size() <= 4);
  Addresses read;
  for (const Bytes& packet : packets) {
    CHECK(packet.size() <= kAnswerSizeMax);
    const auto parsed = parse(packet);
    REQUIRE(parsed);
    REQUIRE(parsed->announcements.size() == 1);
    for (const Multiaddr& it : parsed->announcements[0].addresses) read.push_back(it);
  }
  announcement.addresses.pop_back();
  CHECK(read == announcement.addresses);
}

TEST_CASE("nothing is said of a peer without addresses; services have an answer") {
  CHECK(encode({.name = kName, .ttl = 120s, .peer = peer_of(1), .addresses = {}}).empty());
  const auto packet = parse(encode_services(120s));
  REQUIRE(packet);
  CHECK(packet->query.empty());
  CHECK(packet->announcements.empty());
}

TEST_CASE("compression pointers: to earlier names, in circles, and out of the packet") {
  // The answer's name is spelled out; the peer's ends in a pointer to it.
  const std::string data = "036f6e65c00c";
  const auto good = parse(response(kServiceName + "000c0001000000780006" + data));
  REQUIRE(good);
  REQUIRE(good->announcements.size() == 1);
  CHECK(good->announcements[0].name == "one");
  CHECK(good->announcements[0].addresses.empty());

  for (const std::string target : {"c00c", "c0ff", "ffff"}) {
    CHECK(parse(response(target + "000c0001000000780002c00c")).error() == Errc::kMalformed);
  }
  // Two that point at each other.
  CHECK(parse(response("c00ec00c000c0001000000780002c00c")).error() == Errc::kMalformed);
}

TEST_CASE("a packet cut off anywhere is refused, and none of its parts believed") {
  const Bytes whole = captured("go_announcement");
  for (std::size_t size = 0; size < whole.size(); ++size) {
    CHECK(parse(BytesView(whole).first(size)).error() == Errc::kMalformed);
  }
}

TEST_CASE("packets and counts over the limits are refused before they are read") {
  CHECK(parse(Bytes(kPacketSizeMax + 1)).error() == Errc::kTooLarge);
  CHECK(parse(hex("0000840000000041"
                  "00000000"))
            .error() == Errc::kTooLarge);
  CHECK(parse(hex("00008400ffffffff"
                  "ffffffff"))
            .error() == Errc::kTooLarge);
}

TEST_CASE("other kinds of messages are nothing to us") {
  Bytes update = captured("go_announcement");
  update[2] |= 0x28;  // opcode 5
  Bytes failed = captured("go_announcement");
  failed[3] |= 3;  // no such name
  for (const Bytes& bytes : {update, failed}) {
    const auto packet = parse(bytes);
    REQUIRE(packet);
    CHECK(packet->announcements.empty());
    CHECK(packet->query.empty());
  }
}

// A TXT record for the peer "one" behind its PTR, with these strings.
Packet with_texts(const std::vector<std::string>& texts) {
  Bytes data;
  for (const std::string& text : texts) {
    data.push_back(static_cast<std::uint8_t>(text.size()));
    append(data, as_bytes(text));
  }
  Bytes bytes = hex("000084000000000100000001" + kServiceName + "000c0001000000780006036f6e65c00c" +
                    "036f6e65c00c" + "0010000100000078");
  bytes.push_back(static_cast<std::uint8_t>(data.size() >> 8));
  bytes.push_back(static_cast<std::uint8_t>(data.size()));
  append(bytes, data);
  return value_or_throw(parse(bytes));
}

TEST_CASE("texts that are no addresses, or another peer's, are passed over") {
  const std::string own = "/p2p/" + peer_of(1).to_string();
  const std::string other = "/p2p/" + peer_of(2).to_string();
  const auto packet =
      with_texts({"", "dnsaddr", "dnsaddr=", "dnsaddr=nonsense", "dnsaddr=/ip4/10.0.0.1/tcp/1", "txtvers=1",
                  "dnsaddr=" + own, "dnsaddr=/ip4/10.0.0.1/tcp/1" + own,
                  "dnsaddr=/ip4/10.0.0.2/tcp/1" + other, "dnsaddr=/ip4/10.0.0.3/tcp/1" + own});
  REQUIRE(packet.announcements.size() == 1);
  CHECK(packet.announcements[0].peer == peer_of(1));
  CHECK(packet.announcements[0].addresses ==
        Addresses{address("/ip4/10.0.0.1/tcp/1"), address("/ip4/10.0.0.3/tcp/1")});
}

TEST_CASE("of too many addresses the first ones are taken") {
  std::vector<std::string> texts;
  for (int i = 1; i <= 100; ++i) {
    texts.push_back("dnsaddr=/ip4/10.0.0.1/tcp/" + std::to_string(i) + "/p2p/" + peer_of(1).to_string());
  }
  CHECK(with_texts(texts).announcements[0].addresses.size() == kAddressesMax);
}

}  // namespace
}  // namespace warren::mdns
