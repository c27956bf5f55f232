#include "warren/protocols/kad/wire/rfc3339.hpp"

#include <doctest/doctest.h>

namespace warren::kad {
namespace {

TEST_CASE("times are read") {
  const auto read = [](std::string_view text) {
    return value_or_throw(parse_rfc3339(text), std::string(text));
  };
  CHECK(read("1970-01-01T00:00:00Z") == PreciseTime{});
  CHECK(read("2040-01-02T03:04:05.678901234Z") == PreciseTime{from_unix_ms(2'209'086'245'678), 901'234});
  CHECK(read("2040-01-02T03:04:05.6Z") == PreciseTime{from_unix_ms(2'209'086'245'600), 0});
  CHECK(read("2040-01-02T03:04:05+01:30") == PreciseTime{from_unix_ms(2'209'080'845'000), 0});
  CHECK(read("2040-01-02T03:04:05-00:01") == PreciseTime{from_unix_ms(2'209'086'305'000), 0});
  CHECK(read("2024-02-29T00:00:00Z") < read("2024-02-29T00:00:00.000000001Z"));
  CHECK(read("9999-12-31T23:59:59.999999999Z").time == from_unix_ms(253'402'300'799'999));
}

TEST_CASE("what is no time is malformed") {
  for (const char* text : {"",
                           "2040",
                           "2040-01-02",
                           "2040-01-02T03:04:05",
                           "2040-01-02t03:04:05Z",
                           "2040-01-02T03:04:05z",
                           "2040-01-02 03:04:05Z",
                           "2040-13-02T03:04:05Z",
                           "2040-00-02T03:04:05Z",
                           "2023-02-29T03:04:05Z",
                           "2040-01-02T24:04:05Z",
                           "2040-01-02T03:60:05Z",
                           "2040-01-02T03:04:60Z",
                           "2040-01-02T03:04:05.Z",
                           "2040-01-02T03:04:05.1234567890Z",
                           "2040-01-02T03:04:05Z ",
                           "2040-01-02T03:04:05+24:00",
                           "2040-01-02T03:04:05+01",
                           "-040-01-02T03:04:05Z",
                           "2040-01-0aT03:04:05Z",
                           "2040-01-02T03:04:05ZZ"}) {
    CHECK_MESSAGE(!parse_rfc3339(text), text);
  }
}

}  // namespace
}  // namespace warren::kad
