#include "warren/protocols/stun/message.hpp"

#include <doctest/doctest.h>

#include <algorithm>

#include "warren/core/test_values.hpp"
#include "warren/protocols/stun/test_town.hpp"

using namespace warren;
using namespace warren::stun;
using namespace warren::stun::test;
using namespace warren::testing;

namespace {

// RFC 5769, sections 2.1 to 2.3.
constexpr std::string_view kSampleRequest =
    "000100582112a442b7e7a701bc34d686fa87dfae"
    "802200105354554e207465737420636c69656e74"
    "002400046e0001ff"
    "80290008932ff9b151263b36"
    "000600096576746a3a68367659202020"
    "000800149aeaa70cbfd8cb56781ef2b5b2d3f249c1b571a2"
    "80280004e57a3bcf";
constexpr std::string_view kSampleIp4Response =
    "0101003c2112a442b7e7a701bc34d686fa87dfae"
    "8022000b7465737420766563746f7220"
    "002000080001a147e112a643"
    "000800142b91f599fd9e90c38c7489f92af9ba53f06be7d7"
    "80280004c07d4c96";
constexpr std::string_view kSampleIp6Response =
    "010100482112a442b7e7a701bc34d686fa87dfae"
    "8022000b7465737420766563746f7220"
    "002000140002a1470113a9faa5d3f179bc25f4b5bed2b9d9"
    "00080014a382954e4be67bf11784c97c8292c275bfe3ed41"
    "80280004c8fb0b4c";

Endpoint at(std::string_view address, std::uint16_t port) {
  return {value_or_throw(IpAddress::parse(address)), port};
}
std::error_code error_of(std::string_view text) {
  const auto message = decode(hex(text));
  return message ? std::error_code() : message.error();
}

}  // namespace

TEST_CASE("the samples of RFC 5769 are understood") {
  const auto request = decode(hex(kSampleRequest));
  REQUIRE(request);
  CHECK(request->kind == Class::kRequest);
  CHECK(to_hex(request->id) == "b7e7a701bc34d686fa87dfae");
  CHECK(request->software == "STUN test client");
  CHECK(request->fingerprint);
  CHECK(request->not_understood == std::vector<std::uint16_t>{0x0024});  // PRIORITY is of ICE

  const auto ip4 = decode(hex(kSampleIp4Response));
  REQUIRE(ip4);
  CHECK(ip4->kind == Class::kSuccess);
  CHECK(ip4->software == "test vector");
  CHECK(ip4->seen() == at("192.0.2.1", 32853));
  CHECK(ip4->fingerprint);
  CHECK(ip4->not_understood.empty());

  const auto ip6 = decode(hex(kSampleIp6Response));
  REQUIRE(ip6);
  CHECK(ip6->seen() == at("2001:db8:1234:5678:11:2233:4455:6677", 32853));
  CHECK(ip6->fingerprint);
}

TEST_CASE("a fingerprint stands for every byte before it") {
  const Bytes whole = hex(kSampleIp4Response);
  for (std::size_t i = kHeaderSize; i + 8 < whole.size(); ++i) {
    Bytes bent = whole;
    bent[i] ^= 0x01;
    CAPTURE(i);
    CHECK_FALSE(decode(bent));
  }
  CHECK(error_of("0001000c2112a442b7e7a701bc34d686fa87dfae8028000400000000") == Errc::kMalformed);
  // Nothing follows it.
  Bytes longer = whole;
  append(longer, hex("80220000"));
  longer[3] += 4;
  CHECK_FALSE(decode(longer));
}

TEST_CASE("what is encoded is decoded to the same") {
  Message message{.kind = Class::kSuccess, .id = {1, 2, 3}, .software = "warren"};
  SUBCASE("a bare request is its header") {
    message = {.kind = Class::kRequest, .id = {}, .software = {}};
    std::ranges::copy(hex("b7e7a701bc34d686fa87dfae"), message.id.begin());
    CHECK(to_hex(encode(message)) == kBareRequest);
  }
  SUBCASE("addresses of both families") {
    message.xor_mapped = at("2001:db8::1", 443);
    message.mapped = at("192.0.2.1", 65535);
    message.origin = at("198.51.100.7", 3478);
    message.other = at("198.51.100.8", 3479);
    message.fingerprint = true;
  }
  SUBCASE("a question for an answer from elsewhere") {
    message.kind = Class::kRequest;
    message.change = ChangeRequest{.address = true, .port = false};
    CHECK(to_hex(encode(message)).ends_with("0003000400000004"));
  }
  SUBCASE("an error") {
    message.kind = Class::kError;
    message.error = ErrorCode{420, "what is that"};
    message.unknown_attributes = {0x0003, 0x7fff, 0x0024};
  }
  SUBCASE("an indication") {
    message.kind = Class::kIndication;
    CHECK(to_hex(encode(message)).starts_with("0011"));
  }
  const Bytes bytes = encode(message);
  CHECK(bytes.size() % 4 == 0);
  const auto again = decode(bytes);
  REQUIRE(again);
  CHECK(*again == message);
}

TEST_CASE("what is no STUN message is refused") {
  CHECK(error_of("") == Errc::kTruncated);
  CHECK(error_of("000100002112a442b7e7a701bc34d686fa87df") == Errc::kTruncated);
  // Sizes that are not those of the datagram, or no multiple of four.
  CHECK(error_of("000100042112a442b7e7a701bc34d686fa87dfae") == Errc::kMalformed);
  CHECK(error_of("0001ffff2112a442b7e7a701bc34d686fa87dfae") == Errc::kMalformed);
  CHECK(error_of("000100022112a442b7e7a701bc34d686fa87dfae0000") == Errc::kMalformed);
  CHECK(error_of("000100002112a442b7e7a701bc34d686fa87dfae00000000") == Errc::kMalformed);
  // QUIC's first bits; another cookie, as of RFC 3489; another method (Allocate).
  CHECK(error_of("400100002112a442b7e7a701bc34d686fa87dfae") == Errc::kMalformed);
  CHECK(error_of("0001000000000000b7e7a701bc34d686fa87dfae") == Errc::kUnsupported);
  CHECK(error_of("000300002112a442b7e7a701bc34d686fa87dfae") == Errc::kUnsupported);
  // An attribute that claims more than there is.
  CHECK(error_of("000100042112a442b7e7a701bc34d686fa87dfae8022ffff") == Errc::kTruncated);
  CHECK(error_of("000100082112a442b7e7a701bc34d686fa87dfae8022000541424344") == Errc::kTruncated);
  // Addresses of no family, and of a size that is not their family's.
  CHECK(error_of("0101000c2112a442b7e7a701bc34d686fa87dfae002000080003a147e112a643") == Errc::kMalformed);
  CHECK(error_of("0101000c2112a442b7e7a701bc34d686fa87dfae002000080002a147e112a643") == Errc::kMalformed);
  CHECK(error_of("010100082112a442b7e7a701bc34d686fa87dfae002000040001a147") == Errc::kMalformed);
  CHECK(error_of("010100042112a442b7e7a701bc34d686fa87dfae00200000") == Errc::kMalformed);
  // Changes and errors that are none.
  CHECK(error_of("000100042112a442b7e7a701bc34d686fa87dfae00030000") == Errc::kMalformed);
  CHECK(error_of("011100082112a442b7e7a701bc34d686fa87dfae0009000400000763") == Errc::kMalformed);
  CHECK(decode(Bytes(kMessageSizeMax + 1)).error() == Errc::kTooLarge);
}

TEST_CASE("of two equal attributes the first counts, and what follows a signature counts not at all") {
  const auto twice =
      decode(hex("010100182112a442b7e7a701bc34d686fa87dfae"
                 "002000080001a147e112a643"
                 "0020000800010000e112a643"));
  REQUIRE(twice);
  CHECK(twice->seen() == at("192.0.2.1", 32853));
  const auto behind =
      decode(hex("010100242112a442b7e7a701bc34d686fa87dfae"
                 "000800142b91f599fd9e90c38c7489f92af9ba53f06be7d7"
                 "002000080001a147e112a643"));
  REQUIRE(behind);
  CHECK_FALSE(behind->seen());
}

TEST_CASE("texts of others are fit to be shown, and lists are short") {
  Message message{.kind = Class::kSuccess,
                  .id = {},
                  .software =
                      "a\x1b[2Jb\xff"
                      "c"};
  CHECK(decode(encode(message))->software == "a[2Jbc");
  message = {.kind = Class::kError, .id = {}, .software = {}};
  message.unknown_attributes.assign(200, 1);
  CHECK(decode(encode(message))->unknown_attributes.size() == kUnknownAttributesMax);
}
