#include "warren/messaging/replay_window.hpp"

#include <doctest/doctest.h>

namespace warren {
namespace {

constexpr Instant kStart{};

Header header(std::uint8_t sender, std::uint64_t number, std::uint8_t epoch = 1) {
  Header result;
  result.sender[1] = sender;
  result.epoch[0] = epoch;
  result.seq = number;
  for (std::size_t i = 0; i < 8; ++i) result.nonce[i] = static_cast<std::uint8_t>(number >> (8 * i));
  result.nonce[15] = epoch;
  return result;
}

TEST_CASE("a sequence number counts once, up to 1,024 behind the highest") {
  SequenceWindow window;
  CHECK(window.is_fresh(5));
  window.use(5);
  CHECK_FALSE(window.is_fresh(5));
  CHECK(window.is_fresh(4));
  window.use(4);
  CHECK_FALSE(window.is_fresh(4));

  window.use(1028);
  CHECK_FALSE(window.is_fresh(4));
  CHECK_FALSE(window.is_fresh(5));
  CHECK(window.is_fresh(6));
  window.use(1029);
  CHECK_FALSE(window.is_fresh(5));  // out of the window
  CHECK(window.is_fresh(6));
  window.use(UINT64_MAX);
  CHECK_FALSE(window.is_fresh(1029));
  CHECK(window.is_fresh(UINT64_MAX - 1023));
  CHECK_FALSE(window.is_fresh(UINT64_MAX - 1024));
}

TEST_CASE("numbers that were skipped stay fresh when the window moves over a used place") {
  SequenceWindow window;
  for (std::uint64_t i = 1; i <= 1024; ++i) window.use(i);
  window.use(2000);
  CHECK(window.is_fresh(1999));
  CHECK(window.is_fresh(1025));
  CHECK_FALSE(window.is_fresh(1024));
}

TEST_CASE("the same message again is a replay, and a check remembers nothing") {
  ReplayWindow window(MessagingLimits{});
  CHECK(window.check(header(1, 1), kStart));
  CHECK(window.check(header(1, 1), kStart));
  CHECK(window.remember(header(1, 1), kStart));
  CHECK(window.check(header(1, 1), kStart).error() == Errc::kReplayed);
  CHECK(window.remember(header(1, 1), kStart).error() == Errc::kReplayed);
  CHECK(window.check(header(2, 1), kStart));  // another sender
}

TEST_CASE("a nonce alone and a sequence number alone are replays, too") {
  ReplayWindow window(MessagingLimits{});
  CHECK(window.remember(header(1, 1), kStart));
  Header other = header(1, 1);
  other.seq = 2;
  CHECK(window.check(other, kStart).error() == Errc::kReplayed);
  other = header(1, 2);
  other.seq = 1;
  CHECK(window.check(other, kStart).error() == Errc::kReplayed);
  other.epoch[0] = 9;  // the sender was started again
  CHECK(window.check(other, kStart));
}

TEST_CASE("nonces go when their time stamps are too old, sequence windows a while later") {
  MessagingLimits limits;
  ReplayWindow window(limits);
  CHECK(window.remember(header(1, 1), kStart));
  CHECK(window.check(header(1, 1), kStart + 149s).error() == Errc::kReplayed);
  CHECK(window.nonces() == 1);
  CHECK(window.check(header(1, 1), kStart + 151s).error() == Errc::kReplayed);  // its number
  CHECK(window.nonces() == 0);
}

TEST_CASE("a sender over its quota is refused, others are not") {
  MessagingLimits limits;
  limits.sender_nonces_max = 3;
  ReplayWindow window(limits);
  for (std::uint64_t i = 1; i <= 3; ++i) CHECK(window.remember(header(1, i), kStart));
  CHECK(window.check(header(1, 4), kStart).error() == Errc::kRateLimited);
  CHECK(window.check(header(2, 4), kStart));
  CHECK(window.check(header(1, 4), kStart + 151s));
}

TEST_CASE("a full cache refuses unknown senders first") {
  MessagingLimits limits;
  limits.total_nonces_max = 8;
  ReplayWindow window(limits);
  for (std::uint64_t i = 1; i <= 7; ++i) CHECK(window.remember(header(1, i), kStart));
  CHECK(window.check(header(2, 1), kStart).error() == Errc::kLimitReached);
  CHECK(window.remember(header(1, 8), kStart));
  CHECK(window.check(header(1, 9), kStart).error() == Errc::kLimitReached);
  CHECK(window.check(header(2, 1), kStart + 151s));
}

TEST_CASE("the number of senders is bounded, and idle ones make room") {
  MessagingLimits limits;
  limits.senders_max = 2;
  ReplayWindow window(limits);
  CHECK(window.remember(header(1, 1), kStart));
  CHECK(window.remember(header(2, 1), kStart + 100s));
  CHECK(window.check(header(3, 1), kStart + 100s).error() == Errc::kLimitReached);
  CHECK(window.remember(header(3, 1), kStart + 151s));
  CHECK(window.senders() == 2);
  CHECK(window.check(header(1, 2), kStart + 151s).error() == Errc::kLimitReached);
}

TEST_CASE("of many starts of one sender the latest are remembered") {
  MessagingLimits limits;
  limits.sender_epochs_max = 2;
  ReplayWindow window(limits);
  for (std::uint8_t epoch = 1; epoch <= 3; ++epoch) CHECK(window.remember(header(1, 5, epoch), kStart));
  const auto same_number = [&](std::uint8_t epoch) {
    Header result = header(1, 5, epoch);
    result.nonce[14] = 1;
    return window.check(result, kStart).has_value();
  };
  CHECK(same_number(1));  // forgotten: only the nonces protect this one
  CHECK_FALSE(same_number(2));
  CHECK_FALSE(same_number(3));
}

}  // namespace
}  // namespace warren
