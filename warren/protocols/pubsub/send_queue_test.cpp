// What waits for one peer: its order, its bounds, what gives way to what, and that each frame is counted
// once.
#include "warren/protocols/pubsub/send_queue.hpp"

#include <doctest/doctest.h>

#include <optional>

using namespace warren;
using namespace warren::pubsub;

namespace {

// A frame of that many bytes, all of them `mark`.
Frame frame(std::uint8_t mark, std::size_t size = 100) {
  return std::make_shared<const Bytes>(Bytes(size, mark));
}

Send send(Priority priority, std::uint8_t mark, std::size_t size = 100,
          std::shared_ptr<SendTally> tally = nullptr) {
  MessageId id = priority == Priority::kControl ? MessageId() : MessageId(1, static_cast<char>(mark));
  return {.to = {},
          .frame = frame(mark, size),
          .priority = priority,
          .message = std::move(id),
          .tally = std::move(tally)};
}

std::shared_ptr<SendTally> tally_of(std::size_t queued) {
  auto tally = std::make_shared<SendTally>();
  tally->queued = queued;
  return tally;
}

// The first bytes of the frames that leave.
std::string marks(const SendQueue::Batch& batch) {
  std::string text;
  for (const Frame& each : batch.frames()) text += static_cast<char>(each->front());
  return text;
}

std::string drain(SendQueue& queue) {
  auto batch = queue.take(1 << 30);
  batch.written();
  return marks(batch);
}

}  // namespace

TEST_CASE("control leaves before own messages and these before forwarded ones, each in their order") {
  SendQueue queue(10'000, nullptr);
  queue.push(send(Priority::kForwarded, 'f'));
  queue.push(send(Priority::kOwn, 'o'));
  queue.push(send(Priority::kControl, 'c'));
  queue.push(send(Priority::kForwarded, 'g'));
  queue.push(send(Priority::kOwn, 'p'));
  queue.push(send(Priority::kControl, 'd'));
  CHECK(queue.bytes() == 600);
  CHECK(drain(queue) == "cdopfg");
  CHECK(queue.empty());
}

TEST_CASE("a batch has what fits, but at least one frame") {
  SendQueue queue(10'000, nullptr);
  for (const char mark : {'a', 'b', 'c'}) queue.push(send(Priority::kOwn, static_cast<std::uint8_t>(mark)));
  CHECK(marks(queue.take(250)) == "ab");
  CHECK(marks(queue.take(10)) == "c");
  CHECK(queue.take(10).empty());
}

TEST_CASE("the same frame is shared, not copied") {
  SendQueue one(1000, nullptr);
  SendQueue other(1000, nullptr);
  const Frame shared = frame('x');
  one.push({.to = {}, .frame = shared});
  other.push({.to = {}, .frame = shared});
  CHECK(one.take(1000).frames().front().get() == shared.get());
  CHECK(other.take(1000).frames().front().get() == shared.get());
}

TEST_CASE("bytes are counted for their topic when they were written, and only then") {
  SendQueue queue(400, nullptr);
  const auto one = std::make_shared<std::uint64_t>(0), other = std::make_shared<std::uint64_t>(0);
  const auto push = [&](const std::shared_ptr<std::uint64_t>& topic, std::uint8_t mark) {
    Send sending = send(Priority::kForwarded, mark);
    sending.bytes_out = topic;
    queue.push(std::move(sending));
  };
  push(one, 'a');  // gives way to the last one
  push(one, 'b');
  push(other, 'c');
  push(one, 'd');
  push(one, 'e');
  CHECK(*one == 0);
  {
    auto batch = queue.take(300);
    CHECK(marks(batch) == "bcd");
    CHECK(*one + *other == 0);
    batch.written();
  }
  CHECK(*one == 200);
  CHECK(*other == 100);
  CHECK(marks(queue.take(300)) == "e");  // and is lost
  CHECK(*one == 200);
}

TEST_CASE("without room the oldest forwarded messages go first") {
  SendQueue queue(300, nullptr);
  for (const char mark : {'a', 'b', 'c', 'd'}) {
    CHECK(queue.push(send(Priority::kForwarded, static_cast<std::uint8_t>(mark))));
  }
  CHECK(queue.bytes() == 300);
  CHECK(queue.dropped() == 1);
  CHECK(queue.push(send(Priority::kOwn, 'o')));
  CHECK(drain(queue) == "ocd");
}

TEST_CASE("an own message that finds no room is dropped itself, and counted") {
  SendQueue queue(300, nullptr);
  const auto first = tally_of(3);
  for (int i = 0; i < 3; ++i) queue.push(send(Priority::kOwn, 'o', 100, first));
  const auto second = tally_of(1);
  CHECK(queue.push(send(Priority::kOwn, 'p', 100, second)));
  CHECK(second->dropped == 1);
  CHECK(second->settled());
  CHECK(first->dropped == 0);
  CHECK(drain(queue) == "ooo");
  CHECK(first->sent == 3);
}

TEST_CASE("own messages give way to control, forwarded ones before them") {
  SendQueue queue(300, nullptr);
  const auto tally = tally_of(2);
  queue.push(send(Priority::kOwn, 'o', 100, tally));
  queue.push(send(Priority::kOwn, 'p', 100, tally));
  queue.push(send(Priority::kForwarded, 'f'));
  CHECK(queue.push(send(Priority::kControl, 'c')));
  CHECK(queue.push(send(Priority::kControl, 'd')));
  CHECK(tally->dropped == 1);
  CHECK(drain(queue) == "cdo");
}

TEST_CASE("control that finds no room is told") {
  SendQueue queue(300, nullptr);
  for (int i = 0; i < 3; ++i) CHECK(queue.push(send(Priority::kControl, 'c')));
  CHECK_FALSE(queue.push(send(Priority::kControl, 'd')));
  CHECK(queue.bytes() == 300);
  SendQueue small(300, nullptr);
  CHECK_FALSE(small.push(send(Priority::kControl, 'c', 301)));
}

TEST_CASE("who has a message is spared it, and nobody else's is touched") {
  SendQueue queue(10'000, nullptr);
  const auto tally = tally_of(2);
  queue.push(send(Priority::kOwn, 'a', 100, tally));
  queue.push(send(Priority::kOwn, 'b', 100, tally));
  queue.push(send(Priority::kForwarded, 'c'));
  queue.push(send(Priority::kControl, 'd'));
  queue.withdraw({"x", "a", "c", ""});
  CHECK(tally->spared == 1);
  CHECK(queue.bytes() == 200);
  CHECK(drain(queue) == "db");
  CHECK(tally->settled());
  CHECK(queue.dropped() == 0);
}

TEST_CASE("a batch that is not written counts as dropped") {
  const auto tally = tally_of(3);
  {
    SendQueue queue(10'000, nullptr);
    queue.push(send(Priority::kOwn, 'a', 100, tally));
    queue.push(send(Priority::kOwn, 'b', 100, tally));
    queue.push(send(Priority::kOwn, 'c', 100, tally));
    auto batch = queue.take(100);
    batch = queue.take(100);  // the first one goes
    CHECK(tally->dropped == 1);
    batch.written();
    CHECK(tally->sent == 1);
  }
  CHECK(tally->dropped == 2);  // with the queue
}

TEST_CASE("all queues together are bounded, but control gets through") {
  Limit account("pubsub_queue_bytes_max", "what waits for peers", 500);
  SendQueue one(1000, &account);
  std::optional<SendQueue> other(std::in_place, 1000, &account);
  for (int i = 0; i < 4; ++i) one.push(send(Priority::kForwarded, 'f'));
  other->push(send(Priority::kForwarded, 'g'));
  CHECK(account.used() == 500);
  const auto tally = tally_of(1);
  CHECK(other->push(send(Priority::kOwn, 'o', 200, tally)));
  CHECK(tally->dropped == 1);
  CHECK(account.use().refused == 1);
  CHECK(other->push(send(Priority::kControl, 'c', 600)));
  CHECK(account.used() <= 500);
  CHECK(marks(other->take(10'000)) == "c");
  CHECK(drain(one) == "ffff");
  other.reset();
  CHECK(account.used() == 0);
}
