#include <doctest/doctest.h>

#include "warren/async/as_result.hpp"
#include "warren/security/pnet/protector.hpp"
#include "warren/sim/pipe.hpp"
#include "warren/sim/random.hpp"
#include "warren/sim/stream_contract.hpp"

using namespace warren;

namespace {

constexpr pnet::PreSharedKey kKey = {1, 2, 3};
const std::string kHex = "0102030000000000000000000000000000000000000000000000000000000000";

Task<sim::StreamPair> connect(sim::Loop& loop, pnet::Protector& protector) {
  auto ends = sim::pipe(loop, {.delay = 100us, .read_max = 700, .buffer = 200'000});
  co_return sim::StreamPair{protector.protect(std::move(ends.first)),
                            protector.protect(std::move(ends.second))};
}

}  // namespace

TEST_CASE("the three encodings of swarm.key, and what is none") {
  const std::string header = "/key/swarm/psk/1.0.0/\n";
  CHECK(pnet::parse_key_file(header + "/base16/\n" + kHex + "\n") == kKey);
  CHECK(pnet::parse_key_file(header + "/base16/\n" + kHex) == kKey);
  CHECK(pnet::parse_key_file("/key/swarm/psk/1.0.0/\r\n/base16/\r\n" + kHex + "\r\n") == kKey);
  CHECK(pnet::parse_key_file(header + "/base64/\nAQIDAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=\n") == kKey);
  CHECK(pnet::parse_key_file(header + "/bin/\n" + to_text(kKey)) == kKey);
  CHECK(pnet::parse_key_file(pnet::format_key_file(kKey)) == kKey);

  CHECK(pnet::parse_key_file("").error() == Errc::kBadEncoding);
  CHECK(pnet::parse_key_file(kHex).error() == Errc::kBadEncoding);
  CHECK(pnet::parse_key_file(header + "/base58/\n" + kHex).error() == Errc::kBadEncoding);
  CHECK(pnet::parse_key_file(header + "/base16/\n" + kHex + "00").error() == Errc::kBadKey);
  CHECK(pnet::parse_key_file(header + "/base16/\n" + kHex.substr(2)).error() == Errc::kBadKey);
  CHECK(pnet::parse_key_file(header + "/base16/\nxx").error() == Errc::kBadEncoding);
}

TEST_CASE("members understand each other, and the wire shows nothing of it") {
  sim::Loop loop;
  sim::SeededRandom random(1);
  pnet::Protector protector(kKey, random);
  auto [near, far] = sim::pipe(loop);
  StreamPtr alice = protector.protect(std::move(near));
  loop.run(alice->write(as_bytes("/multistream/1.0.0")));
  Bytes wire(200);
  wire.resize(loop.run(far->read_some(wire)));
  CHECK(wire.size() == 24 + 18);
  CHECK(as_text(wire).find("multistream") == std::string_view::npos);
}

TEST_CASE("with another key, one reads noise") {
  sim::Loop loop;
  sim::SeededRandom random(1);
  pnet::Protector members(kKey, random);
  pnet::Protector strangers(pnet::PreSharedKey{9}, random);
  auto [near, far] = sim::pipe(loop);
  StreamPtr alice = members.protect(std::move(near));
  StreamPtr mallory = strangers.protect(std::move(far));
  loop.run(alice->write(as_bytes("/multistream/1.0.0")));
  Bytes read(18);
  CHECK(loop.run(mallory->read_some(read)) == 18);
  CHECK(as_text(read) != "/multistream/1.0.0");
}

TEST_CASE("an end before, within and after the nonce") {
  sim::Loop loop;
  sim::SeededRandom random(1);
  pnet::Protector protector(kKey, random);
  for (const std::size_t sent : {0, 5, 24}) {
    auto [near, far] = sim::pipe(loop);
    StreamPtr alice = protector.protect(std::move(near));
    if (sent > 0) loop.run(far->write(Bytes(sent)));
    loop.run(far->close_write());
    Bytes to(10);
    const auto read = loop.run(as_result(alice->read_some(to)));
    if (sent == 5) {
      CHECK(read.error() == Errc::kEndOfStream);
    } else {
      CHECK(read == 0u);
    }
  }
}

TEST_CASE("a protected pipe is a ByteStream") {
  sim::Loop loop;
  sim::SeededRandom random(1);
  pnet::Protector protector(kKey, random);
  sim::check_stream_contract({.executor = loop.executor(),
                              .clock = loop.clock(),
                              .run = [&](Task<void> task) { loop.run(std::move(task)); },
                              .connect = [&] { return connect(loop, protector); }});
  CHECK_FALSE(loop.busy());
}
