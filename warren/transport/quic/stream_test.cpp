#include <doctest/doctest.h>

#include "warren/transport/quic/test_path.hpp"

namespace warren::quic {
namespace {

using test::Pair;

// Two ends of a stream that the client opened.
struct StreamTest {
  StreamTest() {
    REQUIRE(pair.connect());
    ours = value_or_throw(client().open());
    client().write(*ours, as_bytes("question"));
    REQUIRE(pair.run_until([&] { return (theirs = server().accept()) != nullptr; }));
    pair.run_for(1s);
  }

  Connection& client() { return *pair.client.connection; }
  Connection& server() { return *pair.server.connection; }

  static std::string read(Connection& connection, StreamState& stream) {
    Bytes buffer(1000);
    return to_text(BytesView(buffer).first(connection.read(stream, buffer)));
  }

  Pair pair;
  StreamStatePtr ours;
  StreamStatePtr theirs;
};

TEST_CASE_FIXTURE(StreamTest, "either half ends by itself") {
  CHECK(read(server(), *theirs) == "question");
  CHECK_FALSE(theirs->fin_received);
  client().close_write(*ours);
  pair.run_for(1s);
  CHECK(theirs->fin_received);
  server().write(*theirs, as_bytes("answer"));
  pair.run_for(1s);
  CHECK(read(client(), *ours) == "answer");
  CHECK_FALSE(ours->fin_received);
  CHECK(client().stream_count() == 1);
  server().close_write(*theirs);
  pair.run_for(1s);
  CHECK(ours->fin_received);
  CHECK_FALSE(ours->read_error);
  CHECK_FALSE(ours->write_error);
  CHECK(client().stream_count() == 0);
  CHECK(server().stream_count() == 0);
}

TEST_CASE_FIXTURE(StreamTest, "a reset ends both halves, with its code") {
  client().reset(*ours, 42);
  CHECK(ours->write_error == Errc::kReset);
  CHECK(ours->read_error == Errc::kReset);
  pair.run_for(1s);
  CHECK(theirs->reset_code == 42);
  CHECK(theirs->read_error == Errc::kReset);
  CHECK(read(server(), *theirs).empty());
  CHECK(theirs->write_error == Errc::kReset);
  CHECK(client().stream_count() == 0);
  CHECK(server().stream_count() == 0);
}

TEST_CASE_FIXTURE(StreamTest, "stop_sending ends the other side's half only") {
  server().stop_sending(*theirs, 7);
  pair.run_for(1s);
  client().write(*ours, as_bytes("more"));
  pair.run_for(1s);
  CHECK(ours->write_error == Errc::kReset);
  CHECK_FALSE(ours->read_error);
  CHECK(theirs->reset_code == 7);
  server().write(*theirs, as_bytes("answer"));
  server().close_write(*theirs);
  pair.run_for(1s);
  CHECK(read(client(), *ours) == "answer");
  CHECK(ours->fin_received);
}

TEST_CASE_FIXTURE(StreamTest, "a handle that goes resets what is open, and leaves what was said") {
  SUBCASE("open") {
    client().release(*ours);
    pair.run_for(1s);
    CHECK(theirs->read_error == Errc::kReset);
    CHECK(theirs->write_error == Errc::kReset);
  }
  SUBCASE("with its last word said") {
    server().write(*theirs, as_bytes("farewell"));
    server().close_write(*theirs);
    server().release(*theirs);
    pair.run_for(1s);
    CHECK(read(client(), *ours) == "farewell");
    CHECK(ours->fin_received);
    CHECK_FALSE(ours->read_error);
  }
  pair.run_for(1s);
  CHECK(server().stream_count() == 0);
}

TEST_CASE_FIXTURE(StreamTest, "the peer's limit of streams holds, and what is over makes room") {
  std::vector<StreamStatePtr> streams;
  while (true) {
    auto stream = client().open();
    if (!stream) {
      CHECK(stream.error() == Errc::kLimitReached);
      break;
    }
    client().write(**stream, as_bytes("x"));
    streams.push_back(*stream);
  }
  CHECK(streams.size() == Limits().inbound_streams_max - 1);
  pair.run_for(1s);
  // Held by handlers, they still count when they are over on the wire.
  std::vector<StreamStatePtr> accepted;
  while (StreamStatePtr stream = server().accept()) accepted.push_back(stream);
  CHECK(accepted.size() == streams.size());
  for (const StreamStatePtr& stream : streams) client().reset(*stream);
  for (const StreamStatePtr& stream : accepted) server().reset(*stream);
  pair.run_for(1s);
  CHECK(server().stream_count() == 1);
  CHECK(client().open().error() == Errc::kLimitReached);
  for (const StreamStatePtr& stream : accepted) server().release(*stream);
  pair.run_for(1s);
  CHECK(client().open().has_value());
}

TEST_CASE_FIXTURE(StreamTest, "bytes that nobody will read do not use up the connection's window") {
  const Bytes bytes(100'000);
  for (int i = 0; i < 60; ++i) {  // three times the window
    const StreamStatePtr stream = value_or_throw(client().open());
    REQUIRE(client().write(*stream, bytes) == bytes.size());
    pair.run_for(500ms);
    const StreamStatePtr unread = server().accept();
    REQUIRE(unread);
    CAPTURE(i);
    REQUIRE(unread->received.size() == bytes.size());
    switch (i % 3) {
      case 0: server().release(*unread); break;
      case 1: client().reset(*stream); break;
      default: server().stop_sending(*unread); break;
    }
    client().release(*stream);
    pair.run_for(500ms);
  }
}

}  // namespace
}  // namespace warren::quic
