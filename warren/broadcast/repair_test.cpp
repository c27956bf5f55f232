// Repair between hosts: what is lacking comes, refusals are told, and neither side can be worn out by the
// other.
#include "warren/broadcast/repair.hpp"

#include <doctest/doctest.h>

#include "warren/base/writer.hpp"
#include "warren/broadcast/gap_book.hpp"
#include "warren/broadcast/test_repair.hpp"
#include "warren/messaging/test_host.hpp"
#include "warren/storage/sqlite_broadcast_store.hpp"

using namespace warren;
using namespace std::chrono_literals;
using repair::Frame;
using repair::OriginKey;
using test::kAlice;
using test::kBob;
using test::kNow;
using test::kTopic;
using test::numbers;
using test::repair_origin;
using test::stored;
using test::text;

namespace {

struct Pair {
  Pair() { connection = network.world.run(asker.connect({server_host.peer_id(), {}})); }
  ~Pair() {
    network.world.run(asker.close());
    network.world.run(server_host.close());
  }

  void serve() {
    server.emplace(server_host, *store, limits, [](const std::string& topic) { return topic == kTopic; });
  }
  void answer_with(StreamHandler handler) {
    server_host.handle(ProtocolId(kRepairProtocol), std::move(handler));
  }
  void put_all(BroadcastOrigin origin, std::uint64_t first, std::uint64_t last, std::size_t size = 10) {
    for (std::uint64_t seq = first; seq <= last; ++seq) REQUIRE(store->put(stored(origin, seq, kNow, size)));
  }
  Result<RepairAnswer> ask(std::vector<BroadcastRange> held, const std::string& topic = kTopic) {
    return network.world.run(as_result(ask_repair(asker, connection, topic, {}, std::move(held), limits)));
  }
  Errc why(const Result<RepairAnswer>& answer) {
    REQUIRE(!answer);
    return static_cast<Errc>(answer.error().value());
  }
  // Says these bytes to the server; what comes back, or why nothing does.
  Result<Bytes> say(Bytes bytes) {
    return network.world.run(as_result(say_raw(connection, std::move(bytes))));
  }
  static Task<Bytes> say_raw(ConnectionPtr connection, Bytes bytes) {
    StreamPtr stream = co_await connection->open_stream(ProtocolId(kRepairProtocol));
    co_await stream->write(bytes);
    co_await stream->close_write();
    co_return co_await read_to_end(*stream, 10'000'000);
  }

  test::TestNetwork network;
  test::TestHost asker{network, test::peer_key(1)};
  test::TestHost server_host{network, test::peer_key(2)};
  BroadcastLimits limits;
  std::unique_ptr<BroadcastStore> store = value_or_throw(SqliteBroadcastStore::open(":memory:"));
  std::optional<RepairServer> server;
  ConnectionPtr connection;
};

Bytes framed(const Bytes& message) {
  return Writer().delimited(message).take();
}

// Answers with these bytes, again and again.
Task<void> repeat(StreamPtr stream, Bytes frame, std::uint64_t* written) {
  co_await read_delimited(*stream, 1'000'000);
  while (true) {
    co_await stream->write(frame);
    *written += frame.size();
  }
}

Task<void> answer_once(StreamPtr stream, Bytes frame) {
  co_await read_delimited(*stream, 1'000'000);
  co_await stream->write(frame);
  co_await stream->close_write();
}

Task<void> be_silent(StreamPtr stream, Clock* clock) {
  co_await clock->sleep_for(1h);
  std::ignore = stream;
}

// Opens a stream and says nothing.
Task<void> hold(ConnectionPtr connection, Clock* clock, StreamPtr* stream) {
  *stream = co_await connection->open_stream(ProtocolId(kRepairProtocol));
  const Bytes begin = {0x80};
  co_await (*stream)->write(begin);
  co_await clock->sleep_for(1s);
}

Frame frame_of(std::vector<repair::OriginRanges> known) {
  return {.status = repair::Status::kDone, .known = std::move(known), .gone = {}, .envelopes = {}};
}

}  // namespace

TEST_CASE_FIXTURE(Pair, "a subscriber is given what it lacks") {
  serve();
  put_all(kAlice, 1, 6);
  REQUIRE(store->put(test::remembered(kAlice, 7)));
  put_all(kBob, 1, 3);
  const auto answer = value_or_throw(ask({{kBob, 1, 2}, {kAlice, 2, 4}}));
  CHECK(answer.envelopes.size() == 4);
  CHECK(text(answer.known, kAlice) == "1 5-7");
  CHECK(text(answer.known, kBob) == "3");
  CHECK(text(answer.gone, kAlice) == "7");
  CHECK(!answer.more);
  const auto nothing = value_or_throw(ask({{kAlice, 1, 7}, {kBob, 1, 3}}));
  CHECK(nothing.envelopes.empty());
  CHECK(nothing.known.empty());
}

TEST_CASE_FIXTURE(Pair, "large answers come in parts") {
  limits.repair_bytes_max = 1'000'000;
  serve();
  put_all(kAlice, 1, 25, 100'000);
  std::vector<BroadcastRange> held;
  std::size_t rounds = 0;
  for (bool more = true; more; ++rounds) {
    const auto answer = value_or_throw(ask(held));
    CHECK(answer.envelopes.size() <= 10);
    held.push_back({kAlice, held.empty() ? 1 : held.back().last + 1, 0});
    held.back().last = held.back().first + answer.envelopes.size() - 1;
    more = answer.more;
  }
  CHECK(rounds == 3);
  CHECK(held.back().last == 25);
}

TEST_CASE_FIXTURE(Pair, "refusals are told") {
  CHECK(why(ask({})) == Errc::kProtocolNotSupported);
  serve();
  CHECK(why(ask({}, "other")) == Errc::kNotSubscribed);
  CHECK(ask({}));
  server.reset();
  CHECK(why(ask({})) == Errc::kProtocolNotSupported);
}

TEST_CASE_FIXTURE(Pair, "a peer is served so often, and then as its bucket fills") {
  serve();
  std::size_t served = 0;
  while (true) {
    const auto answer = ask({});
    if (!answer) {
      CHECK(why(answer) == Errc::kRateLimited);
      break;
    }
    REQUIRE(++served < 100);
  }
  CHECK(served >= 20);
  network.world.loop().advance(1s);
  CHECK(ask({}));
  // Another one is served all the while.
  test::TestHost other{network, test::peer_key(3)};
  const auto to_server = network.world.run(other.connect({server_host.peer_id(), {}}));
  while (ask({})) continue;
  CHECK(network.world.run(as_result(ask_repair(other, to_server, kTopic, {}, {}, limits))));
  network.world.run(other.close());
}

TEST_CASE_FIXTURE(Pair, "who leaves its questions open takes two seats at most, for a time") {
  serve();
  std::array<StreamPtr, 2> open;
  for (StreamPtr& stream : open) network.world.run(hold(connection, &network.world.clock(), &stream));
  CHECK(why(ask({})) == Errc::kLimitReached);
  test::TestHost other{network, test::peer_key(3)};
  const auto to_server = network.world.run(other.connect({server_host.peer_id(), {}}));
  CHECK(network.world.run(as_result(ask_repair(other, to_server, kTopic, {}, {}, limits))));
  network.world.loop().advance(limits.repair_timeout);
  CHECK(ask({}));
  network.world.run(other.close());
}

TEST_CASE_FIXTURE(Pair, "questions that are none end their stream, and nothing else") {
  serve();
  put_all(kAlice, 1, 3);
  const Bytes good = repair::encode(repair::make_request(kTopic, {}, {}, 1000));
  for (const Bytes& bad : {Bytes{0}, Bytes{5, 1}, Bytes{0xff, 0xff, 0xff, 0xff, 0x0f}, framed(Bytes(600'000)),
                           framed(Bytes(500'000, 0x22)), framed({0x0a, 0x00}), Bytes{}}) {
    CHECK(!say(bad));
  }
  CHECK(connection->is_open());
  const auto answer = say(framed(good));
  REQUIRE(answer);
  CHECK(answer->size() > 300);
}

TEST_CASE_FIXTURE(Pair, "half a million bytes of ranges are answered with a frame or two") {
  serve();
  put_all(kAlice, 1, 100);
  // Every second number of an origin that nobody knows, and of one that is known; and many origins.
  repair::Request request{.topic = kTopic, .held = {}};
  for (const OriginKey& key : {OriginKey::of(kAlice), OriginKey{}}) {
    repair::NumberRanges ranges;
    for (std::uint64_t i = 1; i <= 60'000; ++i) ranges.push_back({2 * i, 2 * i});
    request.held.push_back({key, std::move(ranges)});
  }
  for (std::uint32_t i = 0; i < 4'000; ++i) {
    OriginKey key{};
    key.node[0] = 9;
    key.epoch = {static_cast<std::uint8_t>(i >> 8), static_cast<std::uint8_t>(i)};
    request.held.push_back({key, {{1, 7}}});
  }
  std::ranges::sort(request.held, {}, &repair::OriginRanges::origin);
  const Bytes bytes = repair::encode(request);
  CHECK(bytes.size() > 400'000);
  CHECK(bytes.size() < limits.repair_request_max);
  const auto answer = say(framed(bytes));
  REQUIRE(answer);
  CHECK(answer->size() < 50 * 400);
}

TEST_CASE_FIXTURE(Pair, "an answer without end is not read to its end") {
  std::uint64_t written = 0;
  const Bytes range =
      repair::encode(Frame{.known = {{OriginKey::of(kAlice), {{1, 5}}}}, .gone = {}, .envelopes = {}});
  const Bytes envelopes = repair::encode(Frame{.known = {}, .gone = {}, .envelopes = {Bytes(60'000, 1)}});
  for (const Bytes& frame : {range, envelopes, Bytes{}, Bytes(1000, 0)}) {
    written = 0;
    answer_with([&written, &frame](ConnectionPtr, StreamPtr stream) {
      return repeat(std::move(stream), framed(frame), &written);
    });
    const auto answer = ask({});
    CHECK(!answer);
    CHECK(written <= limits.repair_bytes_max + 1'000'000);
  }
  answer_with([](ConnectionPtr, StreamPtr stream) { return answer_once(std::move(stream), Bytes(5, 0xff)); });
  CHECK(!ask({}));
}

TEST_CASE_FIXTURE(Pair, "who does not answer is waited for so long") {
  answer_with([this](ConnectionPtr, StreamPtr stream) {
    return be_silent(std::move(stream), &server_host.env().clock);
  });
  const auto begin = network.world.clock().now();
  CHECK(why(ask({})) == Errc::kTimedOut);
  CHECK(network.world.clock().now() - begin >= limits.repair_timeout);
  CHECK(network.world.clock().now() - begin < limits.repair_timeout + 1s);
}

TEST_CASE_FIXTURE(Pair, "claims are handed on only of origins that can be, and so many") {
  std::vector<repair::OriginRanges> known{{OriginKey::of(kAlice), {{1, kBroadcastSeqMax}}}};
  OriginKey nobody{};  // no point of the curve
  known.insert(known.begin(), {nobody, {{1, 2}}});
  Frame frame = frame_of(known);
  answer_with([&frame](ConnectionPtr, StreamPtr stream) {
    return answer_once(std::move(stream), framed(repair::encode(frame)));
  });
  const auto answer = value_or_throw(ask({}));
  CHECK(answer.known.size() == 1);
  CHECK(text(answer.known, kAlice) == "1-9223372036854775807");

  frame.known.clear();
  for (std::uint32_t i = 0; i < 3'000; ++i) {
    OriginKey key = OriginKey::of(kBob);
    key.epoch = {static_cast<std::uint8_t>(i >> 8), static_cast<std::uint8_t>(i)};
    frame.known.push_back({key, {{1, 1}}});
  }
  CHECK(value_or_throw(ask({})).known.size() == 1024);
}
