#include <doctest/doctest.h>

#include "warren/security/tls/test_certificates.hpp"
#include "warren/transport/quic/test_path.hpp"

namespace warren::quic {
namespace {

using test::NodeOptions;
using test::Pair;

constexpr std::array kKeyTypes{KeyType::kEd25519, KeyType::kSecp256k1, KeyType::kEcdsa, KeyType::kRsa,
                               KeyType::kSm2};

std::error_code end_of(const test::Node& node) {
  return node.connection ? node.connection->ended() : std::error_code();
}

bool both_ended(const Pair& pair) {
  return end_of(pair.client) && end_of(pair.server);
}

TEST_CASE("both sides learn who the other is, whatever keys they have") {
  for (const KeyType client : kKeyTypes) {
    for (const KeyType server : kKeyTypes) {
      CAPTURE(static_cast<int>(client));
      CAPTURE(static_cast<int>(server));
      Pair pair({}, {.key_type = client}, {.key_type = server});
      REQUIRE(pair.connect());
      CHECK(pair.client.connection->remote_peer() == pair.server.peer());
      CHECK(pair.server.connection->remote_peer() == pair.client.peer());
      CHECK(pair.client.connection->remote_key() == pair.server.key.public_key());
      CHECK(pair.server.connection->remote_key() == pair.client.key.public_key());
    }
  }
}

TEST_CASE("another peer than the expected one is refused, and both are told") {
  NodeOptions options;
  SUBCASE("by the client") {
    options.expected = test::Node(77, {}).peer();
    Pair pair({}, options);
    REQUIRE(pair.run_until([&] { return both_ended(pair); }));
    CHECK(end_of(pair.client) == Errc::kPeerIdMismatch);
    CHECK(end_of(pair.server) == Errc::kHandshakeRefused);
    CHECK_FALSE(pair.server.connection->established());
  }
  SUBCASE("by the server") {
    options.expected = test::Node(77, {}).peer();
    Pair pair({}, {}, options);
    REQUIRE(pair.run_until([&] { return both_ended(pair); }));
    CHECK(end_of(pair.server) == Errc::kPeerIdMismatch);
    CHECK(end_of(pair.client) == Errc::kHandshakeRefused);
    CHECK_FALSE(pair.server.connection->established());
  }
}

// What is wrong with a certificate, and what the other side makes of it.
struct BadCertificate {
  const char* name;
  std::function<void(tls::test::Recipe&)> spoil;
  Errc verdict;
};

const std::vector<BadCertificate>& bad_certificates() {
  using tls::test::Recipe;
  static const std::vector<BadCertificate> all{
      {"no extension", [](Recipe& r) { r.libp2p_extensions = 0; }, Errc::kMalformed},
      {"expired", [](Recipe& r) { r.not_after = WallTime{std::chrono::days(10'000)}; }, Errc::kNotValidNow},
      {"not yet valid", [](Recipe& r) { r.not_before = WallTime{std::chrono::days(30'000)}; },
       Errc::kNotValidNow},
      {"another key's signature",
       [](Recipe& r) { r.change_signed_key = [](tls::SignedKey& key) { key.signature[5] ^= 1; }; },
       Errc::kBadSignature},
      {"half an extension", [](Recipe& r) { r.change_extension = [](Bytes& value) { value.resize(10); }; },
       Errc::kMalformed},
      {"an unknown critical extension", [](Recipe& r) { r.unknown_extension = "critical"; },
       Errc::kUnsupported},
      {"unknown type of host key",
       [](Recipe& r) { r.change_signed_key = [](tls::SignedKey& key) { key.public_key[1] = 99; }; },
       Errc::kUnknownKeyType},
  };
  return all;
}

tls::CertifiedKey make_bad(const PrivateKey& host_key, const BadCertificate& bad) {
  tls::test::Recipe recipe;
  bad.spoil(recipe);
  Bytes certificate = tls::test::make_der(host_key, recipe);
  const openssl::Pkcs8 pkcs8(EVP_PKEY2PKCS8(recipe.key.get()));
  const Bytes key =
      openssl::to_der(&i2d_PKCS8_PRIV_KEY_INFO, static_cast<const PKCS8_PRIV_KEY_INFO*>(pkcs8.get()));
  return {std::move(certificate), SecretBytes(BytesView(key))};
}

TEST_CASE(
    "a bad certificate ends the connection, for that reason on one side and with an alert on the other") {
  for (const BadCertificate& bad : bad_certificates()) {
    CAPTURE(bad.name);
    const NodeOptions options{.certificate = [&](const PrivateKey& key) { return make_bad(key, bad); }};
    {
      Pair pair({}, options);
      REQUIRE(pair.run_until([&] { return both_ended(pair); }));
      CHECK(end_of(pair.server) == bad.verdict);
      CHECK(end_of(pair.client) == Errc::kHandshakeRefused);
      CHECK_FALSE(pair.server.connection->established());
    }
    {
      Pair pair({}, {}, options);
      REQUIRE(pair.run_until([&] { return both_ended(pair); }));
      CHECK(end_of(pair.client) == bad.verdict);
      CHECK(end_of(pair.server) == Errc::kHandshakeRefused);
      CHECK_FALSE(pair.client.connection->established());
    }
  }
}

TEST_CASE("a peer that comes again is known by its certificate, until that expires") {
  Pair pair;
  REQUIRE(pair.connect());
  CHECK(pair.server.credentials.verified_count() == 1);
  CHECK(pair.client.credentials.verified_count() == 1);
  const auto again = [&] {
    pair.server.connection.reset();
    pair.client.start(Side::kInitiator, pair.server.local, pair.now);
  };
  again();
  REQUIRE(pair.connect());
  CHECK(pair.server.connection->remote_peer() == pair.client.peer());
  CHECK(pair.server.connection->remote_key() == pair.client.key.public_key());
  CHECK(pair.server.credentials.verified_count() == 1);

  pair.server.options.wall_now += std::chrono::days(150 * 365);
  again();
  REQUIRE(pair.run_until([&] { return both_ended(pair); }));
  CHECK(end_of(pair.server) == Errc::kNotValidNow);
  CHECK_FALSE(pair.server.connection->established());
}

TEST_CASE("the handshake takes a round trip, and the first answer another") {
  Pair pair({.delay = 100ms});
  REQUIRE(pair.run_until([&] { return Pair::established(pair.client); }));
  CHECK(pair.now == Instant(200ms));
  const StreamStatePtr question = value_or_throw(pair.client.connection->open());
  pair.client.connection->write(*question, as_bytes("ping"));
  StreamStatePtr served;
  REQUIRE(pair.run_until([&] {
    if (pair.server.connection && !served) served = pair.server.connection->accept();
    if (served && served->received.size() == 4) {
      Bytes buffer(10);
      pair.server.connection->read(*served, buffer);
      pair.server.connection->write(*served, as_bytes("pong"));
    }
    return question->received.size() == 4;
  }));
  CHECK(pair.now == Instant(400ms));
}

TEST_CASE("a server that is not there, or falls silent, is a time-out") {
  Pair pair;
  pair.cut = true;
  REQUIRE(pair.run_until([&] { return bool(end_of(pair.client)); }));
  CHECK(end_of(pair.client) == Errc::kTimedOut);
  CHECK(pair.now == Instant(10s));
  CHECK(pair.client.connection->gone(pair.now));
  CHECK(pair.datagrams < 30);
}

TEST_CASE("handshakes survive loss and reordering") {
  for (std::uint64_t seed = 1; seed <= 20; ++seed) {
    CAPTURE(seed);
    Pair pair({.jitter = 30ms, .loss_percent = 20, .seed = seed});
    CHECK(pair.connect());
    pair.run_for(20s);
    CHECK(pair.quic_bit);  // without it, packets could be STUN's
  }
}

TEST_CASE("datagrams that are none of the connection's are ignored") {
  Pair pair;
  REQUIRE(pair.connect());
  sim::SeededRandom random(5);
  for (int i = 0; i < 2000; ++i) {
    Bytes noise(random.below(1500) + 1);
    random.fill(noise);
    if (i % 2 == 0) noise[0] |= 0x40;
    const bool to_server = i % 3 == 0;
    const test::Node& to = to_server ? pair.server : pair.client;
    const test::Node& from = to_server ? pair.client : pair.server;
    pair.inject(i % 5 == 0 ? test::endpoint(9, 9) : from.local, to.local, std::move(noise));
  }
  pair.run_for(1s);
  CHECK(Pair::established(pair.client));
  CHECK(Pair::established(pair.server));
  CHECK(pair.client.connection->open().has_value());
}

TEST_CASE("changed datagrams are as good as lost") {
  for (std::uint64_t seed = 1; seed <= 20; ++seed) {
    CAPTURE(seed);
    Pair pair;
    sim::SeededRandom random(seed);
    pair.tamper = [&](Bytes& bytes) {
      if (random.below(8) == 0) bytes[random.below(bytes.size())] ^= 1;
    };
    CHECK(pair.connect());
    pair.run_for(100s);
    CHECK(Pair::established(pair.client));
    CHECK(Pair::established(pair.server));
  }
}

}  // namespace
}  // namespace warren::quic
