// Attacks on an established connection, by a peer that has the keys and no manners: streams, windows,
// acknowledgements, and frames that no peer sends.
#include <doctest/doctest.h>

#include "warren/transport/quic/hostile_client.hpp"

namespace warren::quic {
namespace {

using test::Frames;
using test::HostileClient;
using test::kMemorySmall;
using enum test::TransportError;

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
  CHECK(client.memory_max < kMemorySmall);
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
  CHECK(client.memory_max < kMemorySmall);
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
  CHECK(client.memory_max < kMemorySmall);
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

// One frame of any kind, with numbers that are likely to mean something. Those that often end a connection
// are seldom.
void add_any_frame(Frames& frames, sim::SeededRandom& random) {
  const auto small = [&] { return random.below(random.below(4) == 0 ? 3000 : 12); };
  const auto stream = [&] { return random.below(60) == 0 ? random.below(9) : 4 * random.below(12); };
  std::uint64_t type = random.below(0x20);
  const bool ends_often = type == 0x02 || type == 0x04 || type == 0x18 || type == 0x19;
  if (ends_often && random.below(12) > 0) type = 0x08;
  switch (type) {
    case 0x02: {
      const std::uint64_t largest = random.below(40);
      frames.frame(0x02, {largest, small(), 0, random.below(largest + 1)});
      return;
    }
    case 0x04: frames.frame(0x04, {stream(), small(), small()}); return;
    case 0x05:
    case 0x11:
    case 0x15: frames.frame(static_cast<std::uint8_t>(type), {stream(), small() * 1000}); return;
    case 0x06: frames.crypto(small(), Bytes(1 + random.below(50))); return;
    case 0x10:
    case 0x12:
    case 0x13:
    case 0x14:
    case 0x16:
    case 0x17: frames.frame(static_cast<std::uint8_t>(type), {small() * 100}); return;
    case 0x18: frames.new_id(10 + small(), small()); return;
    case 0x19: frames.frame(0x19, {random.below(6)}); return;
    case 0x1a: frames.challenge(random.u64()); return;
    case 0x1b: frames.frame(0x1b, {}).raw(Bytes(8)); return;
    case 0x1c:
    case 0x1d:
    case 0x1e:
    case 0x1f:
    case 0x07: return;  // each is the end
    default:
      if (type >= 0x08 && type < 0x10) {
        const std::uint8_t fin = random.below(30) == 0 ? 0x0f : 0x0e;
        const Bytes data(random.below(30));
        frames.frame(fin, {stream(), small(), data.size()}).raw(data);
      } else {
        frames.frame(0x01, {});
      }
  }
}

void do_anything(Connection& victim, std::vector<StreamStatePtr>& streams, sim::SeededRandom& random) {
  if (victim.ended()) return;
  if (const StreamStatePtr stream = victim.accept()) streams.push_back(stream);
  if (streams.size() < 20 && random.below(4) == 0) {
    if (auto stream = victim.open()) streams.push_back(*stream);
  }
  if (streams.empty()) return;
  const std::size_t index = random.below(streams.size());
  StreamState& stream = *streams[index];
  Bytes buffer(random.below(2000) + 1);
  switch (random.below(6)) {
    case 0:
    case 1:
      if (!stream.write_error && !stream.fin_queued) victim.write(stream, buffer);
      break;
    case 2: victim.read(stream, buffer); break;
    case 3: victim.close_write(stream); break;
    case 4: victim.stop_sending(stream, 1); break;
    default: victim.release(stream); streams.erase(streams.begin() + static_cast<std::ptrdiff_t>(index));
  }
}

TEST_CASE("whatever frames come, in whatever order, the process lives on") {
  std::size_t survived = 0;
  for (std::uint64_t seed = 1; seed <= 150; ++seed) {
    CAPTURE(seed);
    HostileClient client;
    sim::SeededRandom random(seed);
    std::vector<StreamStatePtr> streams;
    for (int step = 0; step < 150 && !client.victim().ended(); ++step) {
      Frames frames;
      for (std::uint64_t i = random.below(6) + 1; i > 0; --i) add_any_frame(frames, random);
      client.send(frames);
      do_anything(client.victim(), streams, random);
      client.drain();
      if (random.below(3) == 0 && !client.victim().ended()) client.acknowledge();
      if (random.below(5) == 0) client.run_for(std::chrono::milliseconds(random.below(2000)));
      survived += client.victim().ended() ? 0 : 1;
    }
    CHECK(client.memory_max < 2 * 1024 * 1024);
    for (const StreamStatePtr& stream : streams) client.victim().release(*stream);
  }
  CHECK(survived > 500);  // packets, which did not just end it
}

}  // namespace
}  // namespace warren::quic
