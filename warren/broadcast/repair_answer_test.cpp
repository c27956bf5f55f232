#include "warren/broadcast/repair_answer.hpp"

#include <doctest/doctest.h>

#include "warren/broadcast/test_repair.hpp"
#include "warren/storage/sqlite_broadcast_store.hpp"

using namespace warren;
using namespace warren::repair;
using namespace std::chrono_literals;
using test::kAlice;
using test::kBob;
using test::kNow;
using test::numbers;
using test::remembered;
using test::repair_origin;
using test::stored;
using test::text;

namespace {

struct Shelf {
  void put(const StoredBroadcast& message) { REQUIRE(store->put(message)); }
  void put_all(BroadcastOrigin origin, std::uint64_t first, std::uint64_t last, WallTime sent = kNow) {
    for (std::uint64_t seq = first; seq <= last; ++seq) put(stored(origin, seq, sent));
  }
  Answer ask(std::vector<BroadcastRange> held, WallTime since = {}, bool partial = false) {
    Request request = make_request(test::kTopic, since, held, 100'000);
    request.partial = partial;
    return value_or_throw(collect_answer(*store, request, now, limits));
  }

  std::unique_ptr<BroadcastStore> store = value_or_throw(SqliteBroadcastStore::open(":memory:"));
  BroadcastLimits limits;
  WallTime now = kNow + 1min;
};

}  // namespace

TEST_CASE_FIXTURE(Shelf, "what is lacking is given, and nothing else") {
  put_all(kAlice, 1, 10);
  put_all(kBob, 1, 3);
  const Answer answer = ask({{kAlice, 1, 4}, {kAlice, 7, 8}, {kBob, 1, 3}});
  CHECK(numbers(answer.envelopes) == "5-6 9-10");
  CHECK(text(answer.known, kAlice) == "5-6 9-10");
  CHECK(text(answer.known, kBob) == "");
  CHECK(answer.gone.empty());
  CHECK(!answer.more);
  CHECK(ask({{kAlice, 1, UINT64_MAX}, {kBob, 1, 3}}).known.empty());
  CHECK(numbers(ask({{kAlice, 1, 10}}).envelopes) == "1-3");
}

TEST_CASE_FIXTURE(Shelf, "of origins that a partial question leaves out nothing is said") {
  put_all(kAlice, 1, 4);
  put_all(kBob, 1, 3);
  const Answer answer = ask({{kAlice, 1, 2}}, {}, true);
  CHECK(numbers(answer.envelopes) == "3-4");
  CHECK(text(answer.known, kBob) == "");
}

TEST_CASE_FIXTURE(Shelf, "what is only remembered is gone") {
  put(stored(kAlice, 1));
  put(remembered(kAlice, 2));
  put(remembered(kAlice, 3));
  put(stored(kAlice, 4));
  put(remembered(kAlice, 5));
  const Answer answer = ask({});
  CHECK(numbers(answer.envelopes) == "1 4");
  CHECK(text(answer.known, kAlice) == "1-5");
  CHECK(text(answer.gone, kAlice) == "2-3 5");
}

TEST_CASE_FIXTURE(Shelf, "nothing older than the asker's subscription is spoken of") {
  for (std::uint64_t seq = 1; seq <= 100; ++seq) put(stored(kAlice, seq, kNow + std::chrono::seconds(seq)));
  now = kNow + 3min;
  for (const std::uint64_t first : {1u, 2u, 37u, 99u, 100u}) {
    const Answer answer = ask({}, kNow + std::chrono::seconds(first));
    const std::string wanted = first == 100 ? "100" : std::to_string(first) + "-100";
    CHECK(numbers(answer.envelopes) == wanted);
    CHECK(text(answer.known, kAlice) == wanted);
    CHECK(answer.gone.empty());
  }
  CHECK(ask({}, kNow + 2min).known.empty());
  // Who has an earlier one had subscribed by then.
  CHECK(numbers(ask({{kAlice, 40, 50}}, kNow + 90s).envelopes) == "51-100");
  CHECK(numbers(ask({{kAlice, 40, 50}}, kNow + 20s).envelopes) == "20-39 51-100");
}

TEST_CASE_FIXTURE(Shelf, "what is remembered alone is told when it is not too old") {
  for (std::uint64_t seq = 1; seq <= 5; ++seq) put(remembered(kAlice, seq));
  CHECK(ask({}).known.empty());                              // when it was sent nobody knows
  CHECK(text(ask({{kAlice, 2, 2}}).gone, kAlice) == "3-5");  // after something that the asker has
  put(stored(kAlice, 6));
  put(remembered(kAlice, 7));
  const Answer answer = ask({}, kNow);
  CHECK(text(answer.known, kAlice) == "6-7");
  CHECK(text(answer.gone, kAlice) == "7");
}

TEST_CASE_FIXTURE(Shelf, "what has expired is neither given nor promised") {
  put(stored(kAlice, 1, kNow, 10, 1s));
  put(stored(kAlice, 2, kNow));
  put(stored(kAlice, 3, kNow, 10, 1s));
  const Answer answer = ask({});
  CHECK(numbers(answer.envelopes) == "2");
  CHECK(text(answer.known, kAlice) == "2-3");
  CHECK(text(answer.gone, kAlice) == "3");
  now = kNow;
  CHECK(numbers(ask({}).envelopes) == "1-3");
}

TEST_CASE_FIXTURE(Shelf, "an answer is bounded in bytes, and the next one goes on") {
  for (std::uint64_t seq = 1; seq <= 10; ++seq) put(stored(kAlice, seq, kNow, 10'000));
  put(remembered(kAlice, 11));
  put_all(kBob, 1, 3);
  limits.repair_bytes_max = 35'000;
  const Answer first = ask({{kBob, 1, 3}});
  CHECK(numbers(first.envelopes) == "1-3");
  CHECK(text(first.known, kAlice) == "1-11");
  CHECK(first.gone.empty());
  CHECK(first.more);
  CHECK(numbers(ask({{kBob, 1, 3}, {kAlice, 1, 3}}).envelopes) == "4-6");
  const Answer last = ask({{kBob, 1, 3}, {kAlice, 1, 9}});
  CHECK(numbers(last.envelopes) == "10");
  CHECK(text(last.gone, kAlice) == "11");
  CHECK(!last.more);
  limits.repair_bytes_max = 5'000;  // one at least
  CHECK(numbers(ask({{kBob, 1, 3}}).envelopes) == "1");
}

TEST_CASE_FIXTURE(Shelf, "holes without end cost a bounded number of reads") {
  std::vector<BroadcastRange> held;
  for (std::uint64_t seq = 1; seq <= 6000; ++seq) {
    put(remembered(kAlice, seq));
    if (seq % 2 == 1) held.push_back({kAlice, seq, seq});
  }
  struct Counted final : BroadcastStore {
    explicit Counted(BroadcastStore& inner) : inner(inner) {}
    Result<> put(const StoredBroadcast& message) override { return inner.put(message); }
    Result<> forget(const std::string&, const BroadcastOrigin&, std::uint64_t) override { return {}; }
    Result<std::vector<StoredBroadcast>> read(const std::string& topic, const BroadcastRange& range,
                                              std::size_t bytes_max) override {
      ++reads;
      return inner.read(topic, range, bytes_max);
    }
    Result<std::vector<BroadcastRange>> seen(const std::string& topic) override { return inner.seen(topic); }
    Result<WallTime> subscribed_since(const std::string&, WallTime now) override { return now; }
    Result<std::size_t> expire(WallTime) override { return 0; }
    Result<BroadcastUsage> usage() override { return inner.usage(); }
    BroadcastStore& inner;
    std::size_t reads = 0;
  } counted(*store);
  Request request = make_request(test::kTopic, {}, held, 512 * 1024);
  const Answer answer = value_or_throw(collect_answer(counted, request, now, limits));
  CHECK(counted.reads == kReadsMax);
  CHECK(answer.more);
  CHECK(answer.gone.at(0).ranges.size() == kReadsMax);
  CHECK(answer.known.at(0).ranges.size() == 3000);
}

TEST_CASE_FIXTURE(Shelf, "an answer goes into frames") {
  for (std::uint64_t seq = 1; seq <= 10; ++seq) put(stored(kAlice, seq, kNow, 20'000));
  put(stored(kAlice, 11, kNow, 500'000));
  put_all(kBob, 1, 3);
  Answer answer = ask({});
  const Answer whole = answer;
  Frame all;
  std::size_t count = 0;
  const auto frames = to_frames(std::move(answer));
  for (const Bytes& encoded : frames) {
    CHECK(encoded.size() <= frame_size_max(limits));
    Frame frame = value_or_throw(decode_frame(encoded));
    CHECK((frame.status == Status::kDone) == (++count == frames.size()));
    for (auto& each : frame.known) all.known.push_back(each);
    for (auto& each : frame.envelopes) all.envelopes.push_back(each);
  }
  CHECK(count >= 5);
  CHECK(all.known == whole.known);
  CHECK(all.envelopes == whole.envelopes);
  CHECK(to_frames({}).size() == 1);
}
