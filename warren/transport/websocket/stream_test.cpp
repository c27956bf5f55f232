#include "warren/transport/websocket/stream.hpp"

#include "warren/sim/random.hpp"
#include "warren/transport/websocket/test_websocket.hpp"

namespace warren::websocket {
namespace {

using namespace test;

struct StreamTest : ServerTest {
  StreamTest() { start(); }
};

std::string close_frame(int code) {
  const Bytes payload = {static_cast<std::uint8_t>(code >> 8), static_cast<std::uint8_t>(code)};
  return to_text(frame(0x88, payload, false));
}

TEST_CASE("who breaks the rules is told why, and cut off") {
  struct Row {
    const char* what;
    Bytes bytes;
    Errc error;
    int code;
  };
  const Bytes huge = {0x82, 0xff, 0x7f, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0, 0, 0, 0};
  Bytes pings;
  for (int i = 0; i < 101; ++i) append(pings, frame(0x89, "p"));
  Bytes nothing = frame(0x02, BytesView());
  for (int i = 0; i < 101; ++i) append(nothing, frame(0x00, BytesView()));
  const Row rows[] = {
      {"a frame of 2^63 - 1 bytes", huge, Errc::kTooLarge, 1009},
      {"a frame that is not masked", frame(0x82, "x", false), Errc::kMalformed, 1002},
      {"text", frame(0x81, "text"), Errc::kUnsupported, 1003},
      {"a flood of pings", pings, Errc::kLimitReached, 1008},
      {"a flood of empty frames", nothing, Errc::kLimitReached, 1008},
  };
  for (const Row& row : rows) {
    CAPTURE(row.what);
    StreamTest test;
    test.world.run(say(*test.peer, row.bytes));
    std::string told;
    CHECK(test.read_error(told) == row.error);
    CHECK(told == close_frame(row.code) + ".");
    CHECK(test.read_error() == Errc::kReset);
    CHECK((test.world.run(as_result(say(*test.server, Bytes(1)))).error() == Errc::kReset));
  }
}

TEST_CASE_FIXTURE(StreamTest, "a peer that does not listen to why is not waited for") {
  world.run(say(*peer, frame(0x81, "text")));
  const Instant began = world.loop().now();
  CHECK(read_error() == Errc::kUnsupported);
  CHECK(world.loop().now() - began <= 1s);
}

TEST_CASE_FIXTURE(StreamTest, "pings are answered, as often as somebody may want") {
  for (int i = 0; i < 1000; ++i) {
    world.run(say(*peer, frame(0x89, std::to_string(i))));
    const auto silence = world.run(as_result(with_timeout(world.clock(), 1s, read_text(*server))));
    CHECK((silence.error() == Errc::kTimedOut));
    CHECK(heard() == to_text(frame(0x8a, std::to_string(i), false)));
  }
}

TEST_CASE_FIXTURE(StreamTest,
                  "of many pings the last one is answered, before the next read or with a write") {
  world.run(say(*peer, frame(0x89, "first") + frame(0x82, "data") + frame(0x89, "last")));
  CHECK(world.run(read_text(*server)) == "data");
  const std::string pong = to_text(frame(0x8a, "last", false));
  SUBCASE("read") {
    std::ignore = world.run(as_result(with_timeout(world.clock(), 1s, read_text(*server))));
    CHECK(heard() == pong);
  }
  SUBCASE("write") {
    world.run(say(*server, to_bytes("answer")));
    CHECK(heard() == to_text(frame(0x82, "answer", false)) + pong);
  }
}

TEST_CASE_FIXTURE(StreamTest, "fragments, with pings between them, are a stream") {
  world.run(
      say(*peer, frame(0x02, "one ") + frame(0x89, "ping") + frame(0x00, "two ") + frame(0x80, "three")));
  CHECK(world.run(read_text(*server)) == "one two three");
}

TEST_CASE("each write is one frame, masked by a client only") {
  for (const Side side : {Side::kInitiator, Side::kResponder}) {
    sim::World world(1);
    sim::Machine& machine = world.add_machine("one");
    auto ends = sim::pipe(world.loop(), {.buffer = 1'000'000});
    WebsocketStream stream(std::move(ends.first), side, {}, BufferPool(), machine.env().clock,
                           machine.env().random);
    for (const std::size_t size : {1, 125, 126, 16'384, 16'385, 65'536, 131'072, 400'000}) {
      Bytes sent(size);
      sim::SeededRandom(size).fill(sent);
      world.run(say(stream, sent));
      const Bytes wire = to_bytes(world.run(hear(world.clock(), *ends.second)));
      const std::size_t header = encode_header(Opcode::kBinary, size, {}).size;
      const bool masked = side == Side::kInitiator;
      REQUIRE(wire.size() == header + (masked ? 4 : 0) + size);
      Bytes payload = to_bytes(BytesView(wire).last(size));
      if (masked) {
        CHECK_FALSE((payload == sent));
        Mask mask;
        std::copy_n(wire.begin() + static_cast<std::ptrdiff_t>(header), 4, mask.begin());
        apply_mask(payload, payload, mask, 0);
      }
      CHECK((payload == sent));
    }
  }
}

TEST_CASE_FIXTURE(StreamTest, "the close handshake, begun by the peer") {
  world.run(say(*peer, frame(0x82, "last") + frame(0x88,
                                                   "\x03\xe8"
                                                   "bye")));
  CHECK(world.run(read_text(*server)) == "last");
  CHECK(world.run(read_text(*server)).empty());
  world.run(say(*server, to_bytes("more")));
  world.run(server->close_write());
  CHECK(heard() == to_text(frame(0x82, "more", false)) + close_frame(1000) + ".");
  CHECK(world.run(read_text(*server)).empty());
}

TEST_CASE_FIXTURE(StreamTest, "the close handshake, begun by us") {
  world.run(server->close_write());
  CHECK(heard() == close_frame(1000));
  world.run(say(*peer, frame(0x82, "late") + frame(0x89, "ping") + frame(0x88, BytesView())));
  CHECK(world.run(read_text(*server)) == "late");
  CHECK(world.run(read_text(*server)).empty());
  CHECK(heard() == ".");
}

TEST_CASE_FIXTURE(StreamTest, "a peer that closes because something went wrong") {
  world.run(say(*peer, frame(0x88, "\x03\xf3")));  // 1011
  CHECK(read_error() == Errc::kReset);
  CHECK(heard() == "!");
}

TEST_CASE_FIXTURE(StreamTest, "an end of the pipe is no end of the WebSocket") {
  world.run(say(*peer, {0x82, 0x85, 1, 2}));
  world.run(peer->close_write());
  CHECK(read_error() == Errc::kEndOfStream);
  CHECK(heard() == "!");
}

TEST_CASE("an idle stream is small: what it reads goes to the caller's memory") {
  CHECK(sizeof(AcceptedPipe) + sizeof(WebsocketStream) <= 1024);
}

TEST_CASE("a peer that pings and does not listen is waited for, and costs its own window only") {
  ServerTest test(2048);
  test.start();
  for (int i = 0; i < 60; ++i) {
    test.world.run(say(*test.peer, frame(0x89, std::string(100, 'p'))));
    test.world.loop().advance(1s);
    const auto silence =
        test.world.run(as_result(with_timeout(test.world.clock(), 1s, read_text(*test.server))));
    if (silence.error() == Errc::kReset) return;  // given up in the middle of a pong
    CHECK((silence.error() == Errc::kTimedOut));
  }
  FAIL("pongs that nobody reads were all taken");
}

TEST_CASE("a canceled write leaves half a frame, so the stream is reset") {
  ServerTest test(1024);
  test.start();
  const auto write = [&] { return with_timeout(test.world.clock(), 1s, say(*test.server, Bytes(10'000))); };
  CHECK((test.world.run(as_result(write())).error() == Errc::kTimedOut));
  CHECK(test.read_error() == Errc::kReset);
}

TEST_CASE("pings to a writer that waits are answered behind its frame") {
  ServerTest test(4096);
  test.start();
  TaskGroup group(test.world.loop().executor(), "test");
  group.spawn(say(*test.server, Bytes(20'000)));
  test.world.loop().run_until_idle();
  test.world.run(say(*test.peer, frame(0x89, "ping") + frame(0x82, "data")));
  CHECK(test.world.run(read_text(*test.server)) == "data");
  const std::string wire = test.heard();
  CHECK(wire == to_text(frame(0x82, Bytes(20'000), false)) + to_text(frame(0x8a, "ping", false)));
  test.world.run(group.join());
}

}  // namespace
}  // namespace warren::websocket
