#include "app/time_span.hpp"

#include <doctest/doctest.h>

namespace warren::app {
namespace {

using namespace std::chrono_literals;

TEST_CASE("spans of time have a unit, or are seconds") {
  CHECK(parse_time_span("90") == 90s);
  CHECK(parse_time_span("90s") == 90s);
  CHECK(parse_time_span("250ms") == 250ms);
  CHECK(parse_time_span("30m") == 30min);
  CHECK(parse_time_span("30min") == 30min);
  CHECK(parse_time_span("1.5h") == 90min);
  CHECK(parse_time_span("7d") == 168h);
  CHECK(parse_time_span("7 d") == 168h);
  CHECK(parse_time_span("0") == 0s);
}

TEST_CASE("anything else is none") {
  for (const char* text :
       {"", "h", "-1h", "1 hour", "1h30m", "1e3", "nan", "inf", "366d", "1H", " 1h", "1h "})
    CHECK_FALSE(parse_time_span(text).has_value());
}

}  // namespace
}  // namespace warren::app
