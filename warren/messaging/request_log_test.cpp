#include "warren/messaging/request_log.hpp"

#include <doctest/doctest.h>

namespace warren {
namespace {

using Decision = RequestLog::Decision;

constexpr WallTime kStarted{std::chrono::milliseconds(1'700'000'000'000)};

// `after` the receiver's start, by both clocks.
RequestLog::Moment moment(std::chrono::milliseconds after) {
  return {kStarted + after, Instant{} + after};
}

RequestId request_id(std::uint32_t number) {
  RequestId id{};
  for (std::size_t i = 0; i < 4; ++i) id[i] = static_cast<std::uint8_t>(number >> (8 * i));
  return id;
}

NodeKey sender(std::uint8_t number) {
  NodeKey key{};
  key[5] = number;
  return key;
}

RequestLog::Attempt first(std::uint32_t number, std::chrono::milliseconds after, std::uint8_t from = 1) {
  return {sender(from), request_id(number), kStarted + after, kStarted + after};
}

RequestLog::Attempt retry(std::uint32_t number, std::chrono::milliseconds first_after,
                          std::chrono::milliseconds after, std::uint8_t from = 1) {
  return {sender(from), request_id(number), kStarted + after, kStarted + first_after};
}

AnswerPtr answer(std::size_t size = 1) {
  return std::make_shared<const ResponseBody>(ResponseBody{.payload = Bytes(size, 7)});
}

TEST_CASE("a retry waits for the running request, and then gets its answer") {
  RequestLog log(kStarted, MessagingLimits{});
  CHECK(log.begin(first(1, 60s), moment(60s)) == Decision::kRun);
  CHECK(log.begin(retry(1, 60s, 61s), moment(61s)) == Decision::kWait);
  CHECK(log.answer(sender(1), request_id(1)) == nullptr);
  const AnswerPtr given = answer();
  log.finish(sender(1), request_id(1), given, moment(62s).instant);
  CHECK(log.begin(retry(1, 60s, 63s), moment(63s)) == Decision::kAnswer);
  CHECK(log.answer(sender(1), request_id(1)) == given);
  CHECK(log.begin(first(1, 64s, 2), moment(64s)) == Decision::kRun);  // another sender's
  CHECK(log.begin(first(2, 64s), moment(64s)) == Decision::kRun);
}

TEST_CASE("an answer is kept for ten minutes; a later retry does not run again") {
  RequestLog log(kStarted, MessagingLimits{});
  CHECK(log.begin(first(1, 60s), moment(60s)) == Decision::kRun);
  log.finish(sender(1), request_id(1), answer(), moment(60s).instant);
  CHECK(log.begin(retry(1, 60s, 659s), moment(659s)) == Decision::kAnswer);
  CHECK(log.begin(retry(1, 60s, 661s), moment(661s)) == Decision::kUnknown);
  CHECK(log.answers() == 0);
  CHECK(log.bytes() == 0);
  // Never seen, but old enough to have been forgotten.
  CHECK(log.begin(retry(2, 60s, 661s), moment(661s)) == Decision::kUnknown);
  CHECK(log.begin(retry(3, 660s, 661s), moment(661s)) == Decision::kRun);
}

TEST_CASE("a retry of what may have run before the start does not run; a first attempt does") {
  RequestLog log(kStarted, MessagingLimits{});
  CHECK(log.begin(retry(1, -5s, 1s), moment(1s)) == Decision::kUnknown);
  // The requester's clock may be 30 s ahead: it was sent 5 s after our start by its clock, before it by ours.
  CHECK(log.begin(retry(2, 5s, 6s), moment(6s)) == Decision::kUnknown);
  CHECK(log.begin(first(3, 5s), moment(6s)) == Decision::kRun);
  CHECK(log.begin(retry(4, 31s, 32s), moment(32s)) == Decision::kRun);
}

TEST_CASE("a retry that overtakes the first attempt runs, and the first attempt waits for it") {
  RequestLog log(kStarted, MessagingLimits{});
  CHECK(log.begin(retry(1, 60s, 61s), moment(61s)) == Decision::kRun);
  CHECK(log.begin(first(1, 60s), moment(62s)) == Decision::kWait);
}

TEST_CASE("what did not run may run") {
  RequestLog log(kStarted, MessagingLimits{});
  CHECK(log.begin(first(1, 60s), moment(60s)) == Decision::kRun);
  log.abandon(sender(1), request_id(1));
  CHECK(log.begin(retry(1, 60s, 61s), moment(61s)) == Decision::kRun);
}

TEST_CASE("answers that had to go leave retries unknown, for their sender only") {
  MessagingLimits limits;
  limits.sender_answers_max = 2;
  RequestLog log(kStarted, limits);
  for (std::uint32_t i = 1; i <= 3; ++i) {
    CHECK(log.begin(first(i, 60s + i * 1s), moment(60s + i * 1s)) == Decision::kRun);
    log.finish(sender(1), request_id(i), answer(), moment(60s + i * 1s).instant);
  }
  CHECK(log.answers() == 2);
  CHECK(log.begin(retry(1, 61s, 70s), moment(70s)) == Decision::kUnknown);
  CHECK(log.begin(retry(2, 62s, 70s), moment(70s)) == Decision::kAnswer);
  // Never seen, and first sent before one that is forgotten: nobody knows.
  CHECK(log.begin(retry(9, 60s, 70s), moment(70s)) == Decision::kUnknown);
  CHECK(log.begin(retry(9, 60s, 70s, 2), moment(70s)) == Decision::kRun);
  CHECK(log.begin(first(8, 60s), moment(70s)) == Decision::kRun);
}

TEST_CASE("the bytes of answers are bounded for each sender and for all; the largest holder pays") {
  MessagingLimits limits;
  limits.sender_answer_bytes_max = 40'000;
  limits.total_answer_bytes_max = 60'000;
  RequestLog log(kStarted, limits);
  const auto run = [&](std::uint32_t number, std::uint8_t from, std::size_t size) {
    CHECK(log.begin(first(number, 60s, from), moment(60s)) == Decision::kRun);
    log.finish(sender(from), request_id(number), answer(size), moment(60s).instant);
  };
  run(1, 1, 15'000);
  run(2, 1, 15'000);
  run(3, 1, 15'000);
  CHECK(log.answer(sender(1), request_id(1)) == nullptr);
  CHECK(log.answer(sender(1), request_id(2)) != nullptr);
  run(4, 2, 12'000);
  run(5, 3, 20'000);
  CHECK(log.bytes() <= limits.total_answer_bytes_max);
  CHECK(log.answer(sender(1), request_id(2)) == nullptr);
  CHECK(log.answer(sender(2), request_id(4)) != nullptr);
  CHECK(log.answer(sender(3), request_id(5)) != nullptr);
  run(6, 4, 50'000);  // too large to be kept at all
  CHECK(log.answer(sender(4), request_id(6)) == nullptr);
  CHECK(log.begin(retry(6, 60s, 61s, 4), moment(61s)) == Decision::kUnknown);
}

TEST_CASE("a request that was first sent after it was sent is nonsense") {
  RequestLog log(kStarted, MessagingLimits{});
  CHECK(log.begin(retry(1, 70s, 60s), moment(60s)) == Decision::kUnknown);
}

TEST_CASE("senders are bounded") {
  MessagingLimits limits;
  limits.total_answers_max = 2;
  RequestLog log(kStarted, limits);
  CHECK(log.begin(first(1, 60s, 1), moment(60s)) == Decision::kRun);
  CHECK(log.begin(first(1, 60s, 2), moment(60s)) == Decision::kRun);
  CHECK(log.begin(first(1, 60s, 3), moment(60s)) == Decision::kBusy);
  log.finish(sender(1), request_id(1), answer(), moment(60s).instant);
  CHECK(log.begin(first(1, 1300s, 3), moment(1300s)) == Decision::kRun);
}

}  // namespace
}  // namespace warren
