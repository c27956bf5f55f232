#include "warren/broadcast/repair_message.hpp"

#include <doctest/doctest.h>

#include "warren/base/protobuf_wire.hpp"
#include "warren/broadcast/gap_book.hpp"
#include "warren/broadcast/test_repair.hpp"

using namespace warren;
using namespace warren::repair;
using warren::test::repair_origin;
using warren::test::text;

namespace {

OriginKey key(std::uint8_t number) {
  OriginKey key{};
  key.node.fill(number);
  key.epoch.fill(0xe0);
  return key;
}

Errc request_error(const Bytes& bytes) {
  const auto request = decode_request(bytes);
  REQUIRE(!request);
  return static_cast<Errc>(request.error().value());
}

Errc frame_error(const Bytes& bytes) {
  const auto frame = decode_frame(bytes);
  REQUIRE(!frame);
  return static_cast<Errc>(frame.error().value());
}

// A request with one origin whose packed ranges are these bytes.
Bytes with_ranges(std::string_view packed) {
  const Bytes origin = ProtobufWriter()
                           .bytes(1, Bytes(33, 2))
                           .bytes(2, Bytes(8, 3))
                           .bytes(3, value_or_throw(from_hex(packed)))
                           .take();
  return ProtobufWriter().bytes(1, as_bytes("t")).bytes(4, origin).take();
}

}  // namespace

// The vectors of docs/wire.md, "Repair".
TEST_CASE("a question and an answer have one encoding") {
  Request request{.topic = "/warren/main/topic/news", .since_ms = 1'767'225'600'000, .held = {}};
  OriginKey origin{};
  const auto node = repair_origin(1).node.key_bytes();
  origin.node = node;
  origin.epoch = {0xf0, 0xf1, 0xf2, 0xf3, 0xf4, 0xf5, 0xf6, 0xf7};
  request.held.push_back({origin, {{1, 3}, {5, 300}}});
  const std::string hex =
      "0a172f77617272656e2f6d61696e2f746f7069632f6e657773"
      "1080d0eab6b733"
      "22340a21" +
      to_hex(node) + "1208f0f1f2f3f4f5f6f71a05000301a802";
  CHECK(to_hex(encode(request)) == hex);
  CHECK(value_or_throw(decode_request(value_or_throw(from_hex(hex)))) == request);

  const Frame frame{
      .status = Status::kDone, .known = {{origin, {{4, 4}}}}, .gone = {{origin, {{4, 4}}}}, .envelopes = {}};
  const std::string part = "320a21" + to_hex(node) + "1208f0f1f2f3f4f5f6f71a020301";
  const std::string answer =
      "080112"
      "31" +
      part.substr(2) + "1a31" + part.substr(2);
  CHECK(to_hex(encode(frame)) == answer);
  CHECK(value_or_throw(decode_frame(value_or_throw(from_hex(answer)))) == frame);
}

TEST_CASE("questions and frames come back as they were") {
  const Request request{.topic = "t",
                        .since_ms = INT64_MAX,
                        .partial = true,
                        .held = {{key(1), {{1, 1}, {3, kBroadcastSeqMax}}}, {key(2), {{7, 9}}}}};
  CHECK(value_or_throw(decode_request(encode(request))) == request);
  const Frame frame{.status = Status::kGoesOn,
                    .known = {{key(1), {{kBroadcastSeqMax, kBroadcastSeqMax}}}},
                    .gone = {},
                    .envelopes = {Bytes(100, 1), Bytes(5000, 2)}};
  CHECK(value_or_throw(decode_frame(encode(frame))) == frame);
}

TEST_CASE("ranges that are no ranges are refused") {
  CHECK(decode_request(with_ranges("0001")));
  CHECK(request_error(with_ranges("")) == Errc::kMalformed);
  CHECK(request_error(with_ranges("00")) == Errc::kMalformed);        // half a pair
  CHECK(request_error(with_ranges("0000")) == Errc::kMalformed);      // an empty range
  CHECK(request_error(with_ranges("00010001")) == Errc::kMalformed);  // two that touch
  CHECK(request_error(with_ranges("800001")) == Errc::kMalformed);    // not minimal
  CHECK(request_error(with_ranges("0080")) == Errc::kMalformed);      // cut off
  const std::string most = "ffffffffffffffff7f";                      // 2^63 - 1
  CHECK(value_or_throw(decode_request(with_ranges("00" + most))).held[0].ranges[0].last == kBroadcastSeqMax);
  CHECK(request_error(with_ranges("01" + most)) == Errc::kMalformed);  // ends at 2^63
  CHECK(request_error(with_ranges(most + "01")) == Errc::kMalformed);  // begins there
  CHECK(request_error(with_ranges("00" + most + "0101")) == Errc::kMalformed);
  CHECK(request_error(with_ranges("00ffffffffffffffffff01")) == Errc::kMalformed);  // 2^64 - 1
}

TEST_CASE("what is not canonical is refused") {
  const Bytes good = encode(Request{.topic = "t", .held = {{key(1), {{1, 2}}}}});
  CHECK(decode_request(good));
  CHECK(request_error({}) == Errc::kMalformed);  // no topic
  Bytes longer = good;
  append(longer, ProtobufWriter().varint(9, 1).take());
  CHECK(request_error(longer) == Errc::kMalformed);
  Bytes shorter(good.begin(), good.end() - 1);
  CHECK(request_error(shorter) == Errc::kTruncated);
  CHECK(request_error(encode(Request{.topic = std::string(513, 'x'), .held = {}})) == Errc::kTooLarge);
  const auto twice = [](std::uint8_t first, std::uint8_t second) {
    return encode(Request{.topic = "t", .held = {{key(first), {{1, 2}}}, {key(second), {{5, 6}}}}});
  };
  CHECK(decode_request(twice(1, 2)));
  CHECK(request_error(twice(1, 1)) == Errc::kMalformed);
  CHECK(request_error(twice(2, 1)) == Errc::kMalformed);
  for (const Bytes& field :
       {ProtobufWriter().varint(2, 0).take(), ProtobufWriter().varint(2, UINT64_MAX).take(),
        ProtobufWriter().varint(3, 0).take(), ProtobufWriter().varint(3, 2).take(),
        ProtobufWriter().bytes(4, {}).take()}) {
    Bytes bytes = encode(Request{.topic = "t", .held = {}});
    append(bytes, field);
    CHECK(request_error(bytes) == Errc::kMalformed);
  }
  const Bytes no_epoch = ProtobufWriter().bytes(1, Bytes(33)).bytes(3, Bytes{0, 1}).take();
  CHECK(frame_error(ProtobufWriter().bytes(2, no_epoch).take()) == Errc::kMalformed);
  const Bytes short_node =
      ProtobufWriter().bytes(1, Bytes(32)).bytes(2, Bytes(8)).bytes(3, Bytes{0, 1}).take();
  CHECK(frame_error(ProtobufWriter().bytes(2, short_node).take()) == Errc::kMalformed);
}

TEST_CASE("frames without content, and tiny envelopes, are refused") {
  CHECK(frame_error({}) == Errc::kMalformed);
  CHECK(frame_error({0x08, 0x00}) == Errc::kMalformed);
  CHECK(frame_error(ProtobufWriter().bytes(4, Bytes(99)).take()) == Errc::kMalformed);
  CHECK(value_or_throw(decode_frame(Bytes{0x08, 0x02})).status == Status::kMore);
  CHECK(value_or_throw(decode_frame(Bytes{0x08, 0x63})).status == Status::kFailed);  // of another version
}

TEST_CASE("ranges are bounded in number") {
  NumberRanges ranges;
  for (std::uint64_t i = 0; i <= kRangesMax; ++i) ranges.push_back({2 * i + 1, 2 * i + 1});
  Frame frame{.status = Status::kDone, .known = {{key(1), ranges}}, .gone = {}, .envelopes = {}};
  CHECK(frame_error(encode(frame)) == Errc::kTooLarge);
  frame.known[0].ranges.pop_back();
  CHECK(decode_frame(encode(frame)));
  frame.gone = {{key(1), {{1, 1}}}};
  CHECK(frame_error(encode(frame)) == Errc::kTooLarge);
}

TEST_CASE("a question is made of ranges in any order") {
  const auto a = repair_origin(1), b = repair_origin(2);
  const Request request =
      make_request("t", from_unix_ms(-5),
                   {{b, 5, 9}, {a, 4, 4}, {b, 1, 2}, {a, 1, 3}, {b, 8, UINT64_MAX}, {a, 7, 6}}, 100'000);
  CHECK(request.since_ms == 0);
  CHECK(!request.partial);
  CHECK(text(request.held, a) == "1-4");
  CHECK(text(request.held, b) == "1-2 5-9223372036854775807");
  CHECK(value_or_throw(decode_request(encode(request))) == request);
  CHECK(encode(make_request("t", {}, {}, 100)).size() == 3);
}

TEST_CASE("a question that is too large leaves out the last origins, and says so") {
  std::vector<BroadcastRange> held;
  for (int run = 200; run > 0; --run)
    held.push_back({repair_origin(1, static_cast<std::uint8_t>(run)), 1, 5});
  const Request request = make_request("t", {}, held, 1000);
  CHECK(request.partial);
  CHECK(encode(request).size() <= 1000 + 10);
  CHECK(request.held.size() > 15);
  CHECK(text(request.held, repair_origin(1, 200)) == "1-5");
  CHECK(text(request.held, repair_origin(1, 1)) == "");
  CHECK(decode_request(encode(request)));

  // One with very many holes: the later ones are not asked for yet.
  held.clear();
  for (std::uint64_t i = 1; i < 10'000; i += 2) held.push_back({repair_origin(), i, i});
  held.push_back({repair_origin(2), 1, 1});
  const Request holes = make_request("t", {}, held, 64 * 100);
  CHECK(!holes.partial);
  CHECK(holes.held.size() == 2);
  for (const auto& each : holes.held) {
    if (each.origin != OriginKey::of(repair_origin())) continue;
    CHECK(each.ranges.size() == 100);
    CHECK(each.ranges.back() == NumberRange{199, kBroadcastSeqMax});
  }
}
