#include <doctest/doctest.h>

#include "warren/transport/quic/test_path.hpp"
#include "warren/transport/quic/token_cache.hpp"

namespace warren::quic {
namespace {

using test::endpoint;
using test::Pair;

constexpr Duration kAge = std::chrono::hours(1);

TEST_CASE("a token shows a client's address, for a while") {
  sim::SeededRandom random(1);
  const auto secret = random.bytes<kSecretSize>();
  const auto other = random.bytes<kSecretSize>();
  FirstPacket packet;
  packet.version = 1;
  packet.token = address_token(endpoint(1, 1001), secret, Instant());
  CHECK(verify_address_token(packet, endpoint(1, 1001), secret, kAge, Instant(10min)));
  CHECK(packet.shown);
  CHECK_FALSE(packet.original);
  // A NAT may give it another port the next time.
  CHECK(verify_address_token(packet, endpoint(1, 7), secret, kAge, Instant(10min)));

  CHECK_FALSE(verify_address_token(packet, endpoint(2, 1001), secret, kAge, Instant(10min)));
  CHECK_FALSE(packet.shown);
  CHECK_FALSE(verify_address_token(packet, endpoint(1, 1001), other, kAge, Instant(10min)));
  CHECK_FALSE(verify_address_token(packet, endpoint(1, 1001), secret, kAge, Instant(2 * kAge)));
  CHECK_FALSE(verify_retry_token(packet, endpoint(1, 1001), secret, kAge, Instant()));
  const Bytes good = packet.token;
  for (std::size_t i = 0; i < good.size(); ++i) {
    packet.token = good;
    packet.token[i] ^= 1;
    CHECK_FALSE(verify_address_token(packet, endpoint(1, 1001), secret, kAge, Instant()));
    packet.token.resize(i);
    CHECK_FALSE(verify_address_token(packet, endpoint(1, 1001), secret, kAge, Instant()));
  }
}

TEST_CASE("a client gets a token with its first connection, which its next one shows") {
  Pair pair;
  REQUIRE(pair.connect());
  pair.run_for(1s);
  const std::optional<Bytes> token = pair.client.connection->take_token();
  REQUIRE(token);
  CHECK_FALSE(pair.client.connection->take_token());
  CHECK_FALSE(pair.server.connection->take_token());

  const EngineSetup engine{.side = Side::kInitiator,
                           .path = {pair.client.local, pair.server.local},
                           .now = pair.now,
                           .random = pair.client.random,
                           .reset_secret = pair.client.secret,
                           .token = *token};
  Connection next({.engine = engine, .credentials = pair.client.credentials, .wall_now = test::kWallNow},
                  pair.client.options.limits);
  Bytes buffer(65536);
  const auto batch = next.take(buffer, pair.now);
  REQUIRE(batch);
  FirstPacket first = value_or_throw(decode_first(batch->bytes));
  CHECK(first.token == *token);
  CHECK(verify_address_token(first, pair.client.local, pair.server.secret, kAge, pair.now));
}

TEST_CASE("the cache keeps the newest tokens, each for one use") {
  TokenCache cache(3);
  for (std::uint8_t i = 0; i < 5; ++i) cache.put(endpoint(i, 1), Bytes{i});
  CHECK(cache.size() == 3);
  CHECK(cache.take(endpoint(1, 1)).empty());
  cache.put(endpoint(2, 1), Bytes{22});
  CHECK(cache.size() == 3);
  cache.put(endpoint(9, 1), Bytes{9});
  CHECK(cache.take(endpoint(3, 1)).empty());
  CHECK(cache.take(endpoint(2, 1)) == Bytes{22});
  CHECK(cache.take(endpoint(2, 1)).empty());
  CHECK(cache.take(endpoint(2, 2)).empty());
}

}  // namespace
}  // namespace warren::quic
