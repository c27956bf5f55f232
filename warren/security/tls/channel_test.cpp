#include "warren/security/tls/channel.hpp"

#include <doctest/doctest.h>

#include "warren/security/tls/openssl.hpp"
#include "warren/security/tls/test_nodes.hpp"
#include "warren/sim/for_each_failure.hpp"

using namespace warren;
using namespace warren::tls;
using namespace warren::tls::test;

namespace {

constexpr std::size_t kRecordHeaderSize = 5;

// A channel at one end of a pipe, and the pipe's bare other end with the records of who would be there.
struct Bare {
  explicit Bare(sim::Loop& loop, sim::PipeOptions options = {.buffer = 1'000'000}) : loop(loop) {
    Node alice(loop, KeyType::kEd25519, 1);
    Node bob(loop, KeyType::kEd25519, 2);
    auto ends = sim::pipe(loop, options);
    Party responder{bob};
    TaskGroup group(loop.executor(), "test");
    group.spawn(secure(responder, Side::kResponder, std::move(ends.second)));
    loop.run(initiate(alice, *ends.first));
    loop.run(group.join());
    channel = value_or_throw(std::move(responder.channel));
    pipe = std::move(ends.first);
  }

  Task<void> initiate(Node& node, ByteStream& stream) {
    sim::SeededRandom random(7);
    Context context(make_certificate(node.key, loop.clock().wall_now(), random));
    auto securing =
        handshake(stream, Side::kInitiator, context, std::nullopt, {}, BufferPool(), loop.clock());
    auto session = co_await std::move(securing);
    records = std::move(session.records);
  }

  Bytes seal(BytesView text) {
    value_or_throw(records->write(text));
    auto sealed = records->take();
    return to_bytes(sealed.bytes());
  }
  Bytes seal(std::string_view text) { return seal(as_bytes(text)); }
  Bytes goodbye() {
    records->close();
    auto sealed = records->take();
    return to_bytes(sealed.bytes());
  }

  sim::Loop& loop;
  std::unique_ptr<SecureChannel> channel;
  StreamPtr pipe;
  std::unique_ptr<Records> records;
};

Task<std::string> read_text(ByteStream& stream) {
  Bytes buffer(100);
  const std::size_t size = co_await stream.read_some(buffer);
  co_return to_text(BytesView(buffer).first(size));
}

Task<void> write(ByteStream& stream, Bytes bytes) {
  co_await stream.write(bytes);
}

// What reading throws once `records` have arrived, after `text`. The channel must be reset then.
std::error_code outcome_of(Bare& bare, Bytes records, std::string_view text) {
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

}  // namespace

TEST_CASE("a record that was changed anywhere but in its version resets the channel") {
  sim::Loop loop;
  const std::size_t size = Bare(loop).seal("bad").size();
  for (const std::size_t place : {0uz, kRecordHeaderSize, kRecordHeaderSize + 2, size - 1}) {
    CAPTURE(place);
    Bare bare(loop);
    Bytes records = bare.seal("good");
    Bytes changed = bare.seal("bad");
    changed[place] ^= 1;
    append(records, changed);
    append(records, bare.seal("never read"));
    const auto error = outcome_of(bare, records, "good");
    CHECK(error == (place == 0 ? Errc::kMalformed : Errc::kDecryptFailed));
  }
}

TEST_CASE("a record that is repeated or out of order resets the channel") {
  sim::Loop loop;
  SUBCASE("repeated") {
    Bare bare(loop);
    const Bytes record = bare.seal("once");
    Bytes records = record;
    append(records, record);
    CHECK(outcome_of(bare, records, "once") == Errc::kDecryptFailed);
  }
  SUBCASE("out of order") {
    Bare bare(loop);
    const Bytes first = bare.seal("first");
    Bytes records = bare.seal("second");
    append(records, first);
    CHECK(outcome_of(bare, records, "") == Errc::kDecryptFailed);
  }
}

TEST_CASE("records that are too long, or of another kind, reset the channel") {
  sim::Loop loop;
  SUBCASE("too long") {
    Bare bare(loop);
    Bytes record = {0x17, 3, 3, 0x48, 0};
    record.resize(kRecordHeaderSize + 0x4800, 1);
    CHECK(outcome_of(bare, record, "") == Errc::kTooLarge);
  }
  SUBCASE("in the clear") {
    Bare bare(loop);
    CHECK(outcome_of(bare, {0x16, 3, 3, 0, 4, 1, 0, 0, 0}, "") == Errc::kMalformed);
  }
}

TEST_CASE("the pipe may end behind the peer's last word only") {
  sim::Loop loop;
  const std::size_t size = Bare(loop).seal("a text").size();
  for (std::size_t cut = 0; cut <= size; ++cut) {
    CAPTURE(cut);
    Bare bare(loop);
    const Bytes record = bare.seal("a text");
    loop.run(write(*bare.pipe, to_bytes(BytesView(record).first(cut))));
    loop.run(bare.pipe->close_write());
    if (cut == size) CHECK(loop.run(read_text(*bare.channel)) == "a text");
    const auto end = loop.run(as_result(read_text(*bare.channel)));
    CHECK(error_of(end) == Errc::kEndOfStream);
  }
}

TEST_CASE("the peer's last word ends its half, and nothing may follow it") {
  sim::Loop loop;
  SUBCASE("the end") {
    Bare bare(loop);
    Bytes records = bare.seal("a text");
    append(records, bare.goodbye());
    loop.run(write(*bare.pipe, records));
    loop.run(bare.pipe->close_write());
    CHECK(loop.run(read_text(*bare.channel)) == "a text");
    CHECK(loop.run(read_text(*bare.channel)).empty());
    CHECK(loop.run(read_text(*bare.channel)).empty());
    // Our half goes on.
    loop.run(write(*bare.channel, to_bytes("an answer")));
    CHECK(loop.run(read_text(*bare.pipe)).size() == 9 + kRecordOverhead);
  }
  SUBCASE("something behind it") {
    Bare bare(loop);
    Bytes records = bare.goodbye();
    append(records, Bytes{0x17});
    CHECK(outcome_of(bare, records, "") == Errc::kMalformed);
  }
  SUBCASE("something later") {
    Bare bare(loop);
    loop.run(write(*bare.pipe, bare.goodbye()));
    const auto end = loop.run(as_result(with_timeout(loop.clock(), 1s, read_text(*bare.channel))));
    CHECK(error_of(end) == Errc::kTimedOut);  // until the pipe ends, too
    CHECK(outcome_of(bare, {0x17}, "") == Errc::kMalformed);
  }
}

TEST_CASE("new keys are taken when the peer changes them, and answered with ours") {
  sim::Loop loop;
  Bare bare(loop);
  REQUIRE(SSL_key_update(bare.records->ssl(), SSL_KEY_UPDATE_REQUESTED) == 1);
  loop.run(write(*bare.pipe, bare.seal("after the change")));
  CHECK(loop.run(read_text(*bare.channel)) == "after the change");
  loop.run(write(*bare.channel, to_bytes("mine too")));
  Bytes wire(1000);
  const std::size_t size = loop.run(bare.pipe->read_some(wire));
  CHECK(size > 2 * kRecordOverhead + 8);  // the change, then the text
  std::ranges::copy(BytesView(wire).first(size), bare.records->space().begin());
  bare.records->add(size);
  Bytes text(100);
  CHECK(value_or_throw(bare.records->read(text)) == 8);
  CHECK(as_text(BytesView(text).first(8)) == "mine too");
}

namespace {

// Counts the writes that reach the pipe, and the size of the largest read that is asked of it.
class Counter final : public ByteStream {
 public:
  struct Counts {
    int writes = 0;
    std::size_t read_size = 0;  // of the last one
  };
  Counter(StreamPtr stream, Counts& counts) : stream_(std::move(stream)), counts_(counts) {}
  Task<std::size_t> read_some(MutableBytes to) override {
    counts_.read_size = to.size();
    return stream_->read_some(to);
  }
  Task<void> write(BytesView bytes) override {
    ++counts_.writes;
    return stream_->write(bytes);
  }
  Task<void> close_write() override { return stream_->close_write(); }
  void reset() override { stream_->reset(); }

 private:
  StreamPtr stream_;
  Counts& counts_;
};

struct Counted {
  explicit Counted(sim::Loop& loop) {
    Node alice(loop, KeyType::kEd25519, 1);
    Node bob(loop, KeyType::kEd25519, 2);
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
  std::unique_ptr<SecureChannel> ours;
  std::unique_ptr<SecureChannel> theirs;
};

Task<void> read_exactly_and_wait(ByteStream& stream, std::size_t size) {
  Bytes bytes(size);
  co_await read_exactly(stream, bytes);
  co_await stream.read_some(MutableBytes(bytes).first(1));
}

}  // namespace

TEST_CASE("one write becomes one write of the pipe, up to the size of the buffer") {
  sim::Loop loop;
  Counted pair(loop);
  loop.run(write(*pair.ours, {}));
  CHECK(pair.counts.writes == 0);
  loop.run(write(*pair.ours, Bytes(10)));
  CHECK(pair.counts.writes == 1);
  loop.run(write(*pair.ours, Bytes(kSealMax)));
  CHECK(pair.counts.writes == 2);
  loop.run(write(*pair.ours, Bytes(kSealMax + 1)));
  CHECK(pair.counts.writes == 4);
}

TEST_CASE("a busy channel reads much at once, and an idle one holds no large buffer") {
  sim::Loop loop;
  Counted pair(loop);
  loop.run(write(*pair.theirs, Bytes(300'000)));
  Bytes bytes(200'000);
  loop.run(read_exactly(*pair.ours, bytes));
  CHECK(pair.counts.read_size == kLargeBufferSize);
  const auto idle =
      loop.run(as_result(with_timeout(loop.clock(), 1s, read_exactly_and_wait(*pair.ours, 100'000))));
  CHECK(error_of(idle) == Errc::kTimedOut);
  CHECK(pair.counts.read_size == Records::kWaitSize);
}

namespace {

Task<void> send_and_close(ByteStream& stream, Bytes bytes) {
  co_await stream.write(bytes);
  co_await stream.close_write();
}

// A megabyte over a pipe that fails somewhere: it arrives whole, or there is an error.
Task<void> transfer(sim::Loop& loop, sim::Faults& faults) {
  const sim::PipeOptions options{.faults = &faults};
  auto [left, right] = co_await connect(loop, options);
  TaskGroup group(loop.executor(), "test");
  group.spawn(send_and_close(*left, Bytes(1'000'000, 3)));
  const auto got = co_await as_result(read_to_end(*right, 2'000'000));
  co_await group.close();
  if (value_or_throw(got).size() != 1'000'000) throw_error(Errc::kEndOfStream);
}

}  // namespace

TEST_CASE("a transfer whose pipe fails at any step ends with an error") {
  CHECK(sim::for_each_failure(transfer) > 20);
}
