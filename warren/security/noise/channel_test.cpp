#include "warren/security/noise/channel.hpp"

#include <doctest/doctest.h>

#include "warren/security/noise/test_nodes.hpp"
#include "warren/sim/for_each_failure.hpp"

using namespace warren;
using namespace warren::noise;
using namespace warren::noise::test;

namespace {

// Two secured ends over a pipe of these options.
Task<sim::StreamPair> connect(sim::Loop& loop, sim::PipeOptions options) {
  Node alice(KeyType::kEd25519, 1);
  Node bob(KeyType::kEd25519, 2);
  Party initiator{alice, bob.peer()};
  Party responder{bob};
  co_await secure_both(loop, initiator, responder, sim::pipe(loop, options));
  co_return sim::StreamPair{value_or_throw(std::move(initiator.channel)),
                            value_or_throw(std::move(responder.channel))};
}

CipherState cipher(std::uint8_t seed) {
  return CipherState(std::array<std::uint8_t, kKeySize>{seed});
}

// A channel at one end of a pipe, without a handshake, and the pipe's bare other end with the ciphers of who
// would be there.
struct Bare {
  explicit Bare(sim::Loop& loop) {
    auto ends = sim::pipe(loop);
    Node node;
    channel = std::make_unique<noise::Channel>(
        std::move(ends.first),
        Session{node.key.public_key(), node.peer(), {}, std::nullopt, cipher(1), cipher(2)}, BufferPool());
    pipe = std::move(ends.second);
  }

  Bytes seal(std::string_view text) {
    Bytes record = {0, static_cast<std::uint8_t>(text.size() + kTagSize)};
    record.resize(2 + text.size() + kTagSize);
    value_or_throw(sealing.seal({}, as_bytes(text), MutableBytes(record).subspan(2)));
    return record;
  }

  std::unique_ptr<noise::Channel> channel;
  StreamPtr pipe;
  CipherState sealing = cipher(2);
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
std::error_code outcome_of(Bare& bare, sim::Loop& loop, Bytes records, std::string_view text) {
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

TEST_CASE("a record that was changed resets the channel") {
  sim::Loop loop;
  Bare bare(loop);
  Bytes records = bare.seal("good");
  Bytes changed = bare.seal("bad");
  changed[4] ^= 1;
  append(records, changed);
  append(records, bare.seal("never read"));
  CHECK(outcome_of(bare, loop, records, "good") == Errc::kDecryptFailed);
}

TEST_CASE("a record that is repeated or out of order resets the channel") {
  SUBCASE("repeated") {
    sim::Loop loop;
    Bare bare(loop);
    const Bytes record = bare.seal("once");
    Bytes records = record;
    append(records, record);
    CHECK(outcome_of(bare, loop, records, "once") == Errc::kDecryptFailed);
  }
  SUBCASE("out of order") {
    sim::Loop loop;
    Bare bare(loop);
    const Bytes first = bare.seal("first");
    Bytes records = bare.seal("second");
    append(records, first);
    CHECK(outcome_of(bare, loop, records, "") == Errc::kDecryptFailed);
  }
}

TEST_CASE("a record too short for its tag resets the channel") {
  sim::Loop loop;
  Bare bare(loop);
  CHECK(outcome_of(bare, loop, Bytes{0, 15}, "") == Errc::kMalformed);
}

TEST_CASE("the pipe may end between records only") {
  for (std::size_t cut = 0; cut < 25; ++cut) {
    CAPTURE(cut);
    sim::Loop loop;
    Bare bare(loop);
    const Bytes record = bare.seal("a text");
    REQUIRE(record.size() == 24);
    loop.run(write(*bare.pipe, to_bytes(BytesView(record).first(std::min<std::size_t>(cut, 24)))));
    loop.run(bare.pipe->close_write());
    if (cut == 24) CHECK(loop.run(read_text(*bare.channel)) == "a text");
    if (cut == 25) continue;
    const auto end = loop.run(as_result(read_text(*bare.channel)));
    if (cut == 0 || cut == 24) {
      REQUIRE(end);
      CHECK(end->empty());
    } else {
      CHECK(error_of(end) == Errc::kEndOfStream);
    }
  }
}

TEST_CASE("when the nonces are used up the channel is reset") {
  sim::Loop loop;
  auto ends = sim::pipe(loop);
  Node node;
  CipherState last = cipher(1);
  last.set_nonce(CipherState::kNonceMax - 1);
  noise::Channel channel(
      std::move(ends.first),
      Session{node.key.public_key(), node.peer(), {}, std::nullopt, std::move(last), cipher(2)},
      BufferPool());
  loop.run(write(channel, to_bytes("the last record")));
  const auto written = loop.run(as_result(write(channel, to_bytes("one more"))));
  CHECK(error_of(written) == Errc::kLimitReached);
  loop.run_until_idle();
  const auto other_end = loop.run(as_result(read_text(*ends.second)));
  CHECK(error_of(other_end) == Errc::kReset);
}

namespace {

// Counts the writes that reach the pipe.
class Counter final : public ByteStream {
 public:
  Counter(StreamPtr stream, int& writes) : stream_(std::move(stream)), writes_(writes) {}
  Task<std::size_t> read_some(MutableBytes to) override { return stream_->read_some(to); }
  Task<void> write(BytesView bytes) override {
    ++writes_;
    return stream_->write(bytes);
  }
  Task<void> close_write() override { return stream_->close_write(); }
  void reset() override { stream_->reset(); }

 private:
  StreamPtr stream_;
  int& writes_;
};

}  // namespace

TEST_CASE("one write becomes one write of the pipe, up to the size of the buffer") {
  sim::Loop loop;
  auto ends = sim::pipe(loop, {.buffer = 1'000'000});
  int writes = 0;
  Node node;
  noise::Channel channel(std::make_unique<Counter>(std::move(ends.first), writes),
                         Session{node.key.public_key(), node.peer(), {}, std::nullopt, cipher(1), cipher(2)},
                         BufferPool());
  loop.run(write(channel, {}));
  CHECK(writes == 0);
  loop.run(write(channel, Bytes(10)));
  CHECK(writes == 1);
  loop.run(write(channel, Bytes(kSealMax)));
  CHECK(writes == 2);
  loop.run(write(channel, Bytes(kSealMax + 1)));
  CHECK(writes == 4);
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
