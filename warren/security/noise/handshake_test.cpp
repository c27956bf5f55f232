#include "warren/security/noise/handshake.hpp"

#include <doctest/doctest.h>

#include "warren/base/protobuf_wire.hpp"
#include "warren/security/noise/handshake_state.hpp"
#include "warren/security/noise/test_nodes.hpp"
#include "warren/security/test_handshake_contract.hpp"

using namespace warren;
using namespace warren::noise;
using namespace warren::noise::test;
using namespace warren::security_test;

namespace {

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

Task<void> secure_and_reset(Party& party, Side side, StreamPtr pipe) {
  co_await secure(party, side, std::move(pipe));
  if (party.channel) (*party.channel)->reset();
}

Task<void> meet(sim::Loop& loop, Party& party, Side side, Stranger& stranger) {
  auto [ours, theirs] = sim::pipe(loop);
  TaskGroup group(loop.executor(), "test");
  group.spawn(secure_and_reset(party, side, std::move(ours)));
  group.spawn(note(side == Side::kInitiator ? respond(*theirs, stranger) : initiate(*theirs, stranger),
                   stranger.end));
  co_await group.join();
}

// How our handshake with a peer of that payload ends, on that side. The pipe must be reset.
std::error_code outcome_of(const Payload& payload, Side side, const Bytes* raw_payload = nullptr) {
  sim::Loop loop;
  NoiseNode node(loop);
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

// Ed25519 keys on both sides, no muxers: what each side writes.
constexpr std::size_t kPayloadSize = 2 + 36 + 2 + 64;
constexpr std::size_t kInitiatorWrites = 2 + 32 + 2 + 48 + kPayloadSize + 16;
constexpr std::size_t kResponderWrites = 2 + 32 + 48 + kPayloadSize + 16;

}  // namespace

TEST_CASE("Noise keeps the contract of handshakes") {
  Bytes short_message = {0, 31};
  short_message.resize(2 + 31, 7);
  check_handshake_contract(
      {.make = make_noise,
       .refused = Errc::kReset,
       .no_common_muxer = Errc::kProtocolNotSupported,
       // A message may not be larger than any honest one, nor too short for its keys.
       .mistakes = {{{}, Errc::kEndOfStream},
                    {{0}, Errc::kEndOfStream},
                    {{0, 0}, Errc::kTruncated},
                    {{0, 32, 1, 2, 3}, Errc::kEndOfStream},
                    {{0xff, 0xff}, Errc::kTooLarge},
                    {{kReceivedMessageMax >> 8, (kReceivedMessageMax & 0xff) + 1}, Errc::kTooLarge},
                    {short_message, Errc::kTruncated}},
       .beginnings = {{1}, {0, 32, 7, 7}},
       .written = {kResponderWrites, kInitiatorWrites},
       .operations = {9, 9}});
}

TEST_CASE("who hangs up on seeing an SM2 key is said to refuse it, on both sides of a dial") {
  sim::Loop loop;
  NoiseNode stock(loop, KeyType::kEd25519, 1);
  NoiseNode native(loop, KeyType::kSm2, 2);
  SUBCASE("as responder") {
    Party initiator{stock, stock.peer()};  // any reason to refuse will do
    Party responder{native};
    shake_hands(loop, initiator, responder);
    CHECK(error_of(responder.channel) == Errc::kHandshakeRefused);
  }
  SUBCASE("as initiator") {
    Party initiator{native, stock.peer()};
    Party responder{stock, stock.peer()};
    shake_hands(loop, initiator, responder);
    CHECK(error_of(responder.channel) == Errc::kPeerIdMismatch);
    REQUIRE(initiator.channel);
    Bytes byte(1);
    for (const Errc expected : {Errc::kHandshakeRefused, Errc::kReset}) {
      const auto read = loop.run(as_result((*initiator.channel)->read_some(byte)));
      CHECK(error_of(read) == expected);
    }
  }
  SUBCASE("not once anything has arrived") {
    Party initiator{native, stock.peer()};
    Party responder{stock};
    shake_hands(loop, initiator, responder);
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

TEST_CASE("what a first message says in the clear is ignored") {
  Bytes first = {0, 32 + 5};
  append(first, X25519PrivateKey(std::array<std::uint8_t, 32>{8}).public_key());
  append(first, as_bytes("hello"));
  // The responder answers; the peer then ends instead of sending the third message.
  CHECK(outcome_of_bytes(make_noise, Side::kResponder, first) == Errc::kEndOfStream);
}

TEST_CASE("an Ed25519 payload has the size that the contract is told") {
  sim::Loop loop;
  const NoiseNode alice(loop);
  const Payload payload = payload_of(alice.key, Bytes(32));
  CHECK(payload.encode().size() == kPayloadSize);
}
