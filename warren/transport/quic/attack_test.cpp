// Attacks on an established connection, by a peer that has the keys and no manners. Each is answered as RFC
// 9000 says, in bounded memory; who keeps to the rules meanwhile is served.
#include <doctest/doctest.h>

#include "warren/transport/quic/hostile_client.hpp"

namespace warren::quic {
namespace {

using test::endpoint;
using test::Frames;
using test::HostileClient;
using test::kMemorySmall;
using enum test::TransportError;

constexpr std::uint64_t kFirst = 10;  // number of a connection ID that the handshake did not use

TEST_CASE("the harness: what the client crafts is understood") {
  HostileClient client;
  CHECK(client.echoes());
  client.acknowledge();
  client.run_for(1s);
  CHECK_FALSE(client.victim().ended());
  CHECK(client.echoes());
  CHECK(client.memory_max < kMemorySmall);
}

TEST_CASE("a connection ID that comes again after it was retired does no harm") {
  HostileClient client;
  SUBCASE("one that was never in use") {
    client.send(Frames().new_id(kFirst + 1, kFirst + 1));
    client.send(Frames().new_id(kFirst, 0).new_id(kFirst, 0));
    client.send(Frames().new_id(kFirst, 0));
  }
  SUBCASE("one in use, for which there is no other yet") {
    client.send(Frames().new_id(kFirst, kFirst));
    client.send(Frames().new_id(kFirst + 1, kFirst + 1).new_id(kFirst, 0));
    client.send(Frames().new_id(kFirst + 1, kFirst + 1).new_id(kFirst, kFirst));
    client.send(Frames().new_id(kFirst, 0).new_id(1, 0));
  }
  client.run_for(1s);
  CHECK(client.echoes());
}

TEST_CASE("a peer that gives one connection ID after the other, and takes them back, is left") {
  HostileClient client;
  std::uint64_t sequence = kFirst;
  SUBCASE("one in a packet") {
    for (; sequence < 100; ++sequence) client.send(Frames().new_id(sequence, sequence));
  }
  SUBCASE("many in a packet") {
    for (int i = 0; i < 10; ++i) {
      Frames frames;
      for (int j = 0; j < 30; ++j, ++sequence) frames.new_id(sequence, sequence);
      client.send(frames);
    }
  }
  SUBCASE("many, none of them taken back") {
    Frames frames;
    for (; sequence < 30; ++sequence) frames.new_id(sequence, 0);
    client.send(frames);
  }
  CHECK(client.victim().ended());
  CHECK(client.close_code == kConnectionIdLimitError);
  CHECK(client.memory_max < kMemorySmall);
  CHECK(client.answers < 60);
}

TEST_CASE("connection IDs come and go for as long as the peer acknowledges that they went") {
  HostileClient client;
  for (std::uint64_t sequence = kFirst; sequence < 200; ++sequence) {
    client.send(Frames().new_id(sequence, sequence));
    client.acknowledge();
    client.run_for(200ms);
    client.acknowledge();
    client.run_for(200ms);
    REQUIRE_FALSE(client.victim().ended());
  }
  CHECK(client.echoes());
  CHECK(client.memory_max < kMemorySmall);
}

TEST_CASE("a client whose address changes is followed, one move at a time") {
  HostileClient client;
  for (std::uint8_t host = 10; host < 30; ++host) {
    const Endpoint from = endpoint(host, 1000);
    client.send(Frames().frame(0x01, {}), from);
    REQUIRE(client.victim().path().remote == from);
    // From a third address at once: ignored, until it is clear what becomes of the second one.
    client.send(Frames().frame(0x01, {}), endpoint(77, 1000));
    CHECK(client.victim().path().remote == from);
    for (int i = 0; i < 300; ++i) {
      client.echo_challenges(from);
      client.acknowledge(from);
      client.run_for(50ms);
    }
    REQUIRE_FALSE(client.victim().ended());
    REQUIRE(client.victim().path().remote == from);
  }
  CHECK(client.memory_max < kMemorySmall);
}

// The library has aborted the process on many ways through this.
TEST_CASE("whatever a client does with addresses and connection IDs") {
  for (std::uint64_t seed = 1; seed <= 30; ++seed) {
    CAPTURE(seed);
    HostileClient client;
    sim::SeededRandom random(seed);
    const std::uint64_t addresses = 2 + random.below(4);
    const std::uint64_t pause = 1 + random.below(3000);
    std::uint64_t sequence = kFirst;
    for (int step = 0; step < 400 && !client.victim().ended(); ++step) {
      const Endpoint from = endpoint(static_cast<std::uint8_t>(10 + random.below(addresses)), 1000);
      if (random.below(2) == 0) {
        auto id = client.ids.begin();
        std::advance(id, random.below(client.ids.size()));
        client.target = *id;
      }
      Frames frames;
      if (random.below(8) == 0) frames.new_id(sequence, random.below(3) == 0 ? sequence : 0), ++sequence;
      if (random.below(8) == 0) frames.new_id(sequence - random.below(5), 0);
      if (random.below(3) == 0) frames.challenge(random.u64());
      if (random.below(8) == 0) frames.frame(0x19, {random.below(12)});
      if (random.below(2) == 0) frames.frame(0x01, {});
      client.send(frames, from);
      if (client.victim().ended()) break;
      if (random.below(4) == 0) client.echo_challenges(from);
      if (random.below(4) == 0) client.acknowledge(from);
      client.run_for(std::chrono::milliseconds(random.below(pause)));
    }
    CHECK(client.memory_max < kMemorySmall);
  }
}

TEST_CASE("a peer that retires all of our connection IDs gets new ones, a few at a time") {
  HostileClient client;
  std::uint64_t retired = 1;
  for (int i = 0; i < 1000; ++i) {
    Frames frames;
    for (std::uint64_t j = 0; j < 4; ++j) frames.frame(0x19, {retired + j});
    const std::size_t before = client.ids.size();
    client.send(frames);
    if (client.victim().ended()) break;
    client.run_for(20ms);
    retired += client.ids.size() > before ? 1 : 0;
    REQUIRE(client.ids.size() <= 8);
  }
  // At last it names one that we never gave.
  client.send(Frames().frame(0x19, {1'000'000}));
  CHECK(client.close_code == kProtocolViolation);
  CHECK(client.memory_max < kMemorySmall);
}

TEST_CASE("PATH_CHALLENGE floods are answered with less than they bring") {
  HostileClient client;
  client.answered.clear();
  SUBCASE("from where the client is") {
    for (std::uint64_t i = 0; i < 2000; ++i) {
      Frames frames;
      for (std::uint64_t j = 0; j < 120; ++j) frames.challenge(i * 1000 + j);
      client.send(frames);
    }
    CHECK(client.path_responses > 0);
    CHECK(client.path_responses <= 4 * 2000);
    CHECK(client.answered[client.address()] <= client.sent[client.address()]);
  }
  SUBCASE("in small packets from all over the world") {
    for (std::uint16_t i = 0; i < 2000; ++i) {
      const Endpoint from =
          endpoint(static_cast<std::uint8_t>(3 + i % 250), static_cast<std::uint16_t>(i + 1));
      client.send(Frames().challenge(i), from);
      if (i % 50 == 0) client.run_for(10ms);
      // To whom has not shown that it is there, three times what came from it (RFC 9000, section 8).
      CHECK(client.answered[from] <= 3 * client.sent[from]);
    }
  }
  CHECK(client.memory_max < kMemorySmall);
  client.run_for(10s);
  client.acknowledge();
  CHECK(client.echoes());
}

TEST_CASE("handshake messages after the handshake are of no use to anybody") {
  HostileClient client;
  std::uint64_t offset = 0;
  const auto send = [&](std::uint8_t type, std::size_t size) {
    Bytes message(4 + size, 0x30);
    message[0] = type;
    message[1] = 0;
    message[2] = static_cast<std::uint8_t>(size >> 8);
    message[3] = static_cast<std::uint8_t>(size);
    client.send(Frames().crypto(offset, message));
    offset += message.size();
  };
  for (int i = 0; i < 300; ++i) {
    send(4, 200);    // NewSessionTicket
    send(13, 50);    // CertificateRequest
    send(11, 1000);  // Certificate
    send(24, 1);     // KeyUpdate, which QUIC does not allow
    send(20, 32);    // Finished
    send(1, 300);    // ClientHello
  }
  CHECK_FALSE(client.victim().ended());
  CHECK(client.victim().established());
  CHECK(client.memory_max < kMemorySmall);
  CHECK(client.echoes());
}

TEST_CASE("handshake bytes that arrive before others of them are held up to a bound") {
  HostileClient client;
  const Bytes byte(1, 0x11);
  SUBCASE("of bytes") {
    client.send(Frames().crypto(60'000, byte));
    REQUIRE_FALSE(client.victim().ended());
    client.send(Frames().crypto(70'000, byte));
    CHECK(client.close_code == kCryptoBufferExceeded);
  }
  SUBCASE("of pieces") {
    for (std::uint64_t offset = 2; offset < 65'000 && !client.victim().ended();) {
      Frames frames;
      for (int i = 0; i < 100; ++i, offset += 2) frames.crypto(offset, byte);
      client.send(frames);
    }
    CHECK(client.close_code == kProtocolViolation);
  }
  CHECK(client.memory_max < 2 * kMemorySmall);
}

TEST_CASE("after the end a flood is answered less and less often") {
  HostileClient client;
  client.send(Frames().frame(0x1e, {}));
  REQUIRE(client.victim().ended());
  const std::size_t before = client.answers;
  for (int i = 0; i < 10'000; ++i) client.send(Frames().frame(0x01, {}));
  CHECK(client.answers - before < 20);
}

TEST_CASE("two nodes that know nothing of a connection do not reset each other forever") {
  sim::SeededRandom random(1);
  const auto one = random.bytes<kSecretSize>();
  const auto other = random.bytes<kSecretSize>();
  Bytes datagram(1200, 0x40);
  int resets = 0;
  for (; !datagram.empty() && resets < 100; ++resets) {
    const PacketHeader header = value_or_throw(decode_header(datagram));
    const Bytes answer = stateless_reset(header, datagram.size(), resets % 2 == 0 ? one : other, random);
    CHECK(answer.size() < datagram.size());
    datagram = answer;
  }
  CHECK(resets <= 25);
}

}  // namespace
}  // namespace warren::quic
