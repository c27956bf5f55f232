#include "warren/security/tls/handshake.hpp"

#include <doctest/doctest.h>

#include <deque>

#include "warren/security/tls/test_nodes.hpp"
#include "warren/sim/for_each_failure.hpp"

using namespace warren;
using namespace warren::tls;
using namespace warren::tls::test;

namespace {

constexpr Side kBothSides[] = {Side::kInitiator, Side::kResponder};
constexpr KeyType kKeyTypes[] = {KeyType::kEd25519, KeyType::kSecp256k1, KeyType::kEcdsa, KeyType::kRsa,
                                 KeyType::kSm2};

const ProtocolId kYamux = "/yamux/1.0.0";
const ProtocolId kMplex = "/mplex/6.7.0";

// Runs the handshake of the two parties over a pipe.
void shake_hands(sim::Loop& loop, Party& initiator, Party& responder) {
  loop.run(secure_both(loop, initiator, responder, sim::pipe(loop, {.delay = 5ms})));
  REQUIRE_FALSE(loop.busy());
}

Task<Bytes> read_once(ByteStream& stream) {
  Bytes buffer(100);
  buffer.resize(co_await stream.read_some(buffer));
  co_return buffer;
}

// What the initiator's first read on its channel tells.
std::error_code first_read(sim::Loop& loop, const Party& initiator) {
  REQUIRE(initiator.channel);
  return error_of(loop.run(as_result(read_once(**initiator.channel))));
}

}  // namespace

TEST_CASE("each side learns who the other is, whatever the types of their keys") {
  sim::Loop loop;
  std::deque<Node> alices;
  std::deque<Node> bobs;
  for (const KeyType type : kKeyTypes) {
    alices.emplace_back(loop, type, 1);
    bobs.emplace_back(loop, type, 2);
  }
  for (Node& alice : alices) {
    for (Node& bob : bobs) {
      CAPTURE(name_of(alice.key.type()));
      CAPTURE(name_of(bob.key.type()));
      Party initiator{alice, bob.peer()};
      Party responder{bob, alice.peer()};
      shake_hands(loop, initiator, responder);
      REQUIRE(initiator.channel);
      REQUIRE(responder.channel);
      CHECK((*initiator.channel)->remote_peer() == bob.peer());
      CHECK((*initiator.channel)->remote_key() == bob.key.public_key());
      CHECK((*responder.channel)->remote_peer() == alice.peer());
      CHECK((*responder.channel)->remote_key() == alice.key.public_key());
      CHECK_FALSE((*initiator.channel)->early_muxer());
      CHECK_FALSE((*responder.channel)->early_muxer());
    }
  }
}

TEST_CASE("a certificate that was good once must still be valid when the peer comes again") {
  sim::Loop loop;
  Node alice(loop, KeyType::kEd25519, 1);
  Node bob(loop, KeyType::kEd25519, 2);
  const auto meet = [&] {
    Party initiator{alice, bob.peer()};
    Party responder{bob, alice.peer()};
    shake_hands(loop, initiator, responder);
    return std::pair(error_of(initiator.channel), error_of(responder.channel));
  };
  for (int i = 0; i < 3; ++i) {
    CHECK(!meet().first);
    loop.advance(1h);
  }
  loop.advance(kValidAfter);
  CHECK(meet().first == Errc::kNotValidNow);
  CHECK(meet().second == Errc::kHandshakeRefused);
}

TEST_CASE("certificates that were good lately are known, and their number is bounded") {
  VerifiedCertificates verified;
  sim::Loop loop;
  const Node node(loop);
  for (std::uint16_t i = 0; i < 1000; ++i) {
    const Digest digest{static_cast<std::uint8_t>(i >> 8), static_cast<std::uint8_t>(i)};
    CHECK_FALSE(verified.find(digest));
    verified.add(digest, node.key.public_key());
    verified.add(digest, node.key.public_key());
    CHECK(verified.find(digest) == node.key.public_key());
  }
  CHECK(verified.size() == VerifiedCertificates::kMax);
  CHECK_FALSE(verified.find(Digest{}));
}

TEST_CASE("the handshake takes one round trip until the initiator may write") {
  sim::Loop loop;
  Node alice(loop, KeyType::kEd25519, 1);
  Node bob(loop, KeyType::kEd25519, 2);
  Party initiator{alice, bob.peer(), {kYamux}};
  Party responder{bob, {}, {kYamux}};
  loop.run(secure_both(loop, initiator, responder, sim::pipe(loop, {.delay = 50ms})));
  REQUIRE(responder.channel);
  CHECK(loop.now() == Instant{} + 150ms);  // when the responder has the initiator's last message
}

TEST_CASE("the muxer is the first of the initiator's that both have") {
  sim::Loop loop;
  Node alice(loop, KeyType::kEd25519, 1);
  Node bob(loop, KeyType::kEd25519, 2);
  const auto agreed = [&](std::vector<ProtocolId> first, std::vector<ProtocolId> second) {
    Party initiator{alice, {}, first};
    Party responder{bob, {}, second};
    shake_hands(loop, initiator, responder);
    REQUIRE(initiator.channel);
    REQUIRE(responder.channel);
    CHECK((*initiator.channel)->early_muxer() == (*responder.channel)->early_muxer());
    return (*initiator.channel)->early_muxer();
  };
  CHECK(agreed({kYamux, kMplex}, {kMplex, kYamux}) == kYamux);
  CHECK(agreed({kMplex, kYamux}, {kYamux, kMplex}) == kMplex);
  CHECK(agreed({"/other", kMplex}, {kYamux, kMplex}) == kMplex);
  // What follows is negotiated on the channel: there is always "libp2p".
  CHECK(agreed({kYamux}, {kMplex}) == std::nullopt);
  CHECK(agreed({kYamux}, {}) == std::nullopt);
  CHECK(agreed({}, {kYamux}) == std::nullopt);
}

TEST_CASE("an initiator that meets another peer than it dialed stops, and says that it does") {
  sim::Loop loop;
  Node alice(loop, KeyType::kEd25519, 1);
  Node bob(loop, KeyType::kEd25519, 2);
  Party initiator{alice, alice.peer()};
  Party responder{bob};
  shake_hands(loop, initiator, responder);
  CHECK(error_of(initiator.channel) == Errc::kPeerIdMismatch);
  CHECK(error_of(responder.channel) == Errc::kHandshakeRefused);
}

TEST_CASE("a responder that expects somebody else refuses, and the initiator learns of it when it reads") {
  sim::Loop loop;
  Node alice(loop, KeyType::kEd25519, 1);
  Node bob(loop, KeyType::kEd25519, 2);
  Party initiator{alice, bob.peer()};
  Party responder{bob, bob.peer()};
  shake_hands(loop, initiator, responder);
  CHECK(error_of(responder.channel) == Errc::kPeerIdMismatch);
  CHECK(first_read(loop, initiator) == Errc::kHandshakeRefused);
}

namespace {

Task<void> note(Task<void> task, Result<>& end) {
  end = co_await as_result(std::move(task));
}

Task<void> send_raw(StreamPtr pipe, Bytes bytes) {
  co_await pipe->write(bytes);
  co_await pipe->close_write();
  co_await read_to_end(*pipe, 100'000);
}

Task<void> receive_raw(sim::Loop& loop, Party& party, Side side, Bytes bytes) {
  auto [ours, theirs] = sim::pipe(loop);
  Result<> end;
  TaskGroup group(loop.executor(), "test");
  group.spawn(secure(party, side, std::move(ours)));
  group.spawn(note(send_raw(std::move(theirs), std::move(bytes)), end));
  co_await group.join();
}

std::error_code outcome_of_bytes(Side side, Bytes bytes) {
  sim::Loop loop;
  Node node(loop);
  Party party{node};
  loop.run(receive_raw(loop, party, side, std::move(bytes)));
  REQUIRE(!party.channel);
  return party.channel.error();
}

}  // namespace

TEST_CASE("what is no TLS ends the handshake") {
  for (const Side side : kBothSides) {
    CHECK(outcome_of_bytes(side, {}) == Errc::kEndOfStream);
    CHECK(outcome_of_bytes(side, {0x16}) == Errc::kEndOfStream);
    CHECK(outcome_of_bytes(side, {0x16, 3, 1, 0x40}) == Errc::kEndOfStream);
    CHECK(outcome_of_bytes(side, to_bytes("GET / HTTP/1.1\r\n\r\n")) == Errc::kMalformed);
    CHECK(outcome_of_bytes(side, Bytes(100, 0)) == Errc::kMalformed);
    CHECK(outcome_of_bytes(side, Bytes(100, 0xff)) == Errc::kMalformed);
  }
}

TEST_CASE("a peer cannot keep us busy with a handshake that never ends") {
  // A ClientHello of 100,000 bytes, in records of 16 KiB.
  Bytes endless;
  for (int i = 0; i < 6; ++i) {
    append(endless, Bytes{0x16, 3, 1, 0x40, 0});
    Bytes record(0x4000, 0);
    if (i == 0) record[0] = 1, record[1] = 1, record[2] = 0x86, record[3] = 0xa0;
    append(endless, record);
  }
  CHECK(outcome_of_bytes(Side::kResponder, endless) == Errc::kTooLarge);
}

namespace {

// Changes one bit, or ends the stream, at one place of all that is written.
class Meddler final : public ByteStream {
 public:
  Meddler(StreamPtr stream, std::size_t place, bool cut, std::size_t& written)
      : stream_(std::move(stream)), place_(place), cut_(cut), written_(written) {}

  Task<std::size_t> read_some(MutableBytes to) override { return stream_->read_some(to); }
  Task<void> write(BytesView bytes) override {
    Bytes changed = to_bytes(bytes);
    const bool here = place_ >= written_ && place_ < written_ + bytes.size();
    if (here && cut_) changed.resize(place_ - written_);
    if (here && !cut_) changed[place_ - written_] ^= 1;
    written_ += bytes.size();
    co_await stream_->write(changed);
    if (here && cut_) co_await stream_->close_write();
  }
  Task<void> close_write() override { return stream_->close_write(); }
  void reset() override { stream_->reset(); }

 private:
  StreamPtr stream_;
  std::size_t place_;
  bool cut_;
  std::size_t& written_;
};

struct Meddled {
  bool reader_fails = false;
  std::size_t written = 0;  // by the side that is meddled with
};

// Meddles with what `side` writes, at that place. Each side that is left waiting is given an end.
Meddled meddle(sim::Loop& loop, Node& alice, Node& bob, Side side, std::size_t place, bool cut) {
  Meddled result;
  Party initiator{alice, bob.peer()};
  Party responder{bob};
  auto ends = sim::pipe(loop);
  auto& end = side == Side::kInitiator ? ends.first : ends.second;
  end = std::make_unique<Meddler>(std::move(end), place, cut, result.written);
  TaskGroup group(loop.executor(), "test");
  group.spawn(secure(initiator, Side::kInitiator, std::move(ends.first)));
  group.spawn(secure(responder, Side::kResponder, std::move(ends.second)));
  loop.run_until_idle();
  loop.run(group.close());  // a size that was made larger is waited for: the caller's time limit ends that
  result.reader_fails = side == Side::kInitiator ? !responder.channel : !initiator.channel;
  return result;
}

}  // namespace

TEST_CASE("no bit can be changed on the way, nor anything be cut off, without a side noticing") {
  constexpr std::size_t kNowhere = 1'000'000;
  sim::Loop loop;
  Node alice(loop, KeyType::kEd25519, 1);
  Node bob(loop, KeyType::kEd25519, 2);
  for (const Side side : kBothSides) {
    const Meddled whole = meddle(loop, alice, bob, side, kNowhere, false);
    CHECK_FALSE(whole.reader_fails);
    REQUIRE(whole.written > 500);
    REQUIRE(whole.written < 2000);
    // ECDSA signatures vary in length by some bytes, so the last places may be behind the end.
    for (std::size_t place = 0; place + 8 < whole.written; place += 7) {
      CAPTURE(static_cast<int>(side));
      CAPTURE(place);
      CHECK(meddle(loop, alice, bob, side, place, true).reader_fails);
      // The version in a record's header means nothing (RFC 8446 section 5.1), so the first two are left.
      if (place > 2) CHECK(meddle(loop, alice, bob, side, place, false).reader_fails);
    }
  }
}

namespace {

Task<void> converse(sim::Loop& loop, sim::Faults& faults) {
  Node alice(loop, KeyType::kEd25519, 1);
  Node bob(loop, KeyType::kSm2, 2);
  Party initiator{alice, bob.peer(), {kYamux}};
  Party responder{bob, {}, {kYamux}};
  auto ends = sim::pipe(loop, {.delay = 1ms, .faults = &faults});
  co_await secure_both(loop, initiator, responder, std::move(ends));
  value_or_throw(std::move(initiator.channel));
  value_or_throw(std::move(responder.channel));
}

}  // namespace

TEST_CASE("a handshake whose pipe fails at any step ends with an error on the side that can know") {
  CHECK(sim::for_each_failure(converse) >= 6);
}

namespace {

// A peer that connects and says nothing, or says only half of a message.
Task<void> meet_silence(sim::Loop& loop, Side side, Bytes said, Result<>& end) {
  Node node(loop);
  auto [ours, theirs] = sim::pipe(loop);
  co_await theirs->write(said);
  auto securing = node.transport.secure(std::move(ours), side, std::nullopt, {});
  const auto channel = co_await as_result(with_timeout(loop.clock(), 10s, std::move(securing)));
  CHECK(error_of(channel) == Errc::kTimedOut);
  const auto rest = co_await as_result(read_to_end(*theirs, 100'000));
  CHECK(error_of(rest) == Errc::kReset);
  end = Result<>{};
}

}  // namespace

TEST_CASE("a peer that keeps us waiting is left by the caller's time limit, and the pipe is reset") {
  for (const Side side : kBothSides) {
    for (const Bytes& said : {Bytes{0x16}, Bytes{0x16, 3, 1, 1, 0, 2, 0, 0, 0xfc}}) {
      sim::Loop loop;
      Result<> end = fail(Errc::kCanceled);
      loop.run(meet_silence(loop, side, said, end));
      CHECK(end);
    }
  }
}
