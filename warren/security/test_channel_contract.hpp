// What every SecureChannel must do with the records of its peer and with its pipe, as tests (doctest). That
// it is a ByteStream besides is tested by warren/sim/stream_contract.hpp.
#pragma once

#include <doctest/doctest.h>

#include <functional>
#include <string>
#include <utility>
#include <vector>

#include "warren/base/buffer_pool.hpp"
#include "warren/security/test_nodes.hpp"
#include "warren/security/test_streams.hpp"
#include "warren/sim/for_each_failure.hpp"
#include "warren/sim/stream_contract.hpp"

namespace warren::security_test {

// A channel at one end of a pipe, and the pipe's bare other end with the records of who would be there.
class Bare {
 public:
  explicit Bare(sim::Loop& the_loop) : loop(the_loop) {}
  virtual ~Bare() = default;

  // The peer's next record.
  virtual Bytes seal(std::string_view text) = 0;

  sim::Loop& loop;
  ChannelPtr channel;
  StreamPtr pipe;
};
using BarePtr = std::unique_ptr<Bare>;

inline Task<std::string> read_text(ByteStream& stream) {
  Bytes buffer(100);
  const std::size_t size = co_await stream.read_some(buffer);
  co_return to_text(BytesView(buffer).first(size));
}

inline Task<void> write(ByteStream& stream, Bytes bytes) {
  co_await stream.write(bytes);
}

// What reading throws once `records` have arrived, after `text`. The channel must be reset then.
inline std::error_code outcome_of(Bare& bare, Bytes records, std::string_view text) {
  sim::Loop& loop = bare.loop;
  loop.run(write(*bare.pipe, std::move(records)));
  if (!text.empty()) CHECK(loop.run(read_text(*bare.channel)) == text);
  const auto bad = loop.run(as_result(read_text(*bare.channel)));
  const auto again = loop.run(as_result(read_text(*bare.channel)));
  CHECK(error_of(again) == Errc::kReset);
  const auto written = loop.run(as_result(write(*bare.channel, Bytes(1))));
  CHECK(error_of(written) == Errc::kReset);
  const auto other_end = loop.run(as_result(read_text(*bare.pipe)));
  CHECK(error_of(other_end) == Errc::kReset);
  return error_of(bad);
}

struct ChannelContract {
  MakeTransport make;
  // Made anew for each conversation.
  std::function<BarePtr(sim::Loop&)> bare;
  // What a record is longer than its text.
  std::size_t record_overhead;
  // Places of a record with a text of 3 bytes, and what it does to the reader when a bit is changed there.
  std::vector<std::pair<std::size_t, Errc>> changes;
  // What is no record, and what reading it throws.
  std::vector<std::pair<Bytes, Errc>> mistakes;
  // Whether a pipe that ends between two records is an end of what the peer says.
  bool ends_between_records;
  // What one write of the pipe carries.
  std::size_t seal_max;
  // What a channel to which much arrives reads at least, and what one reads that waits for a record.
  std::size_t busy_size;
  std::size_t wait_size;
};

namespace channel_tests {

inline void changed(const ChannelContract& contract) {
  for (const auto& change : contract.changes) {
    CAPTURE(change.first);
    sim::Loop loop;
    const BarePtr bare = contract.bare(loop);
    Bytes records = bare->seal("good");
    Bytes bad = bare->seal("bad");
    bad.at(change.first) ^= 1;
    append(records, bad);
    append(records, bare->seal("never read"));
    CHECK(outcome_of(*bare, records, "good") == change.second);
  }
}

inline void repeated(const ChannelContract& contract) {
  sim::Loop loop;
  const BarePtr bare = contract.bare(loop);
  const Bytes record = bare->seal("once");
  Bytes records = record;
  append(records, record);
  CHECK(outcome_of(*bare, records, "once") == Errc::kDecryptFailed);
}

inline void out_of_order(const ChannelContract& contract) {
  sim::Loop loop;
  const BarePtr bare = contract.bare(loop);
  const Bytes first = bare->seal("first");
  Bytes records = bare->seal("second");
  append(records, first);
  CHECK(outcome_of(*bare, records, "") == Errc::kDecryptFailed);
}

inline void mistakes(const ChannelContract& contract) {
  for (std::size_t i = 0; i < contract.mistakes.size(); ++i) {
    CAPTURE(i);
    sim::Loop loop;
    const BarePtr bare = contract.bare(loop);
    CHECK(outcome_of(*bare, contract.mistakes[i].first, "") == contract.mistakes[i].second);
  }
}

inline void cut_off(const ChannelContract& contract) {
  const std::string text = "a text";
  const std::size_t size = text.size() + contract.record_overhead;
  for (std::size_t cut = 0; cut <= size; ++cut) {
    CAPTURE(cut);
    sim::Loop loop;
    const BarePtr bare = contract.bare(loop);
    const Bytes record = bare->seal(text);
    REQUIRE(record.size() == size);
    loop.run(write(*bare->pipe, to_bytes(BytesView(record).first(cut))));
    loop.run(bare->pipe->close_write());
    if (cut == size) CHECK(loop.run(read_text(*bare->channel)) == text);
    const auto end = loop.run(as_result(read_text(*bare->channel)));
    if (contract.ends_between_records && (cut == 0 || cut == size)) {
      REQUIRE(end);
      CHECK(end->empty());
    } else {
      CHECK(error_of(end) == Errc::kEndOfStream);
    }
  }
}

// Two secured ends, the first with a counted pipe.
struct Counted {
  Counted(const ChannelContract& contract, sim::Loop& loop) {
    Node alice(contract.make, loop, KeyType::kEd25519, 1);
    Node bob(contract.make, loop, KeyType::kEd25519, 2);
    Party initiator{alice, bob.peer()};
    Party responder{bob};
    auto ends = sim::pipe(loop, {.buffer = 1'000'000});
    ends.first = std::make_unique<Counter>(std::move(ends.first), counts);
    loop.run(secure_both(loop, initiator, responder, std::move(ends)));
    ours = value_or_throw(std::move(initiator.channel));
    theirs = value_or_throw(std::move(responder.channel));
    counts = {};
  }

  Counter::Counts counts;
  ChannelPtr ours;
  ChannelPtr theirs;
};

inline void few_writes(const ChannelContract& contract) {
  sim::Loop loop;
  Counted pair(contract, loop);
  loop.run(write(*pair.ours, {}));
  CHECK(pair.counts.writes == 0);
  loop.run(write(*pair.ours, Bytes(10)));
  CHECK(pair.counts.writes == 1);
  loop.run(write(*pair.ours, Bytes(contract.seal_max)));
  CHECK(pair.counts.writes == 2);
  loop.run(write(*pair.ours, Bytes(contract.seal_max + 1)));
  CHECK(pair.counts.writes == 4);
}

inline Task<void> read_exactly_and_wait(ByteStream& stream, std::size_t size) {
  Bytes bytes(size);
  co_await read_exactly(stream, bytes);
  co_await stream.read_some(MutableBytes(bytes).first(1));
}

inline void buffers(const ChannelContract& contract) {
  sim::Loop loop;
  Counted pair(contract, loop);
  loop.run(write(*pair.theirs, Bytes(300'000)));
  Bytes bytes(200'000);
  loop.run(read_exactly(*pair.ours, bytes));
  CHECK(pair.counts.read_size >= contract.busy_size);
  CHECK(pair.counts.read_size <= kLargeBufferSize);
  auto waiting = with_timeout(loop.clock(), 1s, read_exactly_and_wait(*pair.ours, 100'000));
  const auto idle = loop.run(as_result(std::move(waiting)));
  CHECK(error_of(idle) == Errc::kTimedOut);
  CHECK(pair.counts.read_size == contract.wait_size);
}

inline Task<void> send_and_close(ByteStream& stream, Bytes bytes) {
  co_await stream.write(bytes);
  co_await stream.close_write();
}

// A megabyte over a pipe that fails somewhere: it arrives whole, or there is an error.
inline Task<void> transfer(MakeTransport make, sim::Loop& loop, sim::Faults& faults) {
  const sim::PipeOptions options{.faults = &faults};
  auto [left, right] = co_await connect(make, loop, options);
  TaskGroup group(loop.executor(), "test");
  group.spawn(send_and_close(*left, Bytes(1'000'000, 3)));
  const auto got = co_await as_result(read_to_end(*right, 2'000'000));
  co_await group.close();
  if (value_or_throw(got).size() != 1'000'000) throw_error(Errc::kEndOfStream);
}

inline void failing_pipe(const ChannelContract& contract) {
  const auto scenario = [make = contract.make](sim::Loop& loop, sim::Faults& faults) {
    return transfer(make, loop, faults);
  };
  CHECK(sim::for_each_failure(scenario) > 20);
}

}  // namespace channel_tests

// Call it in a TEST_CASE of its own.
inline void check_channel_contract(const ChannelContract& contract) {
  namespace test = channel_tests;
  SUBCASE("a record that was changed resets the channel") {
    test::changed(contract);
  }
  SUBCASE("a record that is repeated resets the channel") {
    test::repeated(contract);
  }
  SUBCASE("a record out of order resets the channel") {
    test::out_of_order(contract);
  }
  SUBCASE("what is no record resets the channel") {
    test::mistakes(contract);
  }
  SUBCASE("the pipe may not end inside a record, nor before the peer's last word if there is one") {
    test::cut_off(contract);
  }
  SUBCASE("one write becomes one write of the pipe, up to the size of the buffer") {
    test::few_writes(contract);
  }
  SUBCASE("a busy channel reads much at once, and an idle one holds no large buffer") {
    test::buffers(contract);
  }
  SUBCASE("a transfer whose pipe fails at any step ends with an error") {
    test::failing_pipe(contract);
  }
}

// The same for the contract of streams, over a pipe of these options.
inline void check_channel_is_stream(MakeTransport make, sim::PipeOptions options) {
  sim::Loop loop;
  sim::check_stream_contract({.executor = loop.executor(),
                              .clock = loop.clock(),
                              .run = [&](Task<void> task) { loop.run(std::move(task)); },
                              .connect = [&] { return connect(make, loop, options); }});
  CHECK_FALSE(loop.busy());
}

// A slow one, which delivers few bytes at a time.
inline constexpr sim::PipeOptions kSlowPipe = {.delay = 100us, .read_max = 700, .buffer = 200'000};

}  // namespace warren::security_test
