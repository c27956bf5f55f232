#include "warren/base/reader.hpp"

#include <doctest/doctest.h>

#include "warren/base/varint.hpp"
#include "warren/base/writer.hpp"

using namespace warren;

TEST_CASE("what a Writer writes, a Reader reads") {
  Writer writer;
  writer.u8(0x12)
      .u16(0x3456)
      .u32(0x789abcde)
      .u64(0x0123456789abcdef)
      .varint(300)
      .delimited(as_bytes("hello"));
  CHECK(to_hex(writer.view()) == "123456789abcde0123456789abcdefac020568656c6c6f");

  Reader reader(writer.view());
  CHECK(reader.u8() == 0x12);
  CHECK(reader.u16() == 0x3456);
  CHECK(reader.u32() == 0x789abcde);
  CHECK(reader.u64() == 0x0123456789abcdef);
  CHECK(reader.varint() == 300);
  CHECK(as_text(reader.delimited(5)) == "hello");
  CHECK(reader.finish());
}

TEST_CASE("a Reader's first error sticks, and later reads give zeros") {
  const Bytes bytes = {0x01, 0x02};
  Reader reader(bytes);
  CHECK(reader.u32() == 0);
  CHECK(reader.u8() == 0);
  CHECK(reader.finish().error() == Errc::kTruncated);

  Reader oversized(bytes);
  CHECK(oversized.delimited(0).empty());
  CHECK(oversized.finish().error() == Errc::kTooLarge);

  Reader unfinished(bytes);
  unfinished.u8();
  CHECK(unfinished.finish().error() == Errc::kMalformed);
}

TEST_CASE("a varint has one encoding, of at most 63 bits") {
  const auto decoded = [](std::string_view hex) { return decode_varint(*from_hex(hex)); };
  CHECK(decoded("00")->value == 0);
  CHECK(decoded("7f")->value == 127);
  CHECK(decoded("8001")->value == 128);
  CHECK(decoded("ff01")->value == 255);
  CHECK(decoded("ac02")->value == 300);
  CHECK(decoded("808001")->value == 16384);
  CHECK(decoded("ffffffffffffffff7f")->value == kVarintMax);
  CHECK(decoded("ffffffffffffffff7f")->size == 9);
  CHECK(decoded("").error() == Errc::kTruncated);
  CHECK(decoded("80").error() == Errc::kTruncated);
  CHECK(decoded("8000").error() == Errc::kNotMinimal);
  CHECK(decoded("818000").error() == Errc::kNotMinimal);
  CHECK(decoded("80808080808080808001").error() == Errc::kTooLarge);
  CHECK(decoded("ffffffffffffffffffff").error() == Errc::kTooLarge);

  for (std::uint64_t value : {std::uint64_t{0}, std::uint64_t{127}, std::uint64_t{128}, kVarintMax}) {
    Bytes bytes;
    append_varint(bytes, value);
    CHECK(bytes.size() == varint_size(value));
    CHECK(decode_varint(bytes)->value == value);
  }
}

TEST_CASE("hexadecimal") {
  CHECK(to_hex(Bytes{0x00, 0xff, 0x1a}) == "00ff1a");
  CHECK(*from_hex("00Ff1A") == Bytes{0x00, 0xff, 0x1a});
  CHECK(from_hex("0").error() == Errc::kBadEncoding);
  CHECK(from_hex("0g").error() == Errc::kBadEncoding);
}

TEST_CASE("every error has a sentence of its own") {
  for (int code = 0; code <= static_cast<int>(Errc::kBadConfig); ++code) {
    CHECK(error_category().message(code) != "unknown error");
    CHECK(error_category().message(code).find('\n') == std::string::npos);
  }
}
