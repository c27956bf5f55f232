#include "warren/security/tls/channel.hpp"

#include <doctest/doctest.h>

#include "warren/security/test_channel_contract.hpp"
#include "warren/security/tls/openssl.hpp"
#include "warren/security/tls/test_nodes.hpp"

using namespace warren;
using namespace warren::tls;
using namespace warren::tls::test;
using namespace warren::security_test;

namespace {

constexpr std::size_t kRecordHeaderSize = 5;

class BareTls final : public Bare {
 public:
  explicit BareTls(sim::Loop& the_loop) : Bare(the_loop) {
    TlsNode alice(loop, KeyType::kEd25519, 1);
    TlsNode bob(loop, KeyType::kEd25519, 2);
    auto ends = sim::pipe(loop, {.buffer = 1'000'000});
    Party responder{bob};
    TaskGroup group(loop.executor(), "test");
    group.spawn(secure(responder, Side::kResponder, std::move(ends.second)));
    loop.run(initiate(alice, *ends.first));
    loop.run(group.join());
    channel = value_or_throw(std::move(responder.channel));
    pipe = std::move(ends.first);
  }

  Bytes seal(std::string_view text) override {
    value_or_throw(records->write(as_bytes(text)));
    auto sealed = records->take();
    return to_bytes(sealed.bytes());
  }
  Bytes goodbye() {
    records->close();
    auto sealed = records->take();
    return to_bytes(sealed.bytes());
  }

  std::unique_ptr<Records> records;

 private:
  Task<void> initiate(Node& node, ByteStream& stream) {
    sim::SeededRandom random(7);
    Context context(make_certificate(node.key, loop.clock().wall_now(), random));
    auto securing =
        handshake(stream, Side::kInitiator, context, std::nullopt, {}, BufferPool(), loop.clock());
    auto session = co_await std::move(securing);
    records = std::move(session.records);
  }
};

// A record that announces more than any may have.
Bytes too_long() {
  Bytes record = {0x17, 3, 3, 0x48, 0};
  record.resize(kRecordHeaderSize + 0x4800, 1);
  return record;
}

}  // namespace

TEST_CASE("a TLS channel keeps the contract of secure channels") {
  check_channel_contract({.make = make_tls,
                          .bare = [](sim::Loop& loop) { return std::make_unique<BareTls>(loop); },
                          .record_overhead = kRecordOverhead,
                          .changes = {{0, Errc::kMalformed},  // the version behind it means nothing
                                      {kRecordHeaderSize, Errc::kDecryptFailed},
                                      {kRecordHeaderSize + 2, Errc::kDecryptFailed},
                                      {3 + kRecordOverhead - 1, Errc::kDecryptFailed}},
                          .mistakes = {{too_long(), Errc::kTooLarge},
                                       // In the clear.
                                       {{0x16, 3, 3, 0, 4, 1, 0, 0, 0}, Errc::kMalformed}},
                          .ends_between_records = false,
                          .seal_max = tls::kSealMax,
                          .busy_size = kLargeBufferSize,
                          .wait_size = Records::kWaitSize});
}

TEST_CASE("a TLS channel is a ByteStream") {
  check_channel_is_stream(make_tls, {});
}

TEST_CASE("a TLS channel over a slow pipe that delivers few bytes at a time is a ByteStream") {
  check_channel_is_stream(make_tls, kSlowPipe);
}

TEST_CASE("the peer's last word ends its half, and nothing may follow it") {
  sim::Loop loop;
  SUBCASE("the end") {
    BareTls bare(loop);
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
    BareTls bare(loop);
    Bytes records = bare.goodbye();
    append(records, Bytes{0x17});
    CHECK(outcome_of(bare, records, "") == Errc::kMalformed);
  }
  SUBCASE("something later") {
    BareTls bare(loop);
    loop.run(write(*bare.pipe, bare.goodbye()));
    const auto end = loop.run(as_result(with_timeout(loop.clock(), 1s, read_text(*bare.channel))));
    CHECK(error_of(end) == Errc::kTimedOut);  // until the pipe ends, too
    CHECK(outcome_of(bare, {0x17}, "") == Errc::kMalformed);
  }
}

TEST_CASE("new keys are taken when the peer changes them, and answered with ours") {
  sim::Loop loop;
  BareTls bare(loop);
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
