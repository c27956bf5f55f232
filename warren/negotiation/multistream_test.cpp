#include "warren/negotiation/multistream.hpp"

#include <doctest/doctest.h>

#include "warren/async/as_result.hpp"
#include "warren/async/task_group.hpp"
#include "warren/env/clock.hpp"
#include "warren/sim/for_each_failure.hpp"
#include "warren/sim/loop.hpp"
#include "warren/sim/pipe.hpp"

using namespace warren;

namespace {

const ProtocolId kPing = "/ipfs/ping/1.0.0";
const ProtocolId kEcho = "/echo/1";
const std::string kHeaderMessage = "\x13/multistream/1.0.0\n";

std::vector<ProtocolId> two() {
  return {kPing, kEcho};
}

Task<void> write_text(ByteStream& stream, std::string text) {
  co_await stream.write(as_bytes(text));
}

Task<std::string> read_text(ByteStream& stream, std::size_t size) {
  std::string text(size, '\0');
  const MutableBytes bytes(reinterpret_cast<std::uint8_t*>(text.data()), size);
  co_await read_exactly(stream, bytes);
  co_return text;
}

Task<void> keep(Task<ProtocolId> task, Result<ProtocolId>& result) {
  result = co_await as_result(std::move(task));
}

// Writes all of `script` and ends its half; returns what the task under test on the other end made of it.
struct Scripted {
  Result<ProtocolId> result = fail(Errc::kCanceled);
  std::string heard;
};

Task<Scripted> listen_to(sim::Loop& loop, std::string script, std::size_t read_max) {
  auto [peer, ours] = sim::pipe(loop, {.read_max = read_max});
  Scripted scripted;
  TaskGroup group(loop.executor(), "test");
  group.spawn(keep(multistream::respond(*ours, two()), scripted.result));
  co_await write_text(*peer, std::move(script));
  co_await peer->close_write();
  co_await group.join();
  co_await ours->close_write();
  scripted.heard = to_text(co_await read_to_end(*peer, 100'000));
  co_return scripted;
}

Scripted listen_to(std::string script, std::size_t read_max = 1'000'000) {
  sim::Loop loop;
  return loop.run(listen_to(loop, std::move(script), read_max));
}

Task<Scripted> dial_to(sim::Loop& loop, std::string script, std::vector<ProtocolId> protocols) {
  auto [ours, peer] = sim::pipe(loop);
  Scripted scripted;
  TaskGroup group(loop.executor(), "test");
  group.spawn(keep(multistream::propose(*ours, std::move(protocols)), scripted.result));
  co_await write_text(*peer, std::move(script));
  co_await peer->close_write();
  co_await group.join();
  co_await ours->close_write();
  scripted.heard = to_text(co_await read_to_end(*peer, 100'000));
  co_return scripted;
}

Scripted dial_to(std::string script) {
  sim::Loop loop;
  return loop.run(dial_to(loop, std::move(script), two()));
}

std::string message(std::string_view text) {
  return to_text(multistream::encode(text));
}

}  // namespace

TEST_CASE("messages look as the specification says") {
  CHECK(to_hex(multistream::encode("na")) == "036e610a");
  CHECK(message(multistream::kHeader) == kHeaderMessage);
}

TEST_CASE("a listener agrees to what it supports, and reads no byte more") {
  for (const std::size_t read_max : {1, 3, 1000}) {
    const Scripted scripted = listen_to(kHeaderMessage + message(kEcho), read_max);
    REQUIRE(scripted.result);
    CHECK(*scripted.result == kEcho);
    CHECK(scripted.heard == kHeaderMessage + message(kEcho));
  }
}

TEST_CASE("a listener refuses what it does not know, and lists what it does") {
  const Scripted scripted = listen_to(kHeaderMessage + message("/new/2") + message("ls") + message(kPing));
  REQUIRE(scripted.result);
  CHECK(*scripted.result == kPing);
  CHECK(scripted.heard ==
        kHeaderMessage + message("na") + message(message(kPing) + message(kEcho)) + message(kPing));
}

TEST_CASE("a listener ends the conversation over what is no proposal") {
  const auto error = [](std::string script) { return listen_to(std::move(script)).result.error(); };
  CHECK(error("") == Errc::kEndOfStream);
  CHECK(error("\x13/multistream/1.") == Errc::kEndOfStream);
  CHECK(error(kHeaderMessage) == Errc::kEndOfStream);
  CHECK(error(kHeaderMessage + "\x11/ipfs") == Errc::kEndOfStream);
  CHECK(error("\x13/multistream/2.0.0\n") == Errc::kMalformed);
  CHECK(error("\x12/multistream/1.0.0") == Errc::kMalformed);  // no newline
  CHECK(error(kHeaderMessage + "\x02na") == Errc::kMalformed);
  CHECK(error(kHeaderMessage + std::string(1, '\0')) == Errc::kMalformed);  // not even a newline
  CHECK(error("GET / HTTP/1.1\r\nHost: example.org\r\nConnection: close, or whatever; it is long "
              "enough\r\n\r\n") == Errc::kMalformed);
  CHECK(error("\x81\x08" + std::string(1025, '\n')) == Errc::kTooLarge);
  CHECK(error("\xff\xff\xff\xff\xff\xff\xff\xff\x7f") == Errc::kTooLarge);
  CHECK(error("\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff") == Errc::kTooLarge);
  CHECK(error(std::string("\x93\x00", 2) + "/multistream/1.0.0\n") == Errc::kNotMinimal);
}

TEST_CASE("a listener does not answer proposals for ever") {
  std::string script = kHeaderMessage;
  for (int i = 0; i < 1000; ++i) script += message("/nobody/speaks/this");
  const Scripted scripted = listen_to(script);
  CHECK(scripted.result.error() == Errc::kLimitReached);
  CHECK(scripted.heard.size() == kHeaderMessage.size() + 4 * multistream::kProposalsMax);
}

TEST_CASE("a dialer tries one protocol after the other") {
  const Scripted first = dial_to(kHeaderMessage + message(kPing));
  CHECK(first.result.value() == kPing);
  CHECK(first.heard == kHeaderMessage + message(kPing));

  const Scripted second = dial_to(kHeaderMessage + message("na") + message(kEcho));
  CHECK(second.result.value() == kEcho);
  CHECK(second.heard == kHeaderMessage + message(kPing) + message(kEcho));

  CHECK(dial_to(kHeaderMessage + message("na") + message("na")).result.error() ==
        Errc::kProtocolNotSupported);
}

TEST_CASE("a dialer ends the conversation over what is no answer") {
  CHECK(dial_to("").result.error() == Errc::kEndOfStream);
  CHECK(dial_to(kHeaderMessage).result.error() == Errc::kEndOfStream);
  CHECK(dial_to(message("/multistream/0.9.0")).result.error() == Errc::kMalformed);
  CHECK(dial_to(kHeaderMessage + message(kEcho)).result.error() == Errc::kMalformed);  // not proposed yet
  CHECK(dial_to(kHeaderMessage + message("na") + message(kPing)).result.error() == Errc::kMalformed);
}

namespace {

Task<void> serve_echo(ByteStream& stream) {
  co_await multistream::respond(stream, two());
  const std::string text = co_await read_text(stream, 5);
  co_await write_text(stream, text);
  co_await stream.close_write();
}

Task<void> talk(sim::Loop& loop, sim::Faults& faults) {
  auto [left, right] = sim::pipe(loop, {.read_max = 7, .faults = &faults});
  TaskGroup group(loop.executor(), "test");
  group.spawn(serve_echo(*right));
  const StreamPtr stream = multistream::propose_optimistically(std::move(left), kEcho);
  const auto outcome = co_await as_result(write_text(*stream, "hello"));
  Result<std::string> echoed = fail(Errc::kReset);
  if (outcome) echoed = co_await as_result(read_text(*stream, 5));
  stream->reset();
  right->reset();
  co_await group.close();
  if (value_or_throw(echoed) != "hello") throw_error(Errc::kMalformed);
}

Task<void> propose_to(sim::Loop& loop, sim::Faults& faults) {
  auto [left, right] = sim::pipe(loop, {.read_max = 7, .faults = &faults});
  Result<ProtocolId> theirs = fail(Errc::kCanceled);
  TaskGroup group(loop.executor(), "test");
  group.spawn(keep(multistream::respond(*right, std::vector<ProtocolId>{kEcho}), theirs));
  const auto ours = co_await as_result(multistream::propose(*left, two()));
  if (!ours) left->reset();
  co_await group.join();
  if (value_or_throw(ours) != value_or_throw(theirs)) throw_error(Errc::kMalformed);
}

}  // namespace

TEST_CASE("negotiation that fails at any step ends with an error") {
  // The listener's last operations may fail when the dialer is content already, so only hangs and leaks count
  // there.
  sim::for_each_failure(talk, [](std::uint64_t, const Result<>&) {});
  sim::for_each_failure(propose_to);
}

namespace {

Task<void> one_packet(sim::Loop& loop) {
  auto [left, right] = sim::pipe(loop, {.delay = 50ms});
  TaskGroup group(loop.executor(), "test");
  group.spawn(serve_echo(*right));
  const StreamPtr stream = multistream::propose_optimistically(std::move(left), kEcho);
  co_await write_text(*stream, "hello");
  const std::string echoed = co_await read_text(*stream, 5);
  CHECK(echoed == "hello");
  CHECK(loop.now() == Instant{} + 100ms);  // one round trip for negotiation, request and response
  const Bytes rest = co_await read_to_end(*stream, 1);
  CHECK(rest.empty());
  co_await group.join();
}

Task<void> refused(sim::Loop& loop) {
  auto [left, right] = sim::pipe(loop);
  Result<ProtocolId> served = fail(Errc::kCanceled);
  TaskGroup group(loop.executor(), "test");
  group.spawn(keep(multistream::respond(*right, two()), served));
  const StreamPtr stream = multistream::propose_optimistically(std::move(left), "/unknown/1");
  co_await write_text(*stream, "hi");
  for (int i = 0; i < 2; ++i) {
    const auto read = co_await as_result(read_text(*stream, 1));
    CHECK(read.error() == Errc::kProtocolNotSupported);
  }
  const auto write = co_await as_result(write_text(*stream, "hi"));
  CHECK(write.error() == Errc::kReset);
  co_await group.join();
  CHECK(!served);
}

Task<void> both_optimistic(sim::Loop& loop) {
  auto [left, right] = sim::pipe(loop, {.read_max = 5});
  const StreamPtr a = multistream::propose_optimistically(std::move(left), kEcho);
  const StreamPtr b = multistream::propose_optimistically(std::move(right), kEcho);
  co_await write_text(*a, "from a");
  co_await write_text(*b, "from b");
  CHECK(co_await read_text(*a, 6) == "from b");
  CHECK(co_await read_text(*b, 6) == "from a");
}

Task<void> both_optimistic_in_vain(sim::Loop& loop) {
  auto [left, right] = sim::pipe(loop);
  const StreamPtr a = multistream::propose_optimistically(std::move(left), kEcho);
  const StreamPtr b = multistream::propose_optimistically(std::move(right), kPing);
  co_await write_text(*a, "from a");
  co_await write_text(*b, "from b");
  const auto read = co_await as_result(read_text(*a, 6));
  CHECK(read.error() == Errc::kProtocolNotSupported);
}

Task<void> not_multistream(sim::Loop& loop) {
  auto [left, right] = sim::pipe(loop);
  const StreamPtr stream = multistream::propose_optimistically(std::move(left), kEcho);
  co_await write_text(*right, "SSH-2.0-OpenSSH");
  const auto read = co_await as_result(read_text(*stream, 1));
  CHECK(read.error() == Errc::kMalformed);
}

// A reader that comes first, a writer that comes while the reader is sending the proposal, a half that ends.
Task<void> read_before_write(sim::Loop& loop) {
  auto [left, right] = sim::pipe(loop, {.buffer = 24});  // the proposal does not fit at once
  TaskGroup group(loop.executor(), "test");
  const StreamPtr stream = multistream::propose_optimistically(std::move(left), kEcho);
  Result<ProtocolId> text = fail(Errc::kCanceled);
  group.spawn(keep(read_text(*stream, 5), text));
  group.spawn(write_text(*stream, "hello"));
  co_await serve_echo(*right);
  co_await group.join();
  CHECK(text.value() == "hello");
}

Task<void> close_only(sim::Loop& loop) {
  auto [left, right] = sim::pipe(loop);
  const StreamPtr stream = multistream::propose_optimistically(std::move(left), kEcho);
  co_await stream->close_write();
  CHECK(co_await multistream::respond(*right, two()) == kEcho);
  const Bytes rest = co_await read_to_end(*right, 10);
  CHECK(rest.empty());
  co_await right->write(as_bytes("bye"));
  CHECK(co_await read_text(*stream, 3) == "bye");
}

// The first read is given up on in the middle of the answer; the next goes on there.
Task<void> canceled_read(sim::Loop& loop) {
  auto [left, right] = sim::pipe(loop);
  const StreamPtr stream = multistream::propose_optimistically(std::move(left), kEcho);
  co_await write_text(*right, kHeaderMessage + "\x08/ec");
  const auto first = co_await as_result(with_timeout(loop.clock(), 1s, read_text(*stream, 1)));
  CHECK(first.error() == Errc::kTimedOut);
  co_await write_text(*right, "ho/1\nhello");
  CHECK(co_await read_text(*stream, 5) == "hello");
}

}  // namespace

TEST_CASE("an optimistic proposal") {
  sim::Loop loop;
  SUBCASE("costs no round trip of its own") {
    loop.run(one_packet(loop));
  }
  SUBCASE("that is refused ends the stream at the first read") {
    loop.run(refused(loop));
  }
  SUBCASE("agrees with the same one from the other end") {
    loop.run(both_optimistic(loop));
  }
  SUBCASE("does not agree with another one from the other end") {
    loop.run(both_optimistic_in_vain(loop));
  }
  SUBCASE("notices what is no multistream-select") {
    loop.run(not_multistream(loop));
  }
  SUBCASE("is sent by a reader too") {
    loop.run(read_before_write(loop));
  }
  SUBCASE("is sent when nothing else is") {
    loop.run(close_only(loop));
  }
  SUBCASE("survives a canceled read") {
    loop.run(canceled_read(loop));
  }
}
