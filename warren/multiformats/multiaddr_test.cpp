#include "warren/multiformats/multiaddr.hpp"

#include <doctest/doctest.h>

#include "warren/multiformats/multibase.hpp"

using namespace warren;

namespace {

const std::string kRelay = "/p2p/QmdPU7PfRyKehdrP5A3WqmjyD6bhVpU1mLGKppa2FjGDjZ";
const std::string kPeer = "/p2p/12D3KooWCryG7Mon9orvQxcS1rYZjotPgpwoJNHHKcLLfE4Hf5mV";

Multiaddr address(std::string_view text) {
  return value_or_throw(Multiaddr::parse(text), std::string(text));
}

std::string shown(std::string_view hex) {
  const auto parsed = Multiaddr::from_bytes(*from_hex(hex));
  return parsed ? parsed->to_string() : "";
}

}  // namespace

TEST_CASE("multiaddr: text and bytes, known answers") {
  const std::pair<std::string_view, std::string_view> vectors[] = {
      {"/ip4/127.0.0.1/udp/1234", "047f000001910204d2"},
      {"/ip4/127.0.0.1/tcp/4321", "047f0000010610e1"},
      {"/ip4/127.0.0.1/udp/1234/ip4/127.0.0.1/tcp/4321", "047f000001910204d2047f0000010610e1"},
      {"/ip6/2001:db8::1/udp/443/quic-v1", "2920010db8000000000000000000000001910201bbcd03"},
      {"/ip6zone/eth0/ip6/fe80::1", "2a046574683029fe800000000000000000000000000001"},
      {"/dns/a.example/tcp/0", "3509612e6578616d706c65060000"},
      {"/dns4/a/tcp/443/tls/sni/b/ws",
       "360161"
       "0601bb"
       "c003"
       "c1030162"
       "dd03"},
      {"/dns6/a/tcp/443/wss",
       "370161"
       "0601bb"
       "de03"},
      {"/dnsaddr/bootstrap.libp2p.io", "3813626f6f7473747261702e6c69627032702e696f"},
      {"/ip4/1.2.3.4/tcp/1/noise",
       "0401020304"
       "060001"
       "c603"},
      {"/ip4/1.2.3.4/udp/1/quic",
       "0401020304"
       "91020001"
       "cc03"},
      {"/ip4/1.2.3.4/udp/1/quic-v1/webtransport",
       "0401020304"
       "91020001"
       "cd03"
       "d103"},
      {"/ip4/1.2.3.4/udp/1/webrtc-direct",
       "0401020304"
       "91020001"
       "9802"},
      {"/webrtc", "9902"},
      {"/p2p-circuit", "a202"},
      {"/unix/run/a.sock",
       "90030b"
       "2f72756e2f612e736f636b"},
      {"/memory/4", "89060000000000000004"},
      {"/memory/18446744073709551615", "8906ffffffffffffffff"},
      {"/http/http-path/tmp%2Fbar",
       "e003"
       "e103"
       "07"
       "746d702f626172"},
  };
  for (const auto& [text, hex] : vectors) {
    CAPTURE(text);
    const auto parsed = Multiaddr::parse(text);
    REQUIRE(parsed);
    CHECK(to_hex(parsed->bytes()) == hex);
    CHECK(parsed->to_string() == text);
    CHECK(shown(hex) == text);
  }
}

TEST_CASE("multiaddr: addresses that libp2p nodes use") {
  for (const std::string_view text : {
           "/ip4/0.0.0.0",
           "/ip6/::1",
           "/ip6/2601:9:4f81:9700:803e:ca65:66e8:c21/udp/1234/quic-v1",
           "/ip6zone/x%y/ip6/::",
           "/udp/0",
           "/tcp/65535",
           "/tcp/1234/tls/http",
           "/p2p/QmcgpsyWgH8Y8ajJz1Cu72KnS5uo2Aa2LpzU7kinSupNKC/tcp/1234",
           "/ip4/127.0.0.1/tcp/127/tls/ws",
           "/ip4/1.2.3.4/tcp/80/unix/a/b/c/d/e/f",
           "/unix/stdio",
           "/ip4/127.0.0.1/tcp/443/tls/sni/example.com/http/http-path/foo",
           "/ip4/127.0.0.1/tcp/0/p2p/12D3KooWCryG7Mon9orvQxcS1rYZjotPgpwoJNHHKcLLfE4Hf5mV/http-path/foo",
           "/ip4/192.0.2.0/tcp/5002/p2p/QmdPU7PfRyKehdrP5A3WqmjyD6bhVpU1mLGKppa2FjGDjZ/p2p-circuit/p2p/"
           "QmVT6GYwjeeAF5TR485Yc58S3xRF5EFsZ5YAF4VcP3URHt",
       }) {
    CAPTURE(text);
    const auto parsed = Multiaddr::parse(text);
    REQUIRE(parsed);
    CHECK(parsed->to_string() == text);
    CHECK(*Multiaddr::from_bytes(parsed->bytes()) == *parsed);
  }
}

TEST_CASE("multiaddr: several texts, one address") {
  const std::pair<std::string_view, std::string_view> aliases[] = {
      {"/ip4/127.0.0.1/tcp/1234/", "/ip4/127.0.0.1/tcp/1234"},
      {"/unix/a/b/", "/unix/a/b"},
      {"/ip6/2001:DB8:0:0:0:0:0:1", "/ip6/2001:db8::1"},
      {"/ipfs/QmcgpsyWgH8Y8ajJz1Cu72KnS5uo2Aa2LpzU7kinSupNKC",
       "/p2p/QmcgpsyWgH8Y8ajJz1Cu72KnS5uo2Aa2LpzU7kinSupNKC"},
      {"/p2p/bafzaajaiaejcalj543iwv2d7pkjt7ykvefrkfu7qjfi6sduakhso4lay6abn2d5u",
       "/p2p/12D3KooWCryG7Mon9orvQxcS1rYZjotPgpwoJNHHKcLLfE4Hf5mV"},
      {"/p2p/k51qzi5uqu5dhb6l8spkdx7yxafegfkee5by8h7lmjh2ehc2sgg34z7c15vzqs",
       "/p2p/12D3KooWCryG7Mon9orvQxcS1rYZjotPgpwoJNHHKcLLfE4Hf5mV"},
      {"/p2p/bafzbeigvf25ytwc3akrijfecaotc74udrhcxzh2cx3we5qqnw5vgrei4bm",
       "/p2p/QmcgpsyWgH8Y8ajJz1Cu72KnS5uo2Aa2LpzU7kinSupNKC"},
      {"/http-path/a%2fb%7e", "/http-path/a%2Fb~"},
      {"/http-path/a+b", "/http-path/a%2Bb"},
  };
  for (const auto& [other, canonical] : aliases) {
    CAPTURE(other);
    const auto parsed = Multiaddr::parse(other);
    REQUIRE(parsed);
    CHECK(parsed->to_string() == canonical);
  }
}

TEST_CASE("multiaddr: certificate hashes are read in any base and shown in base64url") {
  const auto one = Multiaddr::parse(
      "/ip4/127.0.0.1/udp/1234/quic-v1/webtransport/certhash/b2uaraocy6yrdblb4sfptaddgimjmmpy/certhash/"
      "zQmbWTwYGcmdyK9CYfNBcfs9nhZs17a6FQ4Y8oea278xx41");
  REQUIRE(one);
  const auto components = one->components();
  REQUIRE(components.size() == 6);
  CHECK(components[4].value_text() == "u1QEQOFj2IjCsPJFfMAxmQxLGPw");
  CHECK(components[5].value_text() == multibase_encode(Multibase::kBase64Url, components[5].value));
  CHECK(*Multiaddr::parse(one->to_string()) == *one);
}

// RFC 5952 sections 4 and 5
TEST_CASE("multiaddr: IPv6 has one text") {
  const std::pair<std::string_view, std::string_view> texts[] = {
      {"2001:db8:0:0:1:0:0:1", "2001:db8::1:0:0:1"},  // the first of two equal runs
      {"2001:0:0:1:0:0:0:1", "2001:0:0:1::1"},        // the longest
      {"2001:db8:0:1:1:1:1:1", "2001:db8:0:1:1:1:1:1"},
      {"2001:DB8:0:0:AAAA::", "2001:db8:0:0:aaaa::"},
      {"0:0:0:0:0:0:0:0", "::"},
      {"1::", "1::"},
      {"0:1:2:3:4:5:6:0", "0:1:2:3:4:5:6:0"},
      {"::ffff:c000:0201", "::ffff:192.0.2.1"},
      {"::c000:201", "::c000:201"},
      {"64:ff9b::192.0.2.33", "64:ff9b::c000:221"},
  };
  for (const auto& [text, canonical] : texts) {
    CHECK(address("/ip6/" + std::string(text)).to_string() == "/ip6/" + std::string(canonical));
  }
}

TEST_CASE("multiaddr: texts that are no address") {
  for (const std::string_view text : {
           "",
           "/",
           "//",
           "ip4/1.2.3.4",
           "/ip4",
           "/ip4/",
           "/ip4//tcp/1",
           "/ip4/::1",
           "/ip4/1.2.3",
           "/ip4/01.2.3.4",
           "/ip4/1.2.3.4.5",
           "/ip4/256.0.0.1",
           "/ip6",
           "/ip6/1.2.3.4",
           "/ip6/fe80::1%eth0",
           "/ip6zone",
           "/ip6zone/",
           "/ip6zone//ip6/fe80::1",
           "/udp",
           "/tcp",
           "/udp/65536",
           "/tcp/-1",
           "/tcp/+1",
           "/tcp/0x1",
           "/tcp/ 1",
           "/tcp/1 ",
           "/quic/65536",
           "/ip4/1.2.3.4/quic-v1/1234",
           "/ip4/1.2.3.4//tcp/1",
           "/ip4/1.2.3.4/tcp/1//",
           "/p2p",
           "/p2p/",
           "/p2p/tcp",
           "/p2p/QmxoHT6iViN5xAjoz1VZ553cL31U9F94ht3QvWR1FrEbZY",
           "/unix",
           "/unix/",
           "/ip4/1.2.3.4/tcp/80/unix",
           "/memory/184467440737095516151",
           "/memory/-1",
           "/dns/",
           "/dns4/a b",
           "/certhash/b2uaraocy6yrdblb4sfptaddgimjmmp",
           "/certhash",
           "/certhash/u",
           "/http-path/",
           "/http-path/a%2",
           "/http-path/a%zz",
           "/http-path/a b",
           "/ip4/1.2.3.4/tcp/9090/http/p2p-webcrt-direct",
           "/IP4/1.2.3.4",
           "/dns/a\x1b[31m",
           "/dns/\xc2\x9b",
           "/unix/a\x07",
       }) {
    CAPTURE(text);
    CHECK(Multiaddr::parse(text).error() == Errc::kBadAddress);
  }
  using namespace std::string_view_literals;
  CHECK(Multiaddr::parse("/ip4/1.2.3.4\0"sv).error() == Errc::kBadAddress);
}

TEST_CASE("multiaddr: bytes that are no address") {
  for (const std::string_view hex : {
           "",
           "04",
           "047f0000",
           "06",
           "0600",
           "0700",
           "8400",  // cut off, unknown, not minimal
           "0400000000"
           "80",
           "35",
           "3500",
           "3502"
           "61",
           "35ff01",  // sizes
           "a503"
           "00",
           "a503"
           "0212",
           "a503"
           "020000",  // /p2p with no peer
           "9003"
           "00",
           "9003"
           "0161",
           "9003"
           "012f",
           "9003"
           "03"
           "2f612f",  // /unix not absolute, or no file
           "9003"
           "022f61"
           "a202",  // something after a path
           "d203"
           "00",
           "e103"
           "00",
           "890600000000000000",
           "3502"
           "2f61",
           "3502"
           "611b",  // a slash, a control character in a name
           "81800400000000",
       }) {
    CAPTURE(hex);
    CHECK(Multiaddr::from_bytes(*from_hex(hex)).error() == Errc::kBadAddress);
  }
}

TEST_CASE("multiaddr: limits") {
  const auto repeated = [](std::string_view part, std::size_t times) {
    std::string text;
    while (times-- > 0) text += part;
    return text;
  };
  CHECK(Multiaddr::parse(repeated("/ws", kMultiaddrComponentsMax)));
  CHECK(Multiaddr::parse(repeated("/ws", kMultiaddrComponentsMax + 1)).error() == Errc::kBadAddress);
  CHECK(Multiaddr::parse(repeated("/p2p-circuit", kMultiaddrCircuitsMax)));
  CHECK(Multiaddr::parse(repeated("/p2p-circuit", kMultiaddrCircuitsMax + 1)).error() == Errc::kBadAddress);
  CHECK(Multiaddr::parse("/dns/" + std::string(kMultiaddrSizeMax - 3, 'a'))->bytes().size() ==
        kMultiaddrSizeMax);
  CHECK(Multiaddr::parse("/dns/" + std::string(kMultiaddrSizeMax - 2, 'a')).error() == Errc::kBadAddress);

  const auto binary = [](std::string_view part, std::size_t times) {
    Bytes bytes;
    while (times-- > 0) append(bytes, *from_hex(part));
    return bytes;
  };
  CHECK(Multiaddr::from_bytes(binary("dd03", kMultiaddrComponentsMax)));
  CHECK(Multiaddr::from_bytes(binary("dd03", kMultiaddrComponentsMax + 1)).error() == Errc::kBadAddress);
  CHECK(Multiaddr::from_bytes(binary("a202", kMultiaddrCircuitsMax + 1)).error() == Errc::kBadAddress);
  CHECK(Multiaddr::from_bytes(Bytes(kMultiaddrSizeMax + 1, 0x04)).error() == Errc::kBadAddress);
}

TEST_CASE("multiaddr: composing and taking apart") {
  const Multiaddr base = address("/ip4/198.51.100.1/tcp/1234/ws");
  CHECK(address("/ip4/198.51.100.1").encapsulate(address("/tcp/42")) == address("/ip4/198.51.100.1/tcp/42"));
  CHECK(base.decapsulate(address("/ws")) == address("/ip4/198.51.100.1/tcp/1234"));
  CHECK(base.decapsulate(address("/tcp/1234/ws")) == address("/ip4/198.51.100.1"));
  CHECK(base.decapsulate(address("/tcp/1234")) == address("/ip4/198.51.100.1"));
  CHECK(base.decapsulate(address("/tcp/12")) == base);
  CHECK(base.decapsulate(Multiaddr()) == base);
  CHECK(base.decapsulate(base).empty());
  CHECK(address("/ip4/1.2.3.4/tcp/1/ip4/1.2.3.4/tcp/1").decapsulate(address("/ip4/1.2.3.4")) ==
        address("/ip4/1.2.3.4/tcp/1"));
  CHECK(base.decapsulate_last() == address("/ip4/198.51.100.1/tcp/1234"));
  CHECK(Multiaddr().decapsulate_last().empty());

  const Multiaddr relayed = address("/ip4/192.0.2.1/tcp/1" + kRelay + "/p2p-circuit" + kPeer);
  CHECK(relayed.before_last(Protocol::kP2pCircuit) == address("/ip4/192.0.2.1/tcp/1" + kRelay));
  CHECK(relayed.after_last(Protocol::kP2pCircuit) == address(kPeer));
  CHECK(relayed.before_last(Protocol::kP2p) == address("/ip4/192.0.2.1/tcp/1" + kRelay + "/p2p-circuit"));
  CHECK(relayed.before_last(Protocol::kUdp) == relayed);
  CHECK(relayed.after_last(Protocol::kUdp).empty());

  CHECK(Multiaddr::of({{Protocol::kIp4, {192, 0, 2, 1}}})
            .with_port(Protocol::kUdp, 4001)
            .with(Protocol::kQuicV1) == address("/ip4/192.0.2.1/udp/4001/quic-v1"));
}

TEST_CASE("multiaddr: looking inside") {
  const Multiaddr quic = address("/ip4/192.0.2.1/udp/4001/quic-v1" + kPeer);
  const auto components = quic.components();
  REQUIRE(components.size() == 4);
  CHECK(components[1].name() == "udp");
  CHECK(components[1].port() == 4001);
  CHECK(components[1].value_text() == "4001");
  CHECK(components[2].value_text().empty());
  CHECK(*quic.value_of(Protocol::kIp4) == Bytes{192, 0, 2, 1});
  CHECK(quic.has(Protocol::kQuicV1));
  CHECK_FALSE(quic.has(Protocol::kTcp));
  CHECK(quic < address("/ip4/192.0.2.2/tcp/1"));
  CHECK(std::hash<Multiaddr>{}(quic) == std::hash<Multiaddr>{}(address(quic.to_string())));

  const auto peer = [](const std::string& text) {
    const auto id = address(text).peer_id();
    return id ? base58_encode(*id) : "";
  };
  CHECK("/p2p/" + peer("/ip4/192.0.2.1/tcp/1" + kRelay + "/p2p-circuit" + kPeer) == kPeer);
  CHECK("/p2p/" + peer("/ip4/192.0.2.1/tcp/1" + kRelay) == kRelay);
  CHECK("/p2p/" + peer("/ip4/192.0.2.1/tcp/1" + kRelay + "/http") == kRelay);
  CHECK(peer("/ip4/192.0.2.1/tcp/1" + kRelay + "/p2p-circuit").empty());
  CHECK(peer("/ip4/192.0.2.1/tcp/1").empty());
}

TEST_CASE("multiaddr: damaged addresses are refused or mean one thing") {
  const Bytes good = address(
                         "/dns4/a.example/udp/4001/quic-v1/webtransport/certhash/"
                         "uEiBbsr2PCQ8PeAESV3VlGHLJ1VrkbSvzJSWSjoqyfLGOhw" +
                         kPeer + "/p2p-circuit")
                         .bytes();
  int accepted = 0;
  for (std::size_t i = 0; i < good.size(); ++i) {
    for (int bit = 0; bit < 8; ++bit) {
      Bytes damaged = good;
      damaged[i] ^= static_cast<std::uint8_t>(1 << bit);
      const auto parsed = Multiaddr::from_bytes(damaged);
      if (!parsed) continue;
      ++accepted;
      CHECK(parsed->bytes() == damaged);
      CHECK(*Multiaddr::parse(parsed->to_string()) == *parsed);
    }
  }
  CHECK(accepted > 100);
}
