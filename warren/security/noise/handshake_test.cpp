#include "warren/security/noise/handshake.hpp"

#include <doctest/doctest.h>

#include "warren/base/protobuf_wire.hpp"
#include "warren/security/noise/handshake_state.hpp"
#include "warren/security/noise/test_nodes.hpp"
#include "warren/sim/for_each_failure.hpp"

using namespace warren;
using namespace warren::noise;
using namespace warren::noise::test;

namespace {

// Runs the handshake of the two parties over a pipe.
void shake_hands(sim::Loop& loop, Party& initiator, Party& responder) {
  loop.run(secure_both(loop, initiator, responder, sim::pipe(loop, {.delay = 5ms})));
  REQUIRE_FALSE(loop.busy());
}

Task<Bytes> read_message(ByteStream& pipe) {
  std::array<std::uint8_t, 2> prefix;
  co_await read_exactly(pipe, prefix);
  Bytes message(static_cast<std::size_t>(prefix[0]) << 8 | prefix[1]);
  co_await read_exactly(pipe, message);
  co_return message;
}

Task<void> write_message(ByteStream& pipe, Bytes message) {
  Bytes framed = {static_cast<std::uint8_t>(message.size() >> 8), static_cast<std::uint8_t>(message.size())};
  append(framed, message);
  co_await pipe.write(framed);
}

// A peer that speaks Noise correctly with whatever payload it is given, then waits for the end, and notes it.
struct Stranger {
  X25519PrivateKey static_key{std::array<std::uint8_t, 32>{5}};
  Bytes payload;
  Result<> end;
};

Task<void> initiate(ByteStream& pipe, Stranger& stranger) {
  HandshakeState state(Side::kInitiator, stranger.static_key,
                       X25519PrivateKey(std::array<std::uint8_t, 32>{6}));
  Bytes first;
  value_or_throw(state.write_message({}, first));
  co_await write_message(pipe, first);
  const Bytes second = co_await read_message(pipe);
  value_or_throw(state.read_message(second));
  Bytes third;
  value_or_throw(state.write_message(stranger.payload, third));
  co_await write_message(pipe, third);
  co_await read_to_end(pipe, 10'000);
}

Task<void> respond(ByteStream& pipe, Stranger& stranger) {
  HandshakeState state(Side::kResponder, stranger.static_key,
                       X25519PrivateKey(std::array<std::uint8_t, 32>{6}));
  const Bytes first = co_await read_message(pipe);
  value_or_throw(state.read_message(first));
  Bytes second;
  value_or_throw(state.write_message(stranger.payload, second));
  co_await write_message(pipe, second);
  co_await read_to_end(pipe, 10'000);
}

Task<void> note(Task<void> task, Result<>& end) {
  end = co_await as_result(std::move(task));
}

Task<void> secure_and_leave(Party& party, Side side, StreamPtr pipe) {
  co_await secure(party, side, std::move(pipe));
  if (party.channel) (*party.channel)->reset();
}

Task<void> meet(sim::Loop& loop, Party& party, Side side, Stranger& stranger) {
  auto [ours, theirs] = sim::pipe(loop);
  TaskGroup group(loop.executor(), "test");
  group.spawn(secure_and_leave(party, side, std::move(ours)));
  group.spawn(note(side == Side::kInitiator ? respond(*theirs, stranger) : initiate(*theirs, stranger),
                   stranger.end));
  co_await group.join();
}

// How our handshake with a peer of that payload ends, on that side. The pipe must be reset.
std::error_code outcome_of(const Payload& payload, Side side, const Bytes* raw_payload = nullptr) {
  sim::Loop loop;
  Node node;
  Party party{node};
  Stranger stranger;
  stranger.payload = raw_payload ? *raw_payload : payload.encode();
  loop.run(meet(loop, party, side, stranger));
  CHECK(error_of(stranger.end) == Errc::kReset);
  return error_of(party.channel);
}

Payload payload_of(const PrivateKey& key, BytesView static_key) {
  Payload payload;
  payload.identity_key = key.public_key().to_protobuf();
  payload.identity_sig = key.sign(signed_text(static_key));
  return payload;
}

constexpr KeyType kAllKeyTypes[] = {KeyType::kRsa, KeyType::kEd25519, KeyType::kSecp256k1, KeyType::kEcdsa,
                                    KeyType::kSm2};
constexpr Side kBothSides[] = {Side::kInitiator, Side::kResponder};

const ProtocolId kYamux = "/yamux/1.0.0";
const ProtocolId kMplex = "/mplex/6.7.0";

}  // namespace

TEST_CASE("each side learns who the other is, whatever the types of their keys") {
  for (const KeyType initiator_type : kAllKeyTypes) {
    for (const KeyType responder_type : kAllKeyTypes) {
      Node alice(initiator_type, 1);
      Node bob(responder_type, 2);
      sim::Loop loop;
      Party initiator{alice, bob.peer()};
      Party responder{bob};
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

TEST_CASE("the muxer is the first of the initiator's that both have") {
  Node alice(KeyType::kEd25519, 1);
  Node bob(KeyType::kEd25519, 2);
  const auto agreed = [&](std::vector<ProtocolId> first, std::vector<ProtocolId> second) {
    sim::Loop loop;
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
  CHECK(agreed({kYamux}, {}) == std::nullopt);
  CHECK(agreed({}, {kYamux}) == std::nullopt);
}

TEST_CASE("without a common muxer the handshake fails on both sides") {
  Node alice(KeyType::kEd25519, 1);
  Node bob(KeyType::kEd25519, 2);
  sim::Loop loop;
  Party initiator{alice, {}, {kYamux}};
  Party responder{bob, {}, {kMplex}};
  shake_hands(loop, initiator, responder);
  CHECK(error_of(initiator.channel) == Errc::kProtocolNotSupported);
  CHECK_FALSE(responder.channel);
}

TEST_CASE("an initiator that meets another peer than it dialed stops before it says who it is") {
  Node alice(KeyType::kEd25519, 1);
  Node bob(KeyType::kEd25519, 2);
  sim::Loop loop;
  Party initiator{alice, alice.peer()};
  Party responder{bob};
  shake_hands(loop, initiator, responder);
  CHECK(error_of(initiator.channel) == Errc::kPeerIdMismatch);
  CHECK(error_of(responder.channel) == Errc::kReset);
}

TEST_CASE("a responder that expects somebody else refuses, and the initiator learns of it when it reads") {
  Node alice(KeyType::kEd25519, 1);
  Node bob(KeyType::kEd25519, 2);
  sim::Loop loop;
  Party initiator{alice, bob.peer()};
  Party responder{bob, bob.peer()};
  loop.run(secure_both(loop, initiator, responder, sim::pipe(loop, {.delay = 5ms})));
  CHECK(error_of(responder.channel) == Errc::kPeerIdMismatch);
  REQUIRE(initiator.channel);
  Bytes byte(1);
  const auto read = loop.run(as_result((*initiator.channel)->read_some(byte)));
  CHECK(error_of(read) == Errc::kReset);
}

TEST_CASE("who hangs up on seeing an SM2 key is said to refuse it, on both sides of a dial") {
  Node stock(KeyType::kEd25519, 1);
  Node native(KeyType::kSm2, 2);
  SUBCASE("as responder") {
    sim::Loop loop;
    Party initiator{stock, stock.peer()};  // any reason to refuse will do
    Party responder{native};
    shake_hands(loop, initiator, responder);
    CHECK(error_of(responder.channel) == Errc::kHandshakeRefused);
  }
  SUBCASE("as initiator") {
    sim::Loop loop;
    Party initiator{native, stock.peer()};
    Party responder{stock, stock.peer()};
    loop.run(secure_both(loop, initiator, responder, sim::pipe(loop, {.delay = 5ms})));
    CHECK(error_of(responder.channel) == Errc::kPeerIdMismatch);
    REQUIRE(initiator.channel);
    Bytes byte(1);
    for (const Errc expected : {Errc::kHandshakeRefused, Errc::kReset}) {
      const auto read = loop.run(as_result((*initiator.channel)->read_some(byte)));
      CHECK(error_of(read) == expected);
    }
  }
  SUBCASE("not once anything has arrived") {
    sim::Loop loop;
    Party initiator{native, stock.peer()};
    Party responder{stock};
    loop.run(secure_both(loop, initiator, responder, sim::pipe(loop, {.delay = 5ms})));
    REQUIRE(initiator.channel);
    REQUIRE(responder.channel);
    Bytes byte(1);
    loop.run((*responder.channel)->write(byte));
    CHECK(loop.run((*initiator.channel)->read_some(byte)) == 1);
    (*responder.channel)->reset();
    const auto read = loop.run(as_result((*initiator.channel)->read_some(byte)));
    CHECK(error_of(read) == Errc::kReset);
  }
}

TEST_CASE("a stranger is accepted with a proof of its key, and refused without") {
  sim::SeededRandom random(9);
  const PrivateKey key = PrivateKey::generate(KeyType::kEd25519, fill_from(random));
  const PrivateKey sm2_key = PrivateKey::generate(KeyType::kSm2, fill_from(random));
  const PrivateKey other_key = PrivateKey::generate(KeyType::kEd25519, fill_from(random));
  const X25519PublicKey static_key = Stranger().static_key.public_key();

  for (const Side side : kBothSides) {
    CAPTURE(static_cast<int>(side));
    for (const PrivateKey* good : {&key, &sm2_key}) {
      Payload payload = payload_of(*good, static_key);
      CHECK(!outcome_of(payload, side));
      payload.identity_sig.back() ^= 1;
      CHECK(outcome_of(payload, side) == Errc::kBadSignature);
      payload.identity_sig.pop_back();
      CHECK(outcome_of(payload, side) == Errc::kBadSignature);
      CHECK(outcome_of(payload_of(*good, Bytes(32, 1)), side) == Errc::kBadSignature);
    }

    Payload stolen = payload_of(key, static_key);
    stolen.identity_key = other_key.public_key().to_protobuf();
    CHECK(outcome_of(stolen, side) == Errc::kBadSignature);

    Payload without_domain = payload_of(key, static_key);
    without_domain.identity_sig = key.sign(static_key);
    CHECK(outcome_of(without_domain, side) == Errc::kBadSignature);

    const Bytes empty;
    CHECK(outcome_of({}, side, &empty) == Errc::kMalformed);
    const Bytes garbage(100, 0xff);
    CHECK(outcome_of({}, side, &garbage) == Errc::kMalformed);
  }
}

TEST_CASE("identity keys of unknown types, or that are none, are refused") {
  sim::SeededRandom random(9);
  const PrivateKey key = PrivateKey::generate(KeyType::kEd25519, fill_from(random));
  const Payload good = payload_of(key, Stranger().static_key.public_key());
  const auto with_key = [&](std::uint64_t type, std::size_t size) {
    ProtobufWriter writer;
    writer.varint(1, type).bytes(2, Bytes(size, 2));
    Payload payload = good;
    payload.identity_key = writer.take();
    return payload;
  };
  for (const Side side : kBothSides) {
    for (const std::uint64_t type : {4, 5, 0x41, 77, 1000}) {
      CHECK(outcome_of(with_key(type, 300), side) == Errc::kUnknownKeyType);
    }
    for (const std::uint64_t type : {0, 2, 3}) CHECK(outcome_of(with_key(type, 300), side) == Errc::kBadKey);
    CHECK(outcome_of(with_key(0, 2100), side) == Errc::kBadKeySize);  // RSA, 16384 bits
    CHECK(outcome_of(with_key(1, 31), side) == Errc::kBadKey);
    CHECK(outcome_of(with_key(0x40, 32), side) == Errc::kBadKey);
    Payload padded = good;
    padded.identity_key.push_back(0);
    CHECK(outcome_of(padded, side));
  }
}

namespace {

Task<void> send_raw(ByteStream& pipe, Bytes bytes) {
  co_await pipe.write(bytes);
  co_await pipe.close_write();
  co_await read_to_end(pipe, 100'000);
}

Task<void> receive_raw(sim::Loop& loop, Party& party, Side side, Bytes bytes) {
  auto [ours, theirs] = sim::pipe(loop);
  Result<> end;
  TaskGroup group(loop.executor(), "test");
  group.spawn(secure(party, side, std::move(ours)));
  group.spawn(note(send_raw(*theirs, std::move(bytes)), end));
  co_await group.join();
}

std::error_code outcome_of_bytes(Side side, Bytes bytes) {
  sim::Loop loop;
  Node node;
  Party party{node};
  loop.run(receive_raw(loop, party, side, std::move(bytes)));
  REQUIRE(!party.channel);
  return party.channel.error();
}

}  // namespace

TEST_CASE("a message may not be larger than any honest one, nor too short for its keys") {
  for (const Side side : kBothSides) {
    CHECK(outcome_of_bytes(side, {}) == Errc::kEndOfStream);
    CHECK(outcome_of_bytes(side, {0}) == Errc::kEndOfStream);
    CHECK(outcome_of_bytes(side, {0, 0}) == Errc::kTruncated);
    CHECK(outcome_of_bytes(side, {0, 32, 1, 2, 3}) == Errc::kEndOfStream);
    CHECK(outcome_of_bytes(side, {0xff, 0xff}) == Errc::kTooLarge);
    CHECK(outcome_of_bytes(side, {kReceivedMessageMax >> 8, (kReceivedMessageMax & 0xff) + 1}) ==
          Errc::kTooLarge);
    Bytes short_message = {0, 31};
    short_message.resize(2 + 31, 7);
    CHECK(outcome_of_bytes(side, short_message) == Errc::kTruncated);
  }
}

TEST_CASE("what a first message says in the clear is ignored") {
  Bytes first = {0, 32 + 5};
  append(first, X25519PrivateKey(std::array<std::uint8_t, 32>{8}).public_key());
  append(first, as_bytes("hello"));
  // The responder answers; the peer then ends instead of sending the third message.
  CHECK(outcome_of_bytes(Side::kResponder, first) == Errc::kEndOfStream);
}

namespace {

// Changes one bit, or ends the stream, at one place of all that is written.
class Meddler final : public ByteStream {
 public:
  Meddler(StreamPtr stream, std::size_t place, bool cut)
      : stream_(std::move(stream)), place_(place), cut_(cut) {}

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
  std::size_t written_ = 0;
};

// Ed25519 keys on both sides, no muxers: what each side writes.
constexpr std::size_t kPayloadSize = 2 + 36 + 2 + 64;
constexpr std::size_t kInitiatorWrites = 2 + 32 + 2 + 48 + kPayloadSize + 16;
constexpr std::size_t kResponderWrites = 2 + 32 + 48 + kPayloadSize + 16;

// Meddles with what `side` writes, at that place. Each side that is left waiting is given an end.
void meddle(Side side, std::size_t place, bool cut) {
  CAPTURE(static_cast<int>(side));
  CAPTURE(place);
  CAPTURE(cut);
  Node alice(KeyType::kEd25519, 1);
  Node bob(KeyType::kEd25519, 2);
  sim::Loop loop;
  Party initiator{alice, bob.peer()};
  Party responder{bob};
  auto ends = sim::pipe(loop);
  auto& end = side == Side::kInitiator ? ends.first : ends.second;
  end = std::make_unique<Meddler>(std::move(end), place, cut);
  Party& reader = side == Side::kInitiator ? responder : initiator;
  TaskGroup group(loop.executor(), "test");
  group.spawn(secure(initiator, Side::kInitiator, std::move(ends.first)));
  group.spawn(secure(responder, Side::kResponder, std::move(ends.second)));
  loop.run_until_idle();
  loop.run(group.close());  // a size that was made larger is waited for: the caller's time limit ends that
  CHECK(!reader.channel);
  CHECK((side == Side::kInitiator || !responder.channel));
}

}  // namespace

TEST_CASE("an Ed25519 payload has the size that the next test reckons with") {
  Node alice(KeyType::kEd25519, 1);
  const Payload payload = payload_of(alice.key, Bytes(32));
  CHECK(payload.encode().size() == kPayloadSize);
}

TEST_CASE("no bit can be changed on the way, nor anything be cut off, without a side noticing") {
  for (const bool cut : {false, true}) {
    for (std::size_t i = 34; i < kInitiatorWrites; ++i) meddle(Side::kInitiator, i, cut);
    for (std::size_t i = 0; i < kResponderWrites; ++i) meddle(Side::kResponder, i, cut);
  }
}

namespace {

Task<void> converse(sim::Loop& loop, sim::Faults& faults) {
  Node alice(KeyType::kEd25519, 1);
  Node bob(KeyType::kSm2, 2);
  Party initiator{alice, bob.peer(), {kYamux}};
  Party responder{bob, {}, {kYamux}};
  auto ends = sim::pipe(loop, {.delay = 1ms, .faults = &faults});
  co_await secure_both(loop, initiator, responder, std::move(ends));
  value_or_throw(std::move(initiator.channel));
  value_or_throw(std::move(responder.channel));
}

}  // namespace

TEST_CASE("a handshake whose pipe fails at any step ends with an error on the side that can know") {
  CHECK(sim::for_each_failure(converse) == 9);
}

namespace {

// A peer that connects and says nothing, or says only half of a message.
Task<void> meet_silence(sim::Loop& loop, Side side, Bytes said, Result<>& end) {
  Node node;
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
    for (const Bytes& said : {Bytes{1}, Bytes{0, 32, 7, 7}}) {
      sim::Loop loop;
      Result<> end = fail(Errc::kCanceled);
      loop.run(meet_silence(loop, side, said, end));
      CHECK(end);
    }
  }
}
