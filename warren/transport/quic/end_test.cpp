#include <doctest/doctest.h>

#include "warren/transport/quic/test_path.hpp"

namespace warren::quic {
namespace {

using test::Pair;

struct EndTest {
  EndTest() {
    REQUIRE(pair.connect());
    pair.run_for(1s);  // until the client knows that the server likes it
  }

  Connection& client() { return *pair.client.connection; }
  Connection& server() { return *pair.server.connection; }

  Pair pair;
};

TEST_CASE_FIXTURE(EndTest, "a reason to close reaches the peer, and ends all streams") {
  const StreamStatePtr ours = value_or_throw(client().open());
  client().write(*ours, as_bytes("x"));
  pair.run_for(1s);
  const StreamStatePtr theirs = server().accept();
  REQUIRE(theirs);

  CloseReason reason{.by_application = true, .code = kNoError, .text = "good night"};
  Errc at_the_peer = Errc::kClosed;
  SUBCASE("in good order") {}
  SUBCASE("with a code") {
    reason.code = 1234;
    at_the_peer = Errc::kReset;
  }
  server().close(reason, pair.now);
  CHECK(server().ended() == Errc::kClosed);
  CHECK(theirs->read_error == Errc::kClosed);
  CHECK(theirs->write_error == Errc::kClosed);
  CHECK_FALSE(client().ended());
  pair.run_for(1s);
  CHECK(client().ended() == at_the_peer);
  CHECK(client().peer_reason().code == reason.code);
  CHECK(client().peer_reason().text == "good night");
  CHECK(ours->read_error == at_the_peer);
  CHECK(client().stream_count() == 0);
  CHECK(server().stream_count() == 0);
  CHECK(client().open().error() == at_the_peer);
  CHECK(client().gone(pair.now));
  CHECK(server().gone(pair.now));
}

TEST_CASE_FIXTURE(EndTest, "a lost farewell is said again to who still talks") {
  pair.cut = true;
  server().close({.by_application = true, .code = kNoError, .text = {}}, pair.now);
  pair.run_for(10ms);
  pair.cut = false;
  const StreamStatePtr ours = value_or_throw(client().open());
  client().write(*ours, as_bytes("hello?"));
  pair.run_for(200ms);
  CHECK(client().ended() == Errc::kClosed);
}

TEST_CASE_FIXTURE(EndTest, "an idle connection lives by its keepalive") {
  const std::size_t datagrams = pair.datagrams;
  pair.run_for(1h);
  CHECK(Pair::established(pair.client));
  CHECK(Pair::established(pair.server));
  // A question and an answer each 15 s.
  CHECK(pair.datagrams - datagrams > 400);
  CHECK(pair.datagrams - datagrams < 1100);
}

TEST_CASE_FIXTURE(EndTest, "when the path is cut both ends notice, after the idle time and not before") {
  pair.cut = true;
  const Instant begin = pair.now;
  REQUIRE(pair.run_until([&] { return client().ended() && server().ended(); }, 100s));
  CHECK(client().ended() == Errc::kTimedOut);
  CHECK(server().ended() == Errc::kTimedOut);
  CHECK(pair.now - begin >= 59s);
  CHECK(pair.now - begin < 80s);
  CHECK(client().gone(pair.now));
}

TEST_CASE_FIXTURE(EndTest, "a cable pulled for 20 s does not end it") {
  const StreamStatePtr ours = value_or_throw(client().open());
  pair.cut = true;
  client().write(*ours, as_bytes("hello"));
  pair.run_for(20s);
  pair.cut = false;
  StreamStatePtr theirs;
  REQUIRE(pair.run_until([&] { return (theirs = server().accept()) != nullptr; }, 25s));
  CHECK(Pair::established(pair.client));
}

TEST_CASE_FIXTURE(EndTest, "a client's new address is followed") {
  const Endpoint old = pair.client.local;
  const Endpoint moved = test::endpoint(7, 7007);
  SUBCASE("that it knows of") {
    pair.client.local = moved;
    REQUIRE(client().migrate({moved, pair.server.local}, pair.now).has_value());
  }
  SUBCASE("that a NAT gave it") {
    pair.translate = [&](Path& path) {
      if (path.local == old) path.local = moved;
      if (path.remote == moved) path.remote = old;
    };
  }
  const StreamStatePtr ours = value_or_throw(client().open());
  client().write(*ours, as_bytes("hello"));
  StreamStatePtr theirs;
  REQUIRE(pair.run_until([&] { return (theirs = server().accept()) != nullptr; }));
  server().write(*theirs, as_bytes("you moved"));
  REQUIRE(pair.run_until([&] { return ours->received.size() == 9; }));
  pair.run_for(2s);
  CHECK(server().path().remote == moved);
}

TEST_CASE_FIXTURE(EndTest, "a stateless reset ends it, a forged one does not") {
  // What a server that lost its memory says to a packet of the client's.
  const StreamStatePtr ours = value_or_throw(client().open());
  client().write(*ours, as_bytes("are you there?"));
  Bytes buffer(65536);
  const auto batch = client().take(buffer, pair.now);
  REQUIRE(batch);
  const PacketHeader header = value_or_throw(decode_header(batch->bytes));
  sim::SeededRandom random(3);
  std::array<std::uint8_t, kSecretSize> secret = pair.server.secret;
  std::error_code expected = Errc::kReset;
  SUBCASE("genuine") {}
  SUBCASE("forged") {
    secret[0] ^= 1;
    expected = {};
  }
  const Bytes reset = stateless_reset(header, 100, secret, random);
  CHECK(reset.size() < 100);
  pair.inject(pair.server.local, pair.client.local, reset);
  pair.run_for(10ms);
  CHECK(client().ended() == expected);
  CHECK(stateless_reset(header, 21, secret, random).empty());
}

}  // namespace
}  // namespace warren::quic
