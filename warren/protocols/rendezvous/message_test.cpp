#include "warren/protocols/rendezvous/message.hpp"

#include <doctest/doctest.h>

#include "warren/core/test_values.hpp"

using namespace warren;
using namespace warren::rendezvous;
using namespace warren::testing;

namespace {

template <class T>
T round_trip(const T& message) {
  const Message decoded = value_or_throw(decode(encode(message)));
  REQUIRE(std::holds_alternative<T>(decoded));
  return std::get<T>(decoded);
}

}  // namespace

TEST_CASE("each message is read as it was written") {
  for (const Register& message : {Register{"room", {1, 2, 3}, 7200}, Register{"room", {1}, std::nullopt}})
    CHECK(round_trip(message) == message);
  for (const RegisterResponse& message :
       {RegisterResponse{Status::kOk, "", 7200}, RegisterResponse{Status::kInvalidTtl, "too long", 0}})
    CHECK(round_trip(message) == message);
  CHECK(round_trip(Unregister{"room"}) == Unregister{"room"});
  for (const Discover& message :
       {Discover{"room", 17, {9, 9}}, Discover{"", std::nullopt, {}}, Discover{"", 0, {}}})
    CHECK(round_trip(message) == message);
  const DiscoverResponse response{
      {{"room", {1}, 60}, {"other", {2}, std::nullopt}}, {1, 2}, Status::kInvalidCookie, "who are you"};
  CHECK(round_trip(response) == response);
}

TEST_CASE("the bytes are those of the specification's protobuf") {
  CHECK(to_hex(encode(Register{"ab", {0xff}, 300})) == "0800120a0a0261621201ff18ac02");
  CHECK(to_hex(encode(RegisterResponse{Status::kNotAuthorized, "no", 0})) == "08011a0708c80112026e6f");
  CHECK(to_hex(encode(Unregister{"ab"})) == "080222040a026162");
  CHECK(to_hex(encode(Discover{"ab", 1, {5}})) == "08032a090a02616210011a0105");
  CHECK(to_hex(encode(DiscoverResponse{{{"a", {1}, 2}}, {3}, Status::kOk, ""})) ==
        "0804320f0a080a016112010118021201031800");
}

TEST_CASE("what does not fit together is malformed") {
  for (const std::string_view bad :
       {"", "0800", "08002202", "0805", "080022040a026162", "ff", "0a00", "080012020801"}) {
    CAPTURE(bad);
    CHECK(!decode(hex(bad)));
  }
  // Unknown fields, and bodies of other types, are ignored.
  CHECK(decode(hex("3a01000802220022040a026162")).has_value());
}

TEST_CASE("nothing is over its bound") {
  CHECK(decode(encode(Register{std::string(1025, 'a'), {1}, 1})).error() == Errc::kTooLarge);
  CHECK(decode(encode(Register{"a", Bytes(kRecordSizeMax + 1), 1})).error() == Errc::kTooLarge);
  CHECK(decode(encode(Discover{"a", 1, Bytes(kCookieSizeMax + 1)})).error() == Errc::kTooLarge);
  CHECK(round_trip(RegisterResponse{Status::kUnavailable, std::string(999, 'x') + "\n\x1b", 0}).status_text ==
        std::string(kStatusTextMax, 'x'));

  DiscoverResponse many;
  many.registrations.assign(kRegistrationsMax + 5, Register{"a", {1}, 1});
  CHECK(round_trip(many).registrations.size() == kRegistrationsMax);
  // One that is broken is left out.
  many.registrations = {{"a", Bytes(kRecordSizeMax + 1), 1}, {"b", {}, 1}, {"c", {1}, 1}};
  CHECK(round_trip(many).registrations == std::vector{Register{"c", {1}, 1}});
  // A status of another version is a failure.
  CHECK(std::get<RegisterResponse>(value_or_throw(decode(hex("08011a020863")))).status ==
        Status::kInternalError);
}

TEST_CASE("a namespace is text") {
  CHECK(is_namespace("a"));
  CHECK(is_namespace(std::string(255, 'x')));
  CHECK(is_namespace("\u6751 \u00e9 \U0001f407"));
  CHECK_FALSE(is_namespace(""));
  CHECK_FALSE(is_namespace(std::string(256, 'x')));
  for (const std::string_view bad : {"\xff", "\xc0\x80", "\xc3", "a\x80", "\xe0\x80\x80", "\xed\xa0\x80",
                                     "\xf4\x90\x80\x80", "\xf0\x80\x80\x80", "\xe6\x9d"})
    CHECK_FALSE(is_namespace(bad));
}
