#include "warren/broadcast/topic_rules.hpp"

#include <doctest/doctest.h>

#include "warren/messaging/test_keys.hpp"

namespace warren {
namespace {

constexpr WallTime kStarted = test::kNow - 1h;
constexpr WallTime kLongAgo = test::kNow - std::chrono::days(300);
const std::string kContext = make_context("main", "news");
const std::string kTopic = "/warren/main/topic/news";

Header header(std::uint8_t key = 1) {
  Header header = test::header();
  header.sender = test::sm2_key(key).public_key().compressed();
  header.recipient.reset();
  header.context = kContext;
  header.kind = MessageKind::kBroadcast;
  return header;
}

PeerId peer(std::uint8_t number) {
  return PeerId::from_public_key(test::peer_key(number).public_key());
}

struct Judge {
  explicit Judge(BroadcastLimits of = {}) : limits(of), rules(kStarted, limits) {}
  BroadcastLimits limits;
  TopicRules rules;

  std::error_code open(const Header& header, std::string_view body = "hello") {
    const auto opened =
        rules.open(Envelope::seal(header, to_bytes(body), test::sm2_key(1)).encode(), kContext);
    return opened ? std::error_code() : opened.error();
  }
  std::error_code time(const Header& header, BroadcastWay way, WallTime since = kLongAgo) {
    const auto timely = rules.check_time(header, way, since, test::kNow);
    return timely ? std::error_code() : timely.error();
  }
};

TEST_CASE("what is no clear broadcast on this topic is refused by its form") {
  Judge with;
  CHECK_FALSE(with.open(header()));
  CHECK_FALSE(with.open(header(), ""));
  Header other = header();
  other.context = make_context("main", "newspaper");
  CHECK(with.open(other) == Errc::kWrongNetwork);
  other.context = make_context("other", "news");
  CHECK(with.open(other) == Errc::kWrongNetwork);
  other = header();
  other.suite = 1;
  CHECK(with.open(other) == Errc::kUnsupported);
  other = header();
  other.enc = {1};
  CHECK(with.open(other) == Errc::kUnsupported);
  other = header();
  other.kind = MessageKind::kMessage;
  other.recipient = test::sm2_key(2).public_key().compressed();
  CHECK(with.open(other) == Errc::kWrongProtocol);
  CHECK(with.rules.open({}, kContext).error() == Errc::kMalformed);
  CHECK(with.rules.open(Bytes(100, 0xff), kContext).error() == Errc::kMalformed);

  BroadcastLimits limits;
  limits.payload_max = 4;
  CHECK(Judge(limits).open(header()) == Errc::kTooLarge);
  CHECK_FALSE(Judge(limits).open(header(), "four"));
}

TEST_CASE("a live broadcast is of the last 120 s, at most 30 s early, and not from before our start") {
  Judge with;
  for (const auto way : {BroadcastWay::kLive, BroadcastWay::kRemembered}) {
    Header sent = header();
    CHECK_FALSE(with.time(sent, way));
    sent.timestamp = test::kNow - 120s;
    CHECK_FALSE(with.time(sent, way));
    sent.timestamp = test::kNow - 120s - 1ms;
    CHECK(with.time(sent, way) == Errc::kClockSkew);
    sent.timestamp = test::kNow + 30s;
    CHECK_FALSE(with.time(sent, way));
    sent.timestamp = test::kNow + 30s + 1ms;
    CHECK(with.time(sent, way) == Errc::kClockSkew);
  }
  TopicRules young(test::kNow - 10s, with.limits);
  Header sent = header();
  sent.timestamp = test::kNow - 11s;
  CHECK(young.check_time(sent, BroadcastWay::kLive, kLongAgo, test::kNow).error() == Errc::kBeforeStart);
  sent.timestamp = test::kNow - 10s;
  CHECK(young.check_time(sent, BroadcastWay::kLive, kLongAgo, test::kNow));
}

TEST_CASE("a stored kind may be older, where it is remembered that it came") {
  Judge with;
  Header sent = header();
  sent.ttl = std::chrono::hours(2);
  sent.timestamp = test::kNow - 90min;  // before our start
  CHECK_FALSE(with.time(sent, BroadcastWay::kRemembered));
  CHECK_FALSE(with.time(sent, BroadcastWay::kFetched));
  CHECK(with.time(sent, BroadcastWay::kLive) == Errc::kClockSkew);
  // Not older than the subscription.
  CHECK(with.time(sent, BroadcastWay::kFetched, test::kNow - 89min) == Errc::kBeforeStart);
  CHECK(with.time(sent, BroadcastWay::kRemembered, test::kNow - 89min) == Errc::kClockSkew);

  sent.timestamp = test::kNow - 2h;
  CHECK_FALSE(with.time(sent, BroadcastWay::kFetched));
  sent.timestamp -= 1ms;
  CHECK(with.time(sent, BroadcastWay::kFetched) == Errc::kRecordExpired);
  CHECK(with.time(sent, BroadcastWay::kRemembered) == Errc::kRecordExpired);
  sent.timestamp = test::kNow + 31s;
  CHECK(with.time(sent, BroadcastWay::kFetched) == Errc::kClockSkew);

  CHECK(with.time(header(), BroadcastWay::kFetched) == Errc::kUnsupported);  // a live one
  sent = header();
  sent.ttl = 1s;
  sent.timestamp = test::kNow - 2s;
  CHECK(with.time(sent, BroadcastWay::kLive) == Errc::kRecordExpired);
  BroadcastLimits limits;
  limits.ttl_max = std::chrono::hours(1);
  sent.ttl = std::chrono::hours(1) + 1ms;
  CHECK(Judge(limits).time(sent, BroadcastWay::kFetched) == Errc::kTooLarge);
}

TEST_CASE("an origin over its rate waits, and others do not") {
  BroadcastLimits limits;
  limits.origin_messages_per_second = 10;
  limits.origin_messages_burst = 20;
  Judge with(limits);
  Instant now{1h};
  const auto turn = [&](const Header& sent, BroadcastWay way = BroadcastWay::kLive) {
    return with.rules.take_turn(sent, way, peer(1), now).has_value();
  };
  for (int i = 0; i < 20; ++i) CHECK(turn(header(1)));
  CHECK_FALSE(turn(header(1)));
  CHECK(turn(header(1), BroadcastWay::kFetched));
  CHECK(turn(header(2)));
  now += 100ms;
  CHECK(turn(header(1)));
  CHECK_FALSE(turn(header(1)));
}

TEST_CASE("a forged message costs its bringer, and not who it claims to be from") {
  BroadcastLimits limits;
  limits.origin_messages_per_second = 1;
  limits.origin_messages_burst = 3;
  limits.forgeries_per_second = 1;
  limits.forgeries_burst = 5;
  Judge with(limits);
  Instant now{1h};
  for (int i = 0; i < 5; ++i) {
    CHECK(with.rules.take_turn(header(), BroadcastWay::kLive, peer(1), now));
    with.rules.note_forgery(header(), BroadcastWay::kLive, peer(1), now);
  }
  CHECK(with.rules.take_turn(header(), BroadcastWay::kLive, peer(1), now).error() == Errc::kRateLimited);
  // By way of somebody else the origin has all of its tokens.
  for (int i = 0; i < 3; ++i) CHECK(with.rules.take_turn(header(), BroadcastWay::kLive, peer(2), now));
  CHECK_FALSE(with.rules.take_turn(header(), BroadcastWay::kLive, peer(2), now));
  now += 1s;
  CHECK(with.rules.take_turn(header(2), BroadcastWay::kLive, peer(1), now));
}

TEST_CASE("a number that was given twice is told from a copy") {
  BroadcastLimits limits;
  limits.nonces_max = 2;
  Judge with(limits);
  Header first = header();
  Header other = first;
  other.nonce[0] ^= 1;
  CHECK(with.rules.is_copy(kTopic, first));  // for all that is known
  with.rules.remember(kTopic, first);
  CHECK(with.rules.is_copy(kTopic, first));
  CHECK_FALSE(with.rules.is_copy(kTopic, other));
  CHECK(with.rules.is_copy("/warren/main/topic/else", other));
  Header next = first;
  next.seq = 2;
  next.nonce[0] ^= 1;
  CHECK(with.rules.is_copy(kTopic, next));
  with.rules.remember(kTopic, next);
  CHECK_FALSE(with.rules.is_copy(kTopic, other));
  next.seq = 3;
  with.rules.remember(kTopic, next);
  CHECK(with.rules.is_copy(kTopic, other));  // the oldest was forgotten
}

TEST_CASE("only what anybody can see to be bad is a proof against its bringer") {
  for (const auto error : {Errc::kMalformed, Errc::kTruncated, Errc::kNotMinimal, Errc::kTooLarge,
                           Errc::kWrongNetwork, Errc::kWrongProtocol, Errc::kBadKey, Errc::kBadSignature}) {
    CHECK(is_provably_bad(error));
  }
  for (const auto error : {Errc::kClockSkew, Errc::kBeforeStart, Errc::kReplayed, Errc::kRateLimited,
                           Errc::kUnsupported, Errc::kRecordExpired, Errc::kExists, Errc::kNotSubscribed}) {
    CHECK_FALSE(is_provably_bad(error));
  }
}

}  // namespace
}  // namespace warren
