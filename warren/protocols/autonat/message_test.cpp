// The messages of AutoNAT v1 and v2: vectors of go-libp2p's encoding, bounds, what is no message.
#include <doctest/doctest.h>

#include "warren/core/test_values.hpp"
#include "warren/protocols/autonat/v1_message.hpp"
#include "warren/protocols/autonat/v2_message.hpp"

using namespace warren;
using namespace warren::autonat;
using namespace warren::testing;

namespace {

// Of the outer message, so that a test can show the inner one.
std::string wrapped(const v2::Message& message) {
  return to_hex(v2::encode(message));
}

}  // namespace

TEST_CASE("v2: each message has the bytes of the specification's protobuf") {
  const Bytes tcp = hex("0401020304060fa1");  // /ip4/1.2.3.4/tcp/4001
  CHECK(wrapped(v2::DialRequest{{tcp}, 0x0102030405060708}) ==
        "0a13"
        "0a080401020304060fa1"
        "110807060504030201");
  CHECK(wrapped(v2::DialResponse{v2::ResponseStatus::kOk, 3, v2::DialStatus::kDialError}) ==
        "1207"
        "08c801"
        "1003"
        "1864");
  CHECK(wrapped(v2::DialResponse{}) == "1200");
  CHECK(wrapped(v2::DialDataRequest{1, 30'000}) ==
        "1a06"
        "0801"
        "10b0ea01");
  CHECK(wrapped(v2::DialDataResponse{hex("aabb")}) ==
        "2204"
        "0a02aabb");
  CHECK(to_hex(v2::encode_dial_back(0x0102030405060708)) == "090807060504030201");
  CHECK(v2::encode_dial_back_response().empty());
  CHECK(v2::encode(v2::DialDataResponse{Bytes(v2::kDataChunkMax)}).size() == v2::kDataChunkMax + 6);
}

TEST_CASE("v2: what was encoded is read again") {
  const std::vector<v2::Message> messages = {
      v2::DialRequest{{hex("0401020304060fa1"), {}, hex("ff")}, ~std::uint64_t{0}},
      v2::DialRequest{},
      v2::DialResponse{v2::ResponseStatus::kRequestRejected, 0, v2::DialStatus::kUnused},
      v2::DialResponse{static_cast<v2::ResponseStatus>(777), 0, static_cast<v2::DialStatus>(888)},
      v2::DialDataRequest{0xffffffff, ~std::uint64_t{0}},
      v2::DialDataResponse{Bytes(4096, 7)},
  };
  for (const auto& message : messages) CHECK(value_or_throw(v2::decode(v2::encode(message))) == message);
  for (const std::uint64_t nonce : {std::uint64_t{0}, std::uint64_t{1}, ~std::uint64_t{0}})
    CHECK(value_or_throw(v2::decode_dial_back(v2::encode_dial_back(nonce))) == nonce);
}

TEST_CASE("v2: what other encoders may write") {
  // Padded tags and lengths, fields in another order, unknown ones before and behind the nonce.
  const auto request =
      v2::decode(hex("0a"
                     "18"
                     "9180001122334455667788"
                     "0a8100ff"
                     "2801"
                     "35aabbccdd"
                     "3a00"));
  REQUIRE(request);
  CHECK(std::get<v2::DialRequest>(*request) == v2::DialRequest{{hex("ff")}, 0x8877665544332211});
  // Of a oneof the last one counts.
  CHECK(value_or_throw(v2::decode(hex("12001a0410b0ea01"))) == v2::Message(v2::DialDataRequest{0, 30'000}));
  // Of a number that comes twice, too.
  CHECK(value_or_throw(v2::decode_dial_back(hex("090100000000000000"
                                                "090200000000000000"))) == 2);
  // A nonce of another type is none.
  CHECK(value_or_throw(v2::decode_dial_back(hex("0805"))) == 0);
}

TEST_CASE("v2: what is no message") {
  for (const std::string_view text :
       {"", "2a00", "0800", "0a", "0a05", "0a0208", "12021001ff", "0a020801", "1a0208", "220108", "ffff",
        "0a09"
        "11"
        "00000000000000"}) {
    CAPTURE(text);
    CHECK_FALSE(v2::decode(hex(text)));
  }
  for (const std::string_view text : {"09", "0901", "ff", "0b"}) CHECK_FALSE(v2::decode_dial_back(hex(text)));
}

TEST_CASE("v2: more addresses than are looked at are dropped") {
  v2::DialRequest request;
  request.addresses.assign(v2::kAddressesMax + 10, hex("0401020304060fa1"));
  const auto read = value_or_throw(v2::decode(v2::encode(request)));
  CHECK(std::get<v2::DialRequest>(read).addresses.size() == v2::kAddressesMax);
}

TEST_CASE("v1: each message has the bytes of the specification's protobuf") {
  const v1::Dial dial{hex("00010203"), {hex("0401020304060fa1")}};
  CHECK(to_hex(v1::encode(dial)) ==
        "0800"
        "1212"
        "0a10"
        "0a0400010203"
        "12080401020304060fa1");
  const v1::DialResponse response{v1::Status::kDialRefused, "no", {}};
  CHECK(to_hex(v1::encode(response)) ==
        "0801"
        "1a06"
        "0865"
        "12026e6f");
  const v1::DialResponse ok{v1::Status::kOk, "", hex("0401020304060fa1")};
  CHECK(to_hex(v1::encode(ok)) ==
        "0801"
        "1a0c"
        "0800"
        "1a080401020304060fa1");
  for (const v1::Message& message : std::vector<v1::Message>{dial, response, ok, v1::Dial{}})
    CHECK(value_or_throw(v1::decode(v1::encode(message))) == message);
}

TEST_CASE("v1: what is not understood") {
  for (const std::string_view text : {"", "0800", "0801", "08011200", "08001a00",
                                      "0802"
                                      "1200",
                                      "0800120108",
                                      "0800"
                                      "1202"
                                      "0a05",
                                      "0a00"}) {
    CAPTURE(text);
    CHECK_FALSE(v1::decode(hex(text)));
  }
  // A status of another version is a failure; a text is made fit to be shown.
  const auto odd =
      v1::decode(hex("0801"
                     "1a0a"
                     "08e707"
                     "12051b41c28042"));
  REQUIRE(odd);
  CHECK(std::get<v1::DialResponse>(*odd) == v1::DialResponse{v1::Status::kInternalError, "AB", {}});
  v1::Dial many;
  many.addresses.assign(v1::kAddressesMax + 1, hex("ff"));
  CHECK(std::get<v1::Dial>(value_or_throw(v1::decode(v1::encode(many)))).addresses.size() ==
        v1::kAddressesMax);
}
