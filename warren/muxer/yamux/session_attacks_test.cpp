// What a hostile peer sends, byte for byte, and what becomes of it: an end with a reason or a refused stream,
// and memory that stays bounded.
#include <doctest/doctest.h>

#include "warren/muxer/yamux/test_frames.hpp"

using namespace warren;
using namespace warren::yamux;

namespace {

Bytes hex(std::string_view text) {
  return from_hex(text).value();
}

// It ended for this reason, the peer is told that it broke the protocol, and nothing is kept.
void check_ended(Scripted& scripted, Errc reason) {
  CHECK(scripted.session.ended() == reason);
  CHECK_FALSE(scripted.session.detail().empty());
  CHECK(scripted.sent() == std::vector<Sent>{{{FrameType::kGoAway, 0, 0, 1}, ""}});
  CHECK(scripted.session.stream_count() == 0);
  CHECK(scripted.session.unread() == 0);
  CHECK_FALSE(scripted.session.accept());
}

}  // namespace

TEST_CASE("first frame Data+SYN, longer than the window (CVE-2026-32314)") {
  Scripted scripted;
  scripted.receive(hex("000000010000000100040001"));
  scripted.receive(Bytes(262145));
  check_ended(scripted, Errc::kMalformed);
}

TEST_CASE("a window update that overflows (CVE-2026-31814)") {
  Scripted scripted;
  SUBCASE("of a stream that it opens") {
    scripted.receive(hex("0001000100000001ffff0000"));
  }
  SUBCASE("of an open stream, bit by bit") {
    scripted.receive(hex("000100010000000100000000"));
    scripted.receive(hex("00010000000000017fffffff"));
    scripted.receive(hex("00010000000000017ffbffff"));
    CHECK_FALSE(scripted.session.ended());
    scripted.receive(hex("000100000000000100000002"));
  }
  check_ended(scripted, Errc::kMalformed);
}

TEST_CASE("a ping flood, while nothing is read (CVE-2024-32984)") {
  Scripted scripted;
  const Bytes ping = hex("000200010000000000000007");
  int pings = 0;
  while (!scripted.session.ended() && pings < 1'000'000) {
    scripted.receive(ping);
    ++pings;
  }
  CHECK(pings == Limits().control_max / kHeaderSize + 1);
  check_ended(scripted, Errc::kLimitReached);
}

TEST_CASE("a ping flood that is read costs nothing but the answers") {
  Scripted scripted;
  const Bytes ping = hex("000200010000000000000007");
  for (int i = 0; i < 20'000; ++i) {
    scripted.receive(ping);
    if (i % 1000 == 999) CHECK(scripted.sent().size() == 1000);
  }
  CHECK_FALSE(scripted.session.ended());
}

TEST_CASE("endless streams are refused beyond the backlog, and others go on (CVE-2022-23492)") {
  Scripted scripted;
  const auto served = scripted.accept(1);
  scripted.sent();
  std::size_t refused = 0;
  for (StreamId id = 3; id < 40'000; id += 2) {
    scripted.receive(window_update(kSyn, id, 0));
    if (id % 1000 != 1) continue;
    for (const Sent& frame : scripted.sent()) refused += frame.header.has(kRst) ? 1 : 0;
  }
  for (const Sent& frame : scripted.sent()) refused += frame.header.has(kRst) ? 1 : 0;
  CHECK(scripted.session.stream_count() == 257);
  CHECK(refused == 19'999 - 256);
  scripted.receive(data(0, 1, "still here"));
  CHECK(scripted.read(*served) == "still here");
  CHECK_FALSE(scripted.session.ended());
}

TEST_CASE("endless streams, while the refusals are not read") {
  Scripted scripted;
  StreamId id = 1;
  while (!scripted.session.ended() && id < 1'000'000) {
    scripted.receive(window_update(kSyn, id, 0));
    id += 2;
  }
  CHECK(id / 2 == 256 + Limits().control_max / kHeaderSize + 1);
  check_ended(scripted, Errc::kLimitReached);
}

TEST_CASE("streams that are opened and reset at once do not outrun those who serve them (CVE-2023-44487)") {
  Scripted scripted;
  std::vector<StreamStatePtr> served;
  for (StreamId id = 1; id < 20'000; id += 2) {
    scripted.receive(window_update(kSyn, id, 0));
    if (auto stream = scripted.session.accept()) served.push_back(std::move(stream));
    scripted.receive(window_update(kRst, id, 0));
    scripted.sent();
  }
  CHECK(served.size() == Limits().inbound_streams_max);
  CHECK(scripted.session.stream_count() == 0);
  scripted.session.release(*served.back());
  CHECK(scripted.accept(20'001));
  CHECK_FALSE(scripted.accept(20'003));
}

TEST_CASE("windows that are all filled and never read are bounded together") {
  Scripted scripted;
  const Bytes window(kInitialWindow);
  std::vector<StreamStatePtr> streams;
  for (StreamId id = 1; id < 1000; id += 2) {
    streams.push_back(scripted.accept(id));
    scripted.receive(frame(FrameType::kData, 0, id, kInitialWindow, window));
    CHECK(scripted.session.unread() <= Limits().unread_max);
    scripted.sent();
  }
  CHECK(scripted.session.unread() == Limits().unread_max);
  CHECK(streams.front()->received.size() == kInitialWindow);
  CHECK(streams.back()->read_error == Errc::kReset);
  CHECK_FALSE(scripted.session.ended());
}

TEST_CASE("data in frames of one byte takes no more memory than it should") {
  Scripted scripted;
  const auto stream = scripted.accept(1);
  const Bytes one = data(0, 1, "x");
  for (std::uint32_t i = 0; i < kInitialWindow; ++i) scripted.receive(one);
  CHECK(stream->received.size() == kInitialWindow);
  CHECK(stream->received.memory() <= 2 * kInitialWindow);
  scripted.receive(one);
  scripted.session.release(*stream);
  check_ended(scripted, Errc::kMalformed);
}

TEST_CASE("frames that mean nothing end the session") {
  for (const char* bytes : {
           "010000000000000100000000",  // version 1
           "000400000000000000000000",  // type 4
           "000080000000000100000000",  // an unknown flag
           "000000010000000000000000",  // stream 0 opened
           "000100010000000200000000",  // a stream of our numbers opened
           "0000000000000063ffffffff",  // 4 GiB for a stream that is not open
           "000200000000000000000001",  // a ping that is neither question nor answer
           "474554202f20485454502f31",  // GET / HTTP/1
           "160301020001000001fc0303",  // a TLS ClientHello
       }) {
    CAPTURE(bytes);
    Scripted scripted;
    scripted.receive(hex(bytes));
    check_ended(scripted, Errc::kMalformed);
  }
}

TEST_CASE("a stream that is open is not opened again") {
  Scripted scripted;
  const auto stream = scripted.accept(1);
  scripted.sent();
  scripted.receive(window_update(kSyn, 1, 0));
  CHECK(stream->read_error == Errc::kClosed);
  check_ended(scripted, Errc::kMalformed);
}

TEST_CASE("data after the end of a stream resets that stream only") {
  Scripted scripted;
  const auto stream = scripted.accept(1);
  const auto other = scripted.accept(3);
  scripted.sent();
  scripted.receive(data(kFin, 1, "end"));
  scripted.receive(data(0, 1, "more"));
  CHECK(stream->read_error == Errc::kReset);
  CHECK(scripted.sent() == std::vector<Sent>{{{FrameType::kWindowUpdate, kRst, 1, 0}, ""}});
  scripted.receive(data(0, 3, "fine"));
  CHECK(scripted.read(*other) == "fine");
}

TEST_CASE("data for streams that are gone is skipped, as much as the largest window at a time") {
  Scripted scripted;
  scripted.receive(frame(FrameType::kData, 0, 99, 16 * 1024 * 1024, Bytes(16 * 1024 * 1024)));
  CHECK_FALSE(scripted.session.ended());
  CHECK(scripted.session.unread() == 0);
  const auto stream = scripted.accept(1);
  CHECK(stream);
}

TEST_CASE("streams that end and are reset before anybody takes them leave nothing behind") {
  Scripted scripted;
  for (StreamId id = 1; id < 1000; id += 2) {
    scripted.receive(data(kSyn | kFin, id, "nobody reads this"));
    scripted.receive(window_update(kRst, id, 0));
  }
  CHECK(scripted.session.unread() == 0);
  CHECK(scripted.session.stream_count() == 0);
  CHECK_FALSE(scripted.session.accept());
}

TEST_CASE("nothing is read after the end") {
  Scripted scripted;
  scripted.receive(go_away(GoAwayCode::kNormal));
  scripted.receive(hex("000100010000000100000000"));
  scripted.receive(hex("000200010000000000000007"));
  CHECK_FALSE(scripted.session.accept());
  CHECK(scripted.sent().empty());
}
