#include "warren/storage/sqlite_broadcast_store.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <fstream>
#include <random>
#include <set>

#include "warren/storage/broadcast_numbers.hpp"
#include "warren/storage/database.hpp"
#include "warren/storage/test_folder.hpp"
#include "warren/storage/test_names.hpp"

namespace warren {
namespace {

using std::chrono::hours;
using std::chrono::milliseconds;

BroadcastOrigin origin(std::uint8_t number = 1) {
  return {some_node(number % 2 == 0 ? 1 : 0), {number}};
}

StoredBroadcast message(std::uint64_t seq, std::size_t size = 10, WallTime expires = kNow + hours(1)) {
  StoredBroadcast result{.topic = "news", .origin = origin(), .seq = seq, .expires = expires, .envelope = {}};
  result.id[0] = static_cast<std::uint8_t>(seq);
  result.envelope.assign(size, static_cast<std::uint8_t>(seq));
  return result;
}

StoredBroadcast of(std::uint8_t number, StoredBroadcast message) {
  message.origin = origin(number);
  return message;
}

StoredBroadcast on(std::string topic, StoredBroadcast message) {
  message.topic = std::move(topic);
  return message;
}

// "2-4 7" of one origin and topic.
std::string seen(BroadcastStore& store, std::uint8_t number = 1, const std::string& topic = "news") {
  std::string all;
  for (const BroadcastRange& range : value_or_throw(store.seen(topic))) {
    if (range.origin != origin(number)) continue;
    if (!all.empty()) all += ' ';
    all += std::to_string(range.first);
    if (range.last != range.first) all += '-' + std::to_string(range.last);
  }
  return all;
}

std::vector<std::uint64_t> read(BroadcastStore& store, std::uint64_t first = 1,
                                std::uint64_t last = UINT64_MAX, std::size_t bytes_max = 1 << 20) {
  std::vector<std::uint64_t> numbers;
  for (const auto& each : value_or_throw(store.read("news", {origin(), first, last}, bytes_max))) {
    CHECK(each.topic == "news");
    CHECK(each.origin == origin());
    CHECK(each.id[0] == static_cast<std::uint8_t>(each.seq));
    numbers.push_back(each.seq);
  }
  return numbers;
}

using Numbers = std::vector<std::uint64_t>;

std::unique_ptr<SqliteBroadcastStore> in_memory(SqliteBroadcastStoreLimits limits = {}) {
  return value_or_throw(SqliteBroadcastStore::open(":memory:", limits));
}

TEST_CASE("broadcasts are read back, in order") {
  const auto store = in_memory();
  REQUIRE(store->put(message(2)));
  REQUIRE(store->put(message(1)));
  REQUIRE(store->put(message(5, 0)));  // remembered only
  REQUIRE(store->put(of(2, message(7))));
  REQUIRE(store->put(on("weather", message(9))));
  CHECK(read(*store) == Numbers{1, 2});
  CHECK(read(*store, 2, 2) == Numbers{2});
  CHECK(read(*store, 3, 1).empty());
  CHECK(read(*store, UINT64_MAX, UINT64_MAX).empty());
  CHECK(seen(*store) == "1-2 5");
  CHECK(seen(*store, 2) == "7");
  CHECK(seen(*store, 1, "weather") == "9");
  CHECK(seen(*store, 1, "nothing") == "");
  const auto one = value_or_throw(store->read("news", {origin(), 1, 1}, 100)).at(0);
  CHECK(one.envelope == Bytes(10, 1));
  CHECK(one.expires == kNow + hours(1));
  CHECK(value_or_throw(store->usage()).messages == 5);
  CHECK(value_or_throw(store->usage()).bytes == 40);
}

TEST_CASE("each number is kept once") {
  const auto store = in_memory();
  REQUIRE(store->put(message(1)));
  CHECK(store->put(message(1)).error() == Errc::kExists);
  CHECK(store->put(message(1, 0)).error() == Errc::kExists);
  REQUIRE(store->put(message(2, 0)));
  CHECK(store->put(message(2)).error() == Errc::kExists);
  CHECK(store->put(of(3, message(1))));  // the same node in another run
  CHECK(store->put(message(0)).error() == Errc::kMalformed);
  CHECK(store->put(message(UINT64_MAX)).error() == Errc::kMalformed);
  CHECK(store->put(message(INT64_MAX)));
  CHECK(value_or_throw(store->usage()).messages == 4);
  CHECK(value_or_throw(store->usage()).bytes == 30);
  CHECK(seen(*store) == "1-2 9223372036854775807");
}

TEST_CASE("what was kept can be taken back, and comes as new again") {
  const TemporaryFolder folder;
  const std::string path = folder.file("broadcasts.db");
  {
    const auto store = value_or_throw(SqliteBroadcastStore::open(path));
    for (std::uint64_t seq = 1; seq <= 3; ++seq) REQUIRE(store->put(message(seq)));
    CHECK(seen(*store) == "1-3");
    REQUIRE(store->forget("news", origin(), 2));
    CHECK(seen(*store) == "1 3");
    CHECK(read(*store) == std::vector<std::uint64_t>{1, 3});
    CHECK(store->usage()->messages == 2);
    CHECK(store->usage()->bytes == 20);
    REQUIRE(store->forget("news", origin(), 2));
    REQUIRE(store->forget("sports", origin(), 1));
    REQUIRE(store->forget("news", origin(5), 1));
    REQUIRE(store->put(message(2)));
    REQUIRE(store->forget("news", origin(), 3));
  }
  CHECK(seen(*value_or_throw(SqliteBroadcastStore::open(path))) == "1-2");
}

TEST_CASE("what is read at once is bounded, but never nothing") {
  const auto store = in_memory();
  for (std::uint64_t seq = 1; seq <= 5; ++seq) REQUIRE(store->put(message(seq, 100)));
  CHECK(read(*store, 1, 5, 300) == Numbers{1, 2, 3});
  CHECK(read(*store, 4, 5, 199) == Numbers{4});
  CHECK(read(*store, 2, 5, 0) == Numbers{2});
}

TEST_CASE("expired messages are forgotten") {
  const auto store = in_memory();
  REQUIRE(store->put(message(1, 10, kNow + hours(2))));
  REQUIRE(store->put(message(2, 10, kNow)));
  REQUIRE(store->put(message(3, 0, kNow)));
  REQUIRE(store->put(of(2, message(1, 10, kNow))));
  CHECK(seen(*store) == "1-3");
  CHECK(value_or_throw(store->expire(kNow - milliseconds(1))) == 0);
  CHECK(value_or_throw(store->expire(kNow)) == 3);
  CHECK(seen(*store) == "1");
  CHECK(seen(*store, 2) == "");
  CHECK(read(*store) == Numbers{1});
  CHECK(value_or_throw(store->usage()).messages == 1);
  CHECK(value_or_throw(store->usage()).bytes == 10);
  CHECK(store->put(message(2)));
  CHECK(store->put(of(2, message(1))));
  CHECK(seen(*store) == "1-2");
  CHECK(seen(*store, 2) == "1");
}

TEST_CASE("over the bound the envelopes that expire first go, and stay known") {
  const auto store = in_memory({.bytes_max = 100});
  REQUIRE(store->put(message(1, 50, kNow + hours(3))));
  REQUIRE(store->put(message(2, 40, kNow + hours(1))));
  REQUIRE(store->put(message(3, 30, kNow + hours(2))));
  CHECK(read(*store) == Numbers{1, 3});
  CHECK(seen(*store) == "1-3");
  CHECK(store->put(message(2, 40)).error() == Errc::kExists);
  CHECK(store->put(message(4, 101)).error() == Errc::kLimitReached);
  CHECK(read(*store) == Numbers{1, 3});
  CHECK(value_or_throw(store->usage()).bytes == 80);
  REQUIRE(store->put(message(5, 60, kNow)));  // expires before all others
  CHECK(read(*store) == Numbers{1, 3});
  CHECK(seen(*store) == "1-3 5");
}

TEST_CASE("rows are bounded, too") {
  const auto store = in_memory({.messages_max = 3});
  CHECK(seen(*store) == "");
  for (std::uint64_t seq = 1; seq <= 5; ++seq)
    REQUIRE(store->put(message(seq, seq % 2 == 0 ? 10 : 0, kNow + milliseconds(seq))));
  CHECK(seen(*store) == "3-5");
  CHECK(read(*store) == Numbers{4});
  REQUIRE(store->put(of(2, message(1, 10, kNow))));  // goes at once
  CHECK(seen(*store, 2) == "");
  CHECK(value_or_throw(store->usage()).messages == 3);
  CHECK(value_or_throw(store->usage()).bytes == 10);
}

TEST_CASE("topics are bounded; those that nothing is left of make room") {
  const auto store = in_memory({.topics_max = 2});
  const auto first = kNow - hours(1);
  CHECK(value_or_throw(store->subscribed_since("mine", first)) == first);
  CHECK(value_or_throw(store->subscribed_since("mine", kNow)) == first);
  REQUIRE(store->put(message(1, 10, kNow)));
  CHECK(store->put(on("other", message(1))).error() == Errc::kLimitReached);
  CHECK(store->subscribed_since("other", kNow).error() == Errc::kLimitReached);
  CHECK(value_or_throw(store->expire(kNow)) == 1);
  CHECK(store->put(on("other", message(1))));
  CHECK(value_or_throw(store->subscribed_since("mine", kNow)) == first);
  CHECK(value_or_throw(store->subscribed_since("other", kNow)) == kNow);
  CHECK(seen(*store, 1, "other") == "1");
}

TEST_CASE("a restart changes nothing") {
  const TemporaryFolder folder;
  {
    auto store = value_or_throw(SqliteBroadcastStore::open(folder.file("broadcasts.db")));
    REQUIRE(store->put(message(1)));
    REQUIRE(store->put(message(3)));
    REQUIRE(store->put(message(4, 0)));
    REQUIRE(store->subscribed_since("news", kNow));
  }
  auto store = value_or_throw(SqliteBroadcastStore::open(folder.file("broadcasts.db"), {.messages_max = 3}));
  CHECK(seen(*store) == "1 3-4");
  CHECK(read(*store) == Numbers{1, 3});
  CHECK(value_or_throw(store->subscribed_since("news", kNow + hours(1))) == kNow);
  CHECK(value_or_throw(store->usage()).messages == 3);
  CHECK(value_or_throw(store->usage()).bytes == 20);
  CHECK(store->put(message(3)).error() == Errc::kExists);
  REQUIRE(store->put(message(2, 10, kNow + hours(2))));  // the bounds go on from what was found
  CHECK(value_or_throw(store->usage()).messages == 3);
}

TEST_CASE("a file that is damaged is not believed") {
  const TemporaryFolder folder;
  const std::string path = folder.file("broadcasts.db");
  std::ofstream(path) << std::string(5000, 'x');
  CHECK(SqliteBroadcastStore::open(path).error() == Errc::kStorage);
}

TEST_CASE("rows that somebody edited are not believed") {
  const TemporaryFolder folder;
  const std::string path = folder.file("broadcasts.db");
  const auto edited = [&path](const std::string& sql) {
    {
      REQUIRE(value_or_throw(Database::open(path, {""})).execute(sql));
    }
    return value_or_throw(SqliteBroadcastStore::open(path));
  };
  {
    REQUIRE(value_or_throw(SqliteBroadcastStore::open(path))->put(message(1)));
  }
  CHECK(edited("UPDATE message SET id = x'00'")->read("news", {origin(), 1, 1}, 9).error() == Errc::kStorage);
  CHECK(edited("UPDATE origin SET epoch = x'00'")->seen("news").error() == Errc::kStorage);
  CHECK(edited("UPDATE origin SET node = x'02'")->seen("news").error() == Errc::kStorage);
  CHECK(edited("DELETE FROM origin")->seen("news").error() == Errc::kStorage);
  CHECK(edited("DELETE FROM origin")->put(message(2)));
}

// The ranges in memory follow every change of the file.
TEST_CASE("numbers in memory are those of the file") {
  const TemporaryFolder folder;
  const std::string path = folder.file("broadcasts.db");
  auto store = value_or_throw(SqliteBroadcastStore::open(path, {.messages_max = 40}));
  std::mt19937 random(3);
  for (int step = 0; step < 400; ++step) {
    const auto result = store->put(message(1 + random() % 80, random() % 20, kNow + milliseconds(step)));
    CHECK((result || result.error() == Errc::kExists));
    if (step % 90 == 89) REQUIRE(store->expire(kNow + milliseconds(step - 20)));
    if (step % 20 == 0) {
      const auto other = value_or_throw(SqliteBroadcastStore::open(path));
      CHECK(seen(*store) == seen(*other));
    }
  }
}

TEST_CASE("sorted ranges of numbers join and split") {
  NumberRanges numbers;
  std::set<std::uint64_t> plain;
  std::mt19937 random(5);
  for (int step = 0; step < 2000; ++step) {
    const std::uint64_t number = 1 + random() % 40;
    if (random() % 2 == 0) {
      numbers.add(number);
      plain.insert(number);
    } else {
      numbers.remove(number);
      plain.erase(number);
    }
    std::set<std::uint64_t> listed;
    std::uint64_t before = 0;
    for (const auto& [first, last] : numbers.ranges()) {
      CHECK((before == 0 || first > before + 1));
      for (std::uint64_t each = first; each <= last; ++each) listed.insert(each);
      before = last;
    }
    CHECK(listed == plain);
  }
}

}  // namespace
}  // namespace warren
