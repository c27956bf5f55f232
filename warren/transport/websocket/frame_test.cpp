#include "warren/transport/websocket/frame.hpp"

#include <doctest/doctest.h>

#include "warren/sim/random.hpp"
#include "warren/transport/websocket/test_websocket.hpp"

namespace warren::websocket {
namespace {

using test::frame;
using test::operator+;

Bytes hex(std::string_view text) {
  return value_or_throw(from_hex(text));
}

// What a reader makes of bytes that arrive in pieces of that size.
std::string read_in_pieces(FrameReader& reader, Bytes bytes, std::size_t piece_size) {
  std::string text;
  for (std::size_t at = 0; at < bytes.size(); at += piece_size) {
    const MutableBytes piece = MutableBytes(bytes).subspan(at, std::min(piece_size, bytes.size() - at));
    const std::size_t size = value_or_throw(reader.read(piece));
    text += as_text(piece.first(size));
  }
  return text;
}

std::string read(bool masked, Bytes bytes) {
  FrameReader reader(masked);
  return read_in_pieces(reader, bytes, bytes.size());
}

std::error_code error_of(bool masked, Bytes bytes) {
  FrameReader reader(masked);
  const auto result = reader.read(bytes);
  return result ? std::error_code() : result.error();
}

TEST_CASE("the examples of RFC 6455, section 5.7, as binary messages") {
  CHECK(read(false, hex("820548656c6c6f")) == "Hello");
  CHECK(read(true, hex("828537fa213d7f9f4d5158")) == "Hello");
  CHECK(read(false, hex("020348656c"
                        "80026c6f")) == "Hello");
  CHECK(frame(0x82, "Hello", false) == hex("820548656c6c6f"));
  CHECK(frame(0x82, "Hello") == hex("828537fa213d7f9f4d5158"));

  FrameReader reader(false);
  CHECK(read_in_pieces(reader, hex("890548656c6c6f"), 3).empty());
  CHECK((reader.take_ping() == to_bytes("Hello")));
  CHECK_FALSE(reader.ping().has_value());
  FrameReader server(true);
  CHECK(read_in_pieces(server, hex("8a8537fa213d7f9f4d5158"), 3).empty());  // a pong
  CHECK_FALSE(server.ping().has_value());
}

TEST_CASE("sizes are in the shortest of three forms") {
  CHECK(to_hex(encode_header(Opcode::kBinary, 125, {}).bytes()) == "827d");
  CHECK(to_hex(encode_header(Opcode::kBinary, 256, {}).bytes()) == "827e0100");
  CHECK(to_hex(encode_header(Opcode::kBinary, 65535, {}).bytes()) == "827effff");
  CHECK(to_hex(encode_header(Opcode::kBinary, 65536, {}).bytes()) == "827f0000000000010000");
  CHECK(to_hex(encode_header(Opcode::kPing, 0, test::kMask).bytes()) == "898037fa213d");
  for (const char* longer : {"827e007d", "827f000000000000ffff", "827f8000000000000000"})
    CHECK(error_of(false, hex(longer)) == Errc::kMalformed);
}

TEST_CASE("any cut of the pipe gives the same stream") {
  sim::SeededRandom random(5);
  for (const bool masked : {false, true}) {
    Bytes wire, sent;
    for (const std::size_t size : {1, 0, 125, 126, 300, 70'000}) {
      Bytes message(size);
      random.fill(message);
      append(sent, message);
      const std::size_t half = size / 2;
      append(wire, frame(0x02, BytesView(message).first(half), masked));
      append(wire, frame(0x89, "ping", masked));
      append(wire, frame(0x00, BytesView(), masked));
      append(wire, frame(0x80, BytesView(message).subspan(half), masked));
      append(wire, frame(0x8a, "a pong that nobody asked for", masked));
    }
    for (const std::size_t size : {1, 2, 3, 7, 64, 1000, 65'536, 1'000'000}) {
      FrameReader reader(masked);
      CHECK((to_bytes(read_in_pieces(reader, wire, size)) == sent));
      CHECK((reader.ping() == to_bytes("ping")));
      // Per message: ping, the empty frame, pong; the first message's first half, and the empty message's
      // two.
      CHECK(reader.take_idle_frames() == 6 * 3 + 3);
      CHECK(reader.take_idle_frames() == 0);
    }
  }
}

TEST_CASE("the end, with a code or without") {
  struct Row {
    Bytes payload;
    int code;
  };
  for (const Row& row : {Row{{}, 1005}, Row{hex("03e8"), 1000}, Row{hex("03ea") + to_bytes("why"), 1002},
                         Row{hex("0bb8"), 3000}}) {
    FrameReader reader(true);
    const Bytes bytes = frame(0x82, "last") + frame(0x88, row.payload) + frame(0x82, "too late");
    CHECK(read_in_pieces(reader, bytes, bytes.size()) == "last");
    REQUIRE(reader.closed().has_value());
    CHECK(static_cast<int>(*reader.closed()) == row.code);
    CHECK(read_in_pieces(reader, frame(0x82, "too late"), 5).empty());
  }
  for (const char* bad : {"03", "0000", "03e7", "03ec", "03ed", "03f7", "1388", "ffff"})
    CHECK(error_of(true, frame(0x88, hex(bad))) == Errc::kMalformed);
}

TEST_CASE("what is against the rules") {
  CHECK(error_of(true, frame(0x82, "not masked", false)) == Errc::kMalformed);
  CHECK(error_of(false, frame(0x82, "masked", true)) == Errc::kMalformed);
  CHECK(error_of(true, frame(0x81, "text")) == Errc::kUnsupported);
  for (const int first : {0x83, 0x87, 0x8b, 0x8f,  // no such opcodes
                          0xc2, 0xa2, 0x92,        // reserved bits
                          0x80, 0x00,              // continues what has not begun
                          0x08, 0x09, 0x0a})       // control frames in parts
    CHECK(error_of(true, frame(static_cast<std::uint8_t>(first), "x")) == Errc::kMalformed);
  CHECK(error_of(true, frame(0x89, std::string(126, 'x'))) == Errc::kMalformed);
  CHECK(error_of(true, frame(0x02, BytesView()) + frame(0x82, "begins in a message")) == Errc::kMalformed);
}

TEST_CASE("a message is bounded, whether in one frame or in many") {
  for (const char* huge : {"82ff7fffffffffffffff00000000", "82ff000000000100000100000000"})
    CHECK(error_of(true, hex(huge)) == Errc::kTooLarge);
  CHECK(error_of(true, hex("82ff000000000100000000000000")) == std::error_code());

  FrameReader reader(true);
  const Bytes part(1024 * 1024);
  for (int i = 0; i < 16; ++i) {
    Bytes bytes = frame(i == 0 ? 0x02 : 0x00, part);
    REQUIRE(reader.read(bytes) == part.size());
  }
  Bytes more = frame(0x00, "x");
  CHECK((reader.read(more).error() == Errc::kTooLarge));

  FrameReader other(true);
  for (int i = 0; i < 40; ++i) {
    Bytes bytes = frame(0x82, part);
    REQUIRE(other.read(bytes) == part.size());
  }
}

TEST_CASE("what comes before something bad is read, and the error stays") {
  FrameReader reader(true);
  Bytes bytes = frame(0x82, "good") + frame(0x81, "text") + frame(0x82, "good again");
  REQUIRE(reader.read(bytes) == 4);
  CHECK(as_text(BytesView(bytes).first(4)) == "good");
  Bytes more = frame(0x82, "more");
  CHECK((reader.read(more).error() == Errc::kUnsupported));
}

}  // namespace
}  // namespace warren::websocket
