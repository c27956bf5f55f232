// The session against a peer that is a script: what it sends, frame by frame.
#include "warren/muxer/yamux/session.hpp"

#include <doctest/doctest.h>

#include "warren/muxer/yamux/test_frames.hpp"

using namespace warren;
using namespace warren::yamux;

namespace {

using Frames = std::vector<Sent>;

Sent update(std::uint16_t flags, StreamId id, std::uint32_t delta) {
  return {{FrameType::kWindowUpdate, flags, id, delta}, ""};
}
Sent sent_data(std::uint16_t flags, StreamId id, std::string text) {
  const auto size = static_cast<std::uint32_t>(text.size());
  return {{FrameType::kData, flags, id, size}, std::move(text)};
}

}  // namespace

TEST_CASE("the dialer's streams have odd numbers, the listener's even ones") {
  Scripted dialer(Side::kInitiator);
  Scripted listener(Side::kResponder);
  CHECK(dialer.session.open(dialer.now).value()->id == 1);
  CHECK(dialer.session.open(dialer.now).value()->id == 3);
  CHECK(listener.session.open(listener.now).value()->id == 2);
  CHECK(listener.session.open(listener.now).value()->id == 4);
}

TEST_CASE("SYN and ACK travel with the first data, or alone when there is none") {
  Scripted scripted(Side::kInitiator);
  const auto first = scripted.session.open(scripted.now).value();
  const auto second = scripted.session.open(scripted.now).value();
  CHECK(scripted.session.write(second, as_bytes("hello")) == 5);
  CHECK(scripted.sent() == Frames{sent_data(kSyn, 3, "hello"), update(kSyn, 1, 0)});
  CHECK(scripted.session.write(second, as_bytes("again")) == 5);
  CHECK(scripted.sent() == Frames{sent_data(0, 3, "again")});

  const auto third = scripted.accept(2);
  const auto fourth = scripted.accept(4);
  scripted.session.write(fourth, as_bytes("answer"));
  CHECK(scripted.sent() == Frames{sent_data(kAck, 4, "answer"), update(kAck, 2, 0)});
  CHECK_FALSE(scripted.session.has_output());
}

TEST_CASE("frames arrive in any pieces") {
  Bytes script = data(kSyn, 1, "hel");
  append(script, data(0, 1, "lo"));
  append(script, window_update(kSyn, 3, 100));
  append(script, data(kFin, 1, "!"));
  for (const std::size_t size : {1, 5, 12, 13, 1000}) {
    Scripted scripted;
    for (BytesView rest = script; !rest.empty();) {
      const BytesView piece = rest.first(std::min(size, rest.size()));
      scripted.receive(piece);
      rest = rest.subspan(piece.size());
    }
    const auto first = scripted.session.accept();
    const auto second = scripted.session.accept();
    REQUIRE(first);
    REQUIRE(second);
    CHECK(scripted.read(*first) == "hello!");
    CHECK(first->fin_received);
    CHECK(second->send_window == kInitialWindow + 100);
    CHECK_FALSE(scripted.session.accept());
  }
}

TEST_CASE("a stream ends half by half") {
  Scripted scripted;
  const auto stream = scripted.accept(1);
  scripted.sent();
  scripted.session.close_write(*stream);
  scripted.session.close_write(*stream);
  CHECK(scripted.sent() == Frames{update(kFin, 1, 0)});
  CHECK(scripted.session.stream_count() == 1);
  scripted.receive(data(kFin, 1, "bye"));
  CHECK(scripted.session.stream_count() == 0);
  CHECK(scripted.read(*stream) == "bye");
  CHECK(stream->fin_received);
  scripted.session.release(*stream);
  CHECK_FALSE(scripted.session.has_output());  // nothing to reset
}

TEST_CASE("a stream is reset from either side") {
  Scripted scripted;
  const auto ours = scripted.accept(1);
  const auto theirs = scripted.accept(3);
  scripted.receive(data(0, 1, "unread"));
  scripted.receive(data(0, 3, "unread"));
  CHECK(scripted.session.unread() == 12);
  scripted.sent();

  scripted.session.reset(*ours);
  scripted.session.reset(*ours);
  CHECK(scripted.sent() == Frames{update(kRst, 1, 0)});
  CHECK(ours->read_error == Errc::kReset);
  CHECK(ours->write_error == Errc::kReset);
  CHECK(scripted.read(*ours).empty());

  scripted.receive(window_update(kRst, 3, 77));  // go puts an error code there
  CHECK(theirs->read_error == Errc::kReset);
  CHECK(theirs->send_window == kInitialWindow);
  CHECK(scripted.session.unread() == 0);
  CHECK(scripted.session.stream_count() == 0);
  CHECK_FALSE(scripted.session.has_output());

  // Frames that crossed the reset are skipped.
  scripted.receive(data(0, 1, "late"));
  scripted.receive(window_update(kFin, 1, 5));
  const auto next = scripted.accept(5);
  CHECK(next);
  CHECK_FALSE(scripted.session.ended());
}

TEST_CASE("what came before the FIN is read even when a reset follows it, as from go") {
  Scripted scripted;
  const auto stream = scripted.accept(1);
  scripted.receive(data(kFin, 1, "all of it"));
  scripted.receive(window_update(kRst, 1, 0));
  CHECK(scripted.read(*stream) == "all of it");
  CHECK(stream->fin_received);
  CHECK_FALSE(stream->read_error);
  CHECK(stream->write_error == Errc::kReset);
}

TEST_CASE("a stream that is reset before anything was sent is never heard of") {
  Scripted scripted(Side::kInitiator);
  const auto stream = scripted.session.open(scripted.now).value();
  scripted.session.release(*stream);
  CHECK(scripted.sent().empty());
}

TEST_CASE("the peer's window is never exceeded") {
  Scripted scripted(Side::kInitiator, {.outgoing_max = 1'000'000});
  const auto stream = scripted.session.open(scripted.now).value();
  const Bytes bytes(kInitialWindow + 1000);
  CHECK(scripted.session.write(stream, bytes) == kInitialWindow);
  CHECK(scripted.session.write(stream, bytes) == 0);
  const Frames frames = scripted.sent();
  CHECK(frames.size() == 4);
  for (const Sent& frame : frames) CHECK(frame.header.length == 64 * 1024);
  scripted.receive(window_update(kAck, 1, 10));
  CHECK(scripted.session.write(stream, bytes) == 10);
}

TEST_CASE("our window is renewed as data is read, whether it waited or went straight to a reader") {
  Scripted scripted;
  const auto stream = scripted.accept(1);
  scripted.sent();
  const std::string half(kInitialWindow / 2, 'x');
  scripted.now += 1s;  // a slow peer, whose window has no reason to grow
  SUBCASE("waited") {
    scripted.receive(data(0, 1, half));
    CHECK_FALSE(scripted.session.has_output());
    CHECK(scripted.read(*stream) == half);
  }
  SUBCASE("straight") {
    Bytes buffer(half.size());
    stream->reader = buffer;
    scripted.receive(data(0, 1, half));
    CHECK(stream->delivered == half.size());
    CHECK(scripted.session.unread() == 0);
  }
  CHECK(scripted.sent() == Frames{update(0, 1, kInitialWindow / 2)});
}

TEST_CASE("a reader that waits gets what fits, and the rest is kept in order") {
  Scripted scripted;
  const auto stream = scripted.accept(1);
  Bytes buffer(5);
  stream->reader = buffer;
  scripted.receive(data(0, 1, "hel"));
  scripted.receive(data(0, 1, "lo wor"));
  scripted.receive(data(0, 1, "ld"));
  CHECK(as_text(BytesView(buffer).first(stream->delivered)) == "hello");
  CHECK(scripted.read(*stream) == " world");
}

TEST_CASE("streams that write take turns when the pipe is slow") {
  Scripted scripted(Side::kInitiator, {.outgoing_max = 1030, .frame_size_max = 500});
  const auto greedy = scripted.session.open(scripted.now).value();
  const auto modest = scripted.session.open(scripted.now).value();
  const Bytes bytes(10'000);
  CHECK(scripted.session.write(greedy, bytes) == 1000);
  CHECK(scripted.session.write(modest, BytesView(bytes).first(100)) == 0);
  scripted.sent();
  // It is greedy's turn, of one frame; then modest's.
  CHECK(scripted.session.write(modest, BytesView(bytes).first(100)) == 0);
  CHECK(scripted.session.write(greedy, bytes) == 500);
  CHECK(scripted.session.write(greedy, bytes) == 0);
  CHECK(scripted.session.write(modest, BytesView(bytes).first(100)) == 100);
  CHECK(scripted.session.write(greedy, bytes) == 0);
  scripted.sent();
  // One that gives up does not hold up the others.
  CHECK(scripted.session.write(modest, bytes) == 0);
  scripted.session.stop_waiting(*greedy);
  CHECK(scripted.session.write(modest, bytes) == 1000);
}

TEST_CASE("a batch of data is two full Noise records at most") {
  Scripted scripted(Side::kInitiator);
  const auto stream = scripted.session.open(scripted.now).value();
  const Bytes bytes(1'000'000);
  scripted.session.write(stream, bytes);
  Bytes batch;
  scripted.session.take_output(batch);
  CHECK(batch.size() == 127 * 1024);
}

TEST_CASE("pings are answered, and ours measure the round trip") {
  Scripted scripted;
  scripted.receive(ping(kSyn, 0xabcd));
  CHECK(scripted.sent() == Frames{{{FrameType::kPing, kAck, 0, 0xabcd}, ""}});

  scripted.session.tick(scripted.now);
  const Frames frames = scripted.sent();
  REQUIRE(frames.size() == 1);
  CHECK(frames[0].header.type == FrameType::kPing);
  CHECK(frames[0].header.flags == kSyn);
  scripted.now += 40ms;
  scripted.receive(ping(kAck, frames[0].header.length + 1));  // not the one we asked
  CHECK(scripted.session.round_trip() == 0ms);
  scripted.receive(ping(kAck, frames[0].header.length));
  CHECK(scripted.session.round_trip() == 40ms);
  CHECK(scripted.session.deadline() == Instant{} + 30s);
}

TEST_CASE("a silent peer is dead, one that sends is not, one that never reads is") {
  Scripted scripted;
  const auto stream = scripted.accept(1);
  scripted.session.tick(scripted.now);
  CHECK(scripted.session.deadline() == Instant{} + 10s);
  SUBCASE("silent") {
    scripted.now += 10s;
    scripted.session.tick(scripted.now);
    CHECK(scripted.session.ended() == Errc::kTimedOut);
    CHECK(stream->read_error == Errc::kClosed);
    CHECK(scripted.sent().empty());
  }
  SUBCASE("sends") {
    for (int second = 1; second < 60; ++second) {
      scripted.now += 1s;
      scripted.receive(data(0, 1, "x"));
      scripted.session.tick(scripted.now);
      CHECK_FALSE(scripted.session.ended());
    }
    scripted.now += 1s;
    scripted.receive(data(0, 1, "x"));
    scripted.session.tick(scripted.now);
    CHECK(scripted.session.ended() == Errc::kTimedOut);
  }
}

TEST_CASE("go away, in good order and not") {
  Scripted scripted;
  const auto stream = scripted.accept(1);
  scripted.receive(data(0, 1, "before"));
  scripted.sent();
  SUBCASE("ours") {
    scripted.session.write(stream, as_bytes("last words"));
    scripted.session.go_away();
    CHECK(scripted.session.ended() == Errc::kClosed);
    const Frames frames = scripted.sent();
    REQUIRE(frames.size() == 2);
    CHECK(frames[0] == sent_data(0, 1, "last words"));
    CHECK(frames[1] == Sent{{FrameType::kGoAway, 0, 0, 0}, ""});
  }
  SUBCASE("theirs") {
    scripted.receive(go_away(GoAwayCode::kNormal));
    CHECK(scripted.session.ended() == Errc::kClosed);
  }
  SUBCASE("theirs, with an error") {
    scripted.receive(go_away(GoAwayCode::kProtocolError));
    CHECK(scripted.session.ended() == Errc::kReset);
    CHECK_FALSE(scripted.session.detail().empty());
  }
  SUBCASE("without a word, as go does") {
    scripted.session.receive_end();
    CHECK(scripted.session.ended() == Errc::kClosed);
  }
  CHECK(scripted.read(*stream) == "before");
  CHECK(stream->read_error == Errc::kClosed);
  CHECK(stream->write_error == Errc::kClosed);
  CHECK(scripted.session.stream_count() == 0);
  CHECK(scripted.session.open(scripted.now).error() == Errc::kClosed);
  scripted.session.release(*stream);
  CHECK(scripted.sent().empty());
}

TEST_CASE("a pipe that ends inside a frame did not end in good order") {
  Scripted header;
  header.receive(BytesView(ping(kSyn, 1)).first(5));
  header.session.receive_end();
  CHECK(header.session.ended() == Errc::kEndOfStream);
  Scripted payload;
  payload.receive(BytesView(data(kSyn, 1, "hello")).first(14));
  payload.session.receive_end();
  CHECK(payload.session.ended() == Errc::kEndOfStream);
}

TEST_CASE("no more streams are opened than the peer acknowledges") {
  Scripted scripted(Side::kInitiator);
  std::vector<StreamStatePtr> streams;
  for (int i = 0; i < 256; ++i) streams.push_back(scripted.session.open(scripted.now).value());
  CHECK(scripted.session.open(scripted.now).error() == Errc::kLimitReached);
  scripted.sent();
  SUBCASE("by an update") {
    scripted.receive(window_update(kAck, 5, 0));
  }
  SUBCASE("by data") {
    scripted.receive(data(kAck, 5, "x"));
  }
  SUBCASE("by a reset") {
    scripted.receive(window_update(kRst, 5, 0));
  }
  SUBCASE("no longer wanted") {
    scripted.session.reset(*streams[7]);
  }
  CHECK(scripted.session.open(scripted.now));
  CHECK(scripted.session.open(scripted.now).error() == Errc::kLimitReached);
}
