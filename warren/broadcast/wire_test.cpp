// One broadcast, byte by byte, as docs/wire.md has it: with the keys and times of the other vectors.
#include <doctest/doctest.h>

#include "warren/broadcast/topic_rules.hpp"
#include "warren/messaging/test_keys.hpp"

namespace warren {
namespace {

constexpr std::string_view kVector =
    "0a60080112210309f9df311e5421a150dd7d161e4bc5c672179fad1833fc076bb08ff356f3502022096d61696e7c6e65"
    "77732880d0eab6b7333210000102030405060708090a0b0c0d0e0f3a08f0f1f2f3f4f5f6f7400748cda60160047080dd"
    "db01120568656c6c6f1a400b3c1458265c5975c2c2844e888531597122972b89c8c97b0cb4d6abfa6c187d77d5a2d503"
    "ebaeed79653e4fbbc266b49bc22adea1695ffa29029cce27d6b47b";
constexpr std::string_view kId = "a0f1e64e36aec0e84f4bd7ff8566585842388a5ee409cba8244a61e7b35e21f6";

// The seventh message of its run on the topic "news" of the network "main", kept for an hour.
Header broadcast_header() {
  Header header = test::header();
  header.recipient.reset();
  header.context = make_context("main", "news");
  header.seq = 7;
  header.kind = MessageKind::kBroadcast;
  header.ttl = std::chrono::hours(1);
  return header;
}

TEST_CASE("vectors: broadcast") {
  const Bytes wire = value_or_throw(from_hex(kVector));
  const TopicRules rules(test::kNow - 1h, {});
  const auto opened = rules.open(wire, make_context("main", "news"));
  REQUIRE(opened);
  CHECK(opened->envelope.header == broadcast_header().encode());
  CHECK(opened->envelope.encode() == wire);
  CHECK(to_text(opened->envelope.body) == "hello");
  const auto id = verify_signature(opened->envelope, opened->header, test::sm2_key().public_key());
  REQUIRE(id);
  CHECK(to_hex(*id) == kId);
  CHECK(rules.check_time(opened->header, BroadcastWay::kFetched, test::kNow, test::kNow + 59min));
}

}  // namespace
}  // namespace warren
