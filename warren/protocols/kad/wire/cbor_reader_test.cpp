#include "warren/protocols/kad/wire/cbor_reader.hpp"

#include <doctest/doctest.h>

#include "warren/core/test_values.hpp"

namespace warren::kad {
namespace {

using testing::hex;

std::error_code skip_error(std::string_view digits) {
  const Bytes bytes = hex(digits);
  CborReader reader(bytes);
  reader.skip();
  const auto end = reader.finish();
  return end ? std::error_code() : end.error();
}

TEST_CASE("items are read") {
  const Bytes bytes =
      hex("a2"
          "6161"
          "17"
          "6162"
          "430102ff"
          "1818"
          "190100"
          "1a00010000"
          "1b0000000100000000");
  CborReader reader(bytes);
  CHECK(reader.map() == 2);
  CHECK(reader.text() == "a");
  CHECK(reader.number() == 23);
  CHECK(reader.text() == "b");
  CHECK(equal(reader.bytes(), hex("0102ff")));
  CHECK(reader.number() == 24);
  CHECK(reader.number() == 256);
  CHECK(reader.number() == 65536);
  CHECK(reader.number() == 4294967296);
  CHECK(reader.finish());
}

TEST_CASE("an item of another kind is malformed") {
  for (const char* digits : {"20", "40", "60", "80", "a0", "f6", "d82a00"}) {
    const Bytes bytes = hex(digits);
    CborReader reader(bytes);
    reader.number();
    CHECK(reader.finish().error() == Errc::kMalformed);
  }
}

TEST_CASE("anything of DAG-CBOR can be skipped, and nothing else") {
  for (const char* good : {"00", "3863", "420102", "6161", "8201820203", "a161618101", "d82a4100", "f4", "f5",
                           "f6", "fb3ff0000000000000"}) {
    CHECK_MESSAGE(!skip_error(good), good);
  }
  for (const char* bad : {"1817", "1900ff", "1a0000ffff", "1b00000000ffffffff", "5800", "9800"}) {
    CHECK_MESSAGE(skip_error(bad) == Errc::kNotMinimal, bad);
  }
  for (const char* bad :
       {"1c", "1f", "5f41ff", "9fff", "bfff", "f7", "f818", "f93c00", "fa3f800000", "c100", "ff"}) {
    CHECK_MESSAGE(skip_error(bad) == Errc::kMalformed, bad);
  }
  for (const char* bad : {"", "18", "42ff", "5bffffffffffffffff", "9bffffffffffffffff", "bb7fffffffffffffff",
                          "a100", "8100ff"}) {
    CHECK_MESSAGE(skip_error(bad), bad);
  }
}

TEST_CASE("depth is bounded") {
  CHECK(!skip_error("8181818181818100"));
  CHECK(skip_error("818181818181818100") == Errc::kTooLarge);
  const Bytes deep(100'000, 0x81);
  CborReader reader(deep);
  reader.skip();
  CHECK(reader.finish().error() == Errc::kTooLarge);
}

}  // namespace
}  // namespace warren::kad
