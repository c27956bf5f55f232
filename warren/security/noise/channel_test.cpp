#include "warren/security/noise/channel.hpp"

#include <doctest/doctest.h>

#include "warren/security/noise/test_nodes.hpp"
#include "warren/security/test_channel_contract.hpp"

using namespace warren;
using namespace warren::noise;
using namespace warren::noise::test;
using namespace warren::security_test;

namespace {

CipherState cipher(std::uint8_t seed) {
  return CipherState(std::array<std::uint8_t, kKeySize>{seed});
}

// A channel as after a handshake that came to these ciphers.
ChannelPtr make_channel(sim::Loop& loop, StreamPtr pipe, CipherState sending, CipherState receiving) {
  const NoiseNode node(loop);
  Session session{node.key.public_key(), node.peer(),        {},
                  std::nullopt,          std::move(sending), std::move(receiving)};
  return std::make_unique<noise::Channel>(std::move(pipe), std::move(session), BufferPool());
}

class BareNoise final : public Bare {
 public:
  explicit BareNoise(sim::Loop& the_loop) : Bare(the_loop) {
    auto ends = sim::pipe(loop);
    channel = make_channel(loop, std::move(ends.first), cipher(1), cipher(2));
    pipe = std::move(ends.second);
  }

  Bytes seal(std::string_view text) override {
    Bytes record = {0, static_cast<std::uint8_t>(text.size() + kTagSize)};
    record.resize(2 + text.size() + kTagSize);
    value_or_throw(sealing_.seal({}, as_bytes(text), MutableBytes(record).subspan(2)));
    return record;
  }

 private:
  CipherState sealing_ = cipher(2);
};

}  // namespace

TEST_CASE("a Noise channel keeps the contract of secure channels") {
  constexpr std::size_t kOverhead = kRecordPrefixSize + kTagSize;
  check_channel_contract({.make = make_noise,
                          .bare = [](sim::Loop& loop) { return std::make_unique<BareNoise>(loop); },
                          .record_overhead = kOverhead,
                          .changes = {{kRecordPrefixSize, Errc::kDecryptFailed},
                                      {kRecordPrefixSize + 2, Errc::kDecryptFailed},
                                      {3 + kOverhead - 1, Errc::kDecryptFailed}},
                          .mistakes = {{{0, 15}, Errc::kMalformed}},  // too short for the tag
                          .ends_between_records = true,
                          .seal_max = kSealMax,
                          // But for a record of which a part has arrived.
                          .busy_size = kLargeBufferSize - kRecordPrefixSize - kRecordSizeMax,
                          .wait_size = RecordReader::kWaitSize});
}

TEST_CASE("a Noise channel is a ByteStream") {
  check_channel_is_stream(make_noise, {});
}

TEST_CASE("a Noise channel over a slow pipe that delivers few bytes at a time is a ByteStream") {
  check_channel_is_stream(make_noise, kSlowPipe);
}

TEST_CASE("when the nonces are used up the channel is reset") {
  sim::Loop loop;
  auto ends = sim::pipe(loop);
  CipherState last = cipher(1);
  last.set_nonce(CipherState::kNonceMax - 1);
  const auto channel = make_channel(loop, std::move(ends.first), std::move(last), cipher(2));
  loop.run(write(*channel, to_bytes("the last record")));
  const auto written = loop.run(as_result(write(*channel, to_bytes("one more"))));
  CHECK(error_of(written) == Errc::kLimitReached);
  loop.run_until_idle();
  const auto other_end = loop.run(as_result(read_text(*ends.second)));
  CHECK(error_of(other_end) == Errc::kReset);
}
