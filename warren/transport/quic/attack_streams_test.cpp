// Attacks on an established connection, by a peer that has the keys and no manners: streams, windows,
// acknowledgements, and frames that no peer sends.
#include <doctest/doctest.h>

#include "warren/transport/quic/hostile_client.hpp"

namespace warren::quic {
namespace {

using test::Frames;
using test::HostileClient;
using enum test::TransportError;

constexpr std::size_t kSmall = 256 * 1024;

TEST_CASE("no more streams than are allowed, however they are opened") {
  HostileClient client;
  const std::uint64_t over = 4 * Limits().inbound_streams_max;
  std::optional<std::uint64_t> code = kStreamLimitError;
  SUBCASE("by data") {
    for (std::uint64_t id = 0; id < over; id += 4) client.send(Frames().stream(id, 0, as_bytes("x")));
    CHECK(client.victim().stream_count() == Limits().inbound_streams_max);
    client.send(Frames().stream(over, 0, as_bytes("x")));
  }
  SUBCASE("by STOP_SENDING") {
    for (std::uint64_t id = 0; id < over; id += 4) client.send(Frames().frame(0x05, {id, 1}));
    CHECK(client.victim().stream_count() == Limits().inbound_streams_max);
    client.send(Frames().frame(0x05, {over, 1}));
  }
  SUBCASE("by MAX_STREAM_DATA") {
    for (std::uint64_t id = 0; id < over; id += 4) client.send(Frames().frame(0x11, {id, 100'000}));
    CHECK(client.victim().stream_count() == Limits().inbound_streams_max);
    client.send(Frames().frame(0x11, {over, 100'000}));
  }
  SUBCASE("by its number") {
    client.send(Frames().stream(4'000'000'000, 0, as_bytes("x")));
  }
  SUBCASE("of one direction") {
    client.send(Frames().stream(2, 0, as_bytes("x")));
  }
  SUBCASE("of ours") {
    client.send(Frames().stream(1, 0, as_bytes("x")));
    code = kStreamStateError;
  }
  CHECK(client.close_code == code);
  CHECK(client.memory_max < 2 * 1024 * 1024);
}

TEST_CASE("streams that are opened and reset at once leave nothing behind") {
  HostileClient client;
  std::uint64_t id = 0;
  SUBCASE("before they were there") {
    for (; id < 100'000; id += 4) {
      client.send(Frames().frame(0x04, {id, 1, 0}).frame(0x04, {id, 1, 0}));
      REQUIRE_FALSE(client.victim().ended());
      if (id % 40 == 0) client.acknowledge();
    }
  }
  SUBCASE("with a handler that takes them") {
    for (; id < 20'000; id += 4) {
      client.send(Frames().stream(id, 0, as_bytes("x")).frame(0x04, {id, 1, 1}).frame(0x05, {id, 1}));
      REQUIRE_FALSE(client.victim().ended());
      while (const StreamStatePtr stream = client.victim().accept()) client.victim().release(*stream);
      client.drain();
      client.acknowledge();
    }
  }
  SUBCASE("with nobody who takes them: they count until somebody does") {
    for (; id < 80'000 && !client.victim().ended(); id += 4) {
      client.send(Frames().stream(id, 0, as_bytes("x")).frame(0x04, {id, 1, 1}).frame(0x05, {id, 1}));
    }
    CHECK(client.close_code == kStreamLimitError);
    CHECK(id == 4 * Limits().inbound_streams_max + 4);
  }
  CHECK(client.victim().stream_count() <= Limits().inbound_streams_max);
  CHECK(client.memory_max < 2 * 1024 * 1024);
}

TEST_CASE("nobody sends beyond a window, or beyond an end") {
  HostileClient client;
  const Bytes byte(1, 1);
  std::optional<std::uint64_t> code = kFlowControlError;
  SUBCASE("a stream's") {
    client.send(Frames().stream(0, Limits().stream_window, byte));
  }
  SUBCASE("the connection's") {
    const std::uint64_t streams = Limits().connection_window / Limits().stream_window;
    for (std::uint64_t i = 0; i <= streams; ++i) {
      client.send(Frames().stream(4 * i, Limits().stream_window - 1, byte));
    }
  }
  SUBCASE("with a reset that counts bytes which never came") {
    client.send(Frames().frame(0x04, {0, 1, Limits().stream_window + 1}));
  }
  SUBCASE("at the largest offset there is") {
    client.send(Frames().stream(0, (1ULL << 62) - 2, byte));
  }
  SUBCASE("a stream's end") {
    client.send(Frames().frame(0x04, {0, 1, 5}).stream(4, 0, byte).frame(0x04, {4, 1, 0}));
    code = kFinalSizeError;
  }
  CHECK(client.close_code == code);
  CHECK(client.memory_max < kSmall);
}

TEST_CASE("a window full of single bytes with gaps between them costs the connection, not the process") {
  test::NodeOptions options;
  options.limits.library_memory_max = 4 * 1024 * 1024;
  HostileClient client(options);
  const Bytes byte(1, 1);
  std::uint64_t gaps = 0;
  SUBCASE("on one stream") {
    gaps = 2000;
  }
  SUBCASE("on all streams") {
    gaps = 900;
  }
  std::uint64_t id = 0;
  for (; id < 1000 && !client.victim().ended(); id += 4) {
    for (std::uint64_t offset = 2; offset < 2 * gaps && !client.victim().ended();) {
      Frames frames;
      for (int i = 0; i < 100; ++i, offset += 2) frames.stream(id, offset, byte);
      client.send(frames);
    }
  }
  CHECK(client.victim().ended() == Errc::kLimitReached);
  CHECK(client.memory_max <= options.limits.library_memory_max + 64 * 1024);
  CHECK((id == 4) == (gaps == 2000));
}

TEST_CASE("tiny packets are acknowledged together, and take no room") {
  HostileClient client;
  for (int i = 0; i < 30'000; ++i) {
    client.send(Frames().frame(0x01, {}));
    if (i % 100 == 0) client.run_for(1ms);
  }
  CHECK(client.answered[client.address()] <= client.sent[client.address()]);
  CHECK(client.answers < 20'000);
  CHECK(client.memory_max < kSmall);
  CHECK(client.echoes());
}

TEST_CASE("acknowledgements: hundreds in a packet, of what was never sent, or upside down") {
  HostileClient client;
  SUBCASE("many") {
    Frames frames;
    for (int i = 0; i < 200; ++i) frames.frame(0x02, {0, 0, 0, 0});
    for (int i = 0; i < 500; ++i) client.send(frames);
    CHECK(client.echoes());
  }
  SUBCASE("of what was never sent") {
    client.send(Frames().frame(0x02, {1'000'000, 0, 0, 0}));
    CHECK(client.close_code == kProtocolViolation);
  }
  SUBCASE("ranges below zero") {
    client.send(Frames().frame(0x02, {0, 0, 1, 0, 5, 5}));
    CHECK(client.close_code == kFrameEncodingError);
  }
  SUBCASE("more ranges than bytes") {
    client.send(Frames().frame(0x02, {0, 0, 1'000'000'000'000, 0, 0, 0}));
    CHECK(client.close_code == kFrameEncodingError);
  }
  CHECK(client.memory_max < kSmall);
}

TEST_CASE("frames that only a server sends, that nobody sends, or that end too early") {
  HostileClient client;
  std::uint64_t code = kProtocolViolation;
  SUBCASE("NEW_TOKEN") {
    client.send(Frames().frame(0x07, {4}).raw(as_bytes("abcd")));
  }
  SUBCASE("HANDSHAKE_DONE") {
    client.send(Frames().frame(0x1e, {}));
  }
  SUBCASE("of an unknown type") {
    client.send(Frames().frame(0x21, {}));
    code = kFrameEncodingError;
  }
  SUBCASE("half a frame") {
    client.send(Frames().raw(value_or_throw(from_hex("18c0000000"))));
    code = kFrameEncodingError;
  }
  SUBCASE("a connection ID of no length") {
    client.send(Frames().frame(0x18, {1, 0, 0}).raw(Bytes(16)));
    code = kFrameEncodingError;
  }
  SUBCASE("a connection ID that retires later ones than itself") {
    client.send(Frames().new_id(1, 2));
    code = kFrameEncodingError;
  }
  CHECK(client.close_code == code);
  CHECK(client.victim().ended() == Errc::kMalformed);
}

}  // namespace
}  // namespace warren::quic
