#include "warren/muxer/yamux/frame.hpp"

#include <doctest/doctest.h>

using namespace warren;
using namespace warren::yamux;

namespace {

Result<Header> decoded(std::string_view hex) {
  const Bytes bytes = from_hex(hex).value();
  return decode_header(BytesView(bytes).first<kHeaderSize>());
}

}  // namespace

TEST_CASE("frame headers, in bytes") {
  const std::pair<Header, std::string_view> headers[] = {
      {{FrameType::kData, 0, 1, 5}, "000000000000000100000005"},
      {{FrameType::kData, kSyn | kFin, 0x01020304, 0xa0b0c0d0}, "0000000501020304a0b0c0d0"},
      {{FrameType::kWindowUpdate, kAck, 2, 0x40000}, "000100020000000200040000"},
      {{FrameType::kWindowUpdate, kRst, 0xffffffff, 0}, "00010008ffffffff00000000"},
      {{FrameType::kPing, kSyn, 0, 7}, "000200010000000000000007"},
      {{FrameType::kPing, kAck, 0, 7}, "000200020000000000000007"},
      {{FrameType::kGoAway, 0, 0, 1}, "000300000000000000000001"},
  };
  for (const auto& [header, hex] : headers) {
    Bytes bytes;
    append_header(bytes, header);
    CHECK(to_hex(bytes) == hex);
    CHECK(decoded(hex) == header);
  }
}

TEST_CASE("what is no frame header") {
  CHECK(decoded("010000000000000100000005").error() == Errc::kUnsupported);  // version 1
  CHECK(decoded("000400000000000000000000").error() == Errc::kMalformed);    // type 4
  CHECK(decoded("00ff00000000000000000000").error() == Errc::kMalformed);
  CHECK(decoded("000000100000000100000000").error() == Errc::kMalformed);  // flag 0x10
  CHECK(decoded("000080000000000100000000").error() == Errc::kMalformed);
  CHECK(decoded("000000000000000000000005").error() == Errc::kMalformed);  // data for stream 0
  CHECK(decoded("000100010000000000000000").error() == Errc::kMalformed);  // stream 0 opened
  CHECK(decoded("000200010000000100000007").error() == Errc::kMalformed);  // a ping for stream 1
  CHECK(decoded("000300000000000100000000").error() == Errc::kMalformed);  // a go away for stream 1
  CHECK(decoded("000200000000000000000007").error() == Errc::kMalformed);  // neither question nor answer
  CHECK(decoded("000200030000000000000007").error() == Errc::kMalformed);  // both
}
