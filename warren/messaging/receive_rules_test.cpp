#include "warren/messaging/receive_rules.hpp"

#include <doctest/doctest.h>

#include "warren/messaging/test_keys.hpp"

namespace warren {
namespace {

constexpr ReceiveRules::Purpose kMessages{"/warren/message/1.0.0", MessageKind::kMessage};

// The receiver is the node of key 1 and started an hour before kNow.
struct Receiver {
  explicit Receiver(MessagingLimits limits = {}, WallTime started = test::kNow - std::chrono::hours(1))
      : rules(NodeId(test::sm2_key(1).public_key()), "main", started, limits) {}

  std::error_code refusal(const Header& header, WallTime now = test::kNow,
                          ReceiveRules::Purpose purpose = kMessages) {
    const auto checked = rules.check(header, purpose, peer, {now, Instant{} + (now - test::kNow + 24h)});
    return checked ? std::error_code() : checked.error();
  }

  ReceiveRules rules;
  PeerId peer = PeerId::from_public_key(test::peer_key().public_key());
};

TEST_CASE("a good header passes") {
  CHECK(Receiver().refusal(test::header()) == std::error_code());
}

TEST_CASE("each field that is wrong has its own reason") {
  Receiver receiver;
  Header header = test::header();
  header.context = make_context("other", kMessages.protocol);
  CHECK(receiver.refusal(header) == Errc::kWrongNetwork);
  header.context = make_context("main", "/warren/request/1.0.0");
  CHECK(receiver.refusal(header) == Errc::kWrongProtocol);
  header.context = "a topic";
  CHECK(receiver.refusal(header) == Errc::kWrongProtocol);

  header = test::header();
  header.kind = MessageKind::kRequest;
  CHECK(receiver.refusal(header) == Errc::kWrongProtocol);

  header = test::header();
  header.recipient = test::sm2_key(2).public_key().compressed();
  CHECK(receiver.refusal(header) == Errc::kWrongRecipient);
  header.recipient.reset();
  CHECK(receiver.refusal(header) == Errc::kWrongRecipient);
  header.recipient = header.sender;  // our own, reflected
  CHECK(receiver.refusal(header) == Errc::kWrongRecipient);

  header = test::header();
  header.suite = 1;
  CHECK(receiver.refusal(header) == Errc::kUnsupported);
  header = test::header();
  header.enc = {1};
  CHECK(receiver.refusal(header) == Errc::kUnsupported);
  header = test::header();
  header.ttl = 1ms;
  CHECK(receiver.refusal(header) == Errc::kUnsupported);
}

TEST_CASE("the time window is two minutes back and half a minute ahead") {
  Receiver receiver;
  const Header header = test::header();
  CHECK(receiver.refusal(header, test::kNow + 120s) == std::error_code());
  CHECK(receiver.refusal(header, test::kNow + 120s + 1ms) == Errc::kClockSkew);
  CHECK(receiver.refusal(header, test::kNow - 30s) == std::error_code());
  CHECK(receiver.refusal(header, test::kNow - 30s - 1ms) == Errc::kClockSkew);
  CHECK(receiver.refusal(header, test::kNow + 5min) == Errc::kClockSkew);
  CHECK(receiver.refusal(header, test::kNow - 5min) == Errc::kClockSkew);
}

TEST_CASE("nothing from before the start is taken") {
  Receiver receiver(MessagingLimits{}, test::kNow + 1ms);
  CHECK(receiver.refusal(test::header(), test::kNow + 2ms) == Errc::kBeforeStart);
  Receiver started_then(MessagingLimits{}, test::kNow);
  CHECK(started_then.refusal(test::header(), test::kNow + 2ms) == std::error_code());
}

TEST_CASE("a replay is refused, and costs its peer no token") {
  MessagingLimits limits;
  limits.messages_burst = 2;
  limits.messages_per_second = 0.001;
  Receiver receiver(limits);
  CHECK(receiver.refusal(test::header()) == std::error_code());
  CHECK(receiver.rules.remember(test::header(), Instant{} + 24h));
  for (int i = 0; i < 5; ++i) CHECK(receiver.refusal(test::header()) == Errc::kReplayed);
  Header next = test::header();
  next.nonce[0] = 99;
  next.seq = 2;
  CHECK(receiver.refusal(next) == std::error_code());
  CHECK(receiver.refusal(next) == Errc::kRateLimited);
  receiver.peer = PeerId::from_public_key(test::peer_key(2).public_key());
  CHECK(receiver.refusal(next) == std::error_code());
}

TEST_CASE("the sender is the node of the connection") {
  CHECK(ReceiveRules::check_sender(test::header(), NodeId(test::sm2_key().public_key())));
  CHECK(ReceiveRules::check_sender(test::header(), NodeId(test::sm2_key(2).public_key())).error() ==
        Errc::kNotBound);
}

}  // namespace
}  // namespace warren
