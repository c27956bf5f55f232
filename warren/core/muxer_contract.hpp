// What every MuxedConnection must do, as tests (doctest), whatever multiplexes it. Its streams are tested by
// warren/sim/stream_contract.hpp besides.
#pragma once

#include <doctest/doctest.h>

#include <functional>
#include <memory>
#include <utility>

#include "warren/async/as_result.hpp"
#include "warren/async/task_group.hpp"
#include "warren/core/muxer.hpp"
#include "warren/env/clock.hpp"

namespace warren {

using MuxedPair = std::pair<std::unique_ptr<MuxedConnection>, std::unique_ptr<MuxedConnection>>;

struct MuxerContract {
  Executor executor;
  Clock& clock;
  // Runs a task to its end on that executor's loop; throws what it throws.
  std::function<void(Task<void>)> run;
  // Two connected ends, started, the initiator's first. Called once in each test.
  std::function<Task<MuxedPair>()> connect;
};

namespace muxer_tests {

inline Task<void> send_text(ByteStream& stream, std::string text) {
  co_await stream.write(as_bytes(text));
  co_await stream.close_write();
}

inline Task<std::string> receive_text(ByteStream& stream) {
  const Bytes bytes = co_await read_to_end(stream, 1'000'000);
  co_return to_text(bytes);
}

// Opens a stream at one end, takes it at the other, and lets both speak.
inline Task<void> converse(MuxedConnection& opener, MuxedConnection& acceptor) {
  const StreamPtr ours = co_await opener.open_stream();
  co_await send_text(*ours, "question");
  const StreamPtr theirs = co_await acceptor.accept_stream();
  const std::string question = co_await receive_text(*theirs);
  CHECK(question == "question");
  co_await send_text(*theirs, "answer");
  const std::string answer = co_await receive_text(*ours);
  CHECK(answer == "answer");
}

inline Task<void> both_ways(const MuxerContract&, MuxedConnection& a, MuxedConnection& b) {
  for (int i = 0; i < 3; ++i) {
    co_await converse(a, b);
    co_await converse(b, a);
  }
}

inline Task<void> counted(const MuxerContract& contract, MuxedConnection& a, MuxedConnection& b) {
  CHECK(a.stream_count() == 0);
  StreamPtr ours = co_await a.open_stream();
  co_await ours->write(as_bytes("x"));
  const StreamPtr theirs = co_await b.accept_stream();
  CHECK(a.stream_count() == 1);
  CHECK(b.stream_count() == 1);
  ours.reset();
  co_await contract.clock.sleep_for(1s);
  CHECK(a.stream_count() == 0);
  CHECK(b.stream_count() == 0);
}

// One stream that nobody reads does not hold up another.
inline Task<void> fill(ByteStream& stream) {
  const Bytes bytes(64 * 1024);
  while (true) co_await stream.write(bytes);
}
inline Task<void> independent(const MuxerContract& contract, MuxedConnection& a, MuxedConnection& b) {
  const StreamPtr stuck = co_await a.open_stream();
  TaskGroup group(contract.executor, "contract");
  group.spawn(fill(*stuck));
  const StreamPtr unread = co_await b.accept_stream();
  co_await contract.clock.sleep_for(1s);
  co_await converse(a, b);
  co_await converse(b, a);
  co_await group.close();
}

struct Outcome {
  Result<StreamPtr> result = fail(Errc::kOk);
  bool ended = false;
};
inline Task<void> accept_one(MuxedConnection& connection, Outcome& outcome) {
  outcome.result = co_await as_result(connection.accept_stream());
  outcome.ended = true;
}

inline Task<void> accept_canceled(const MuxerContract& contract, MuxedConnection& a, MuxedConnection& b) {
  Outcome outcome;
  TaskGroup group(contract.executor, "contract");
  group.spawn(accept_one(b, outcome));
  co_await contract.clock.sleep_for(1s);
  co_await group.close();
  CHECK_FALSE(outcome.ended);
  co_await converse(a, b);
}

inline Task<void> closed(const MuxerContract& contract, MuxedConnection& a, MuxedConnection& b) {
  const StreamPtr ours = co_await a.open_stream();
  co_await ours->write(as_bytes("x"));
  const StreamPtr theirs = co_await b.accept_stream();
  Outcome outcome;
  TaskGroup group(contract.executor, "contract");
  group.spawn(accept_one(b, outcome));
  co_await contract.clock.sleep_for(1s);
  CHECK_FALSE(outcome.ended);

  co_await a.close();
  co_await a.close();
  co_await group.join();
  CHECK(outcome.result.error() == Errc::kClosed);
  co_await b.close();
  for (MuxedConnection* connection : {&a, &b}) {
    const auto opened = co_await as_result(connection->open_stream());
    CHECK(opened.error() == Errc::kClosed);
    const auto accepted = co_await as_result(connection->accept_stream());
    CHECK(accepted.error() == Errc::kClosed);
    CHECK(connection->stream_count() == 0);
  }
}

// The end begins at once, for both ends and all streams, and nobody has to wait for it.
inline Task<void> gone_away(const MuxerContract& contract, MuxedConnection& a, MuxedConnection& b) {
  const StreamPtr ours = co_await a.open_stream();
  co_await ours->write(as_bytes("x"));
  const StreamPtr theirs = co_await b.accept_stream();
  Outcome near;
  Outcome far;
  TaskGroup group(contract.executor, "contract");
  group.spawn(accept_one(a, near));
  group.spawn(accept_one(b, far));
  co_await contract.clock.sleep_for(1s);
  a.go_away();
  a.go_away();
  const auto written = co_await as_result(ours->write(as_bytes("y")));
  CHECK(written.error() == Errc::kClosed);
  co_await group.join();
  CHECK(near.result.error() == Errc::kClosed);
  CHECK(far.result.error() == Errc::kClosed);
}

// Streams live longer than their connection, and say so.
inline Task<void> outlived(const MuxerContract& contract) {
  MuxedPair pair = co_await contract.connect();
  const StreamPtr ours = co_await pair.first->open_stream();
  co_await ours->write(as_bytes("x"));
  const StreamPtr theirs = co_await pair.second->accept_stream();
  co_await pair.first->close();
  co_await pair.second->close();
  pair.first.reset();
  pair.second.reset();
  Bytes buffer(10);
  const auto read = co_await as_result(ours->read_some(buffer));
  CHECK(read.error() == Errc::kClosed);
  for (const StreamPtr* stream : {&ours, &theirs}) {
    const auto written = co_await as_result((*stream)->write(buffer));
    CHECK(written.error() == Errc::kClosed);
    (*stream)->reset();
  }
}

inline Task<void> with_pair(const MuxerContract& contract,
                            Task<void> (*test)(const MuxerContract&, MuxedConnection&, MuxedConnection&)) {
  MuxedPair pair = co_await contract.connect();
  co_await test(contract, *pair.first, *pair.second);
  co_await pair.first->close();
  co_await pair.second->close();
}

}  // namespace muxer_tests

// Call it in a TEST_CASE of its own, which makes everything anew for each of the subcases.
inline void check_muxer_contract(const MuxerContract& contract) {
  namespace test = muxer_tests;
  SUBCASE("either end opens streams") {
    contract.run(test::with_pair(contract, test::both_ways));
  }
  SUBCASE("streams are counted until they are over") {
    contract.run(test::with_pair(contract, test::counted));
  }
  SUBCASE("a stream that nobody reads holds up no other") {
    contract.run(test::with_pair(contract, test::independent));
  }
  SUBCASE("a canceled accept loses nothing") {
    contract.run(test::with_pair(contract, test::accept_canceled));
  }
  SUBCASE("close ends both ends, once and for all") {
    contract.run(test::with_pair(contract, test::closed));
  }
  SUBCASE("going away ends it without waiting") {
    contract.run(test::with_pair(contract, test::gone_away));
  }
  SUBCASE("streams outlive their connection") {
    contract.run(test::outlived(contract));
  }
}

}  // namespace warren
