// Each bad message is refused with its own reason: wrong fields, flipped bits, replay, reflection, garbage,
// sizes, floods.
#include <doctest/doctest.h>

#include "warren/async/as_result.hpp"
#include "warren/base/varint.hpp"
#include "warren/messaging/test_attack.hpp"

namespace warren {
namespace {

using test::Attack;
using test::run;

constexpr std::string_view kMessage = "/warren/message/1.0.0";

Task<void> wrong_fields(Attack& attack) {
  Header header = attack.header();
  header.recipient = test::sm2_key(9).public_key().compressed();
  CHECK(co_await attack.send(header) == Status::kWrongRecipient);

  header = attack.header();
  header.context = make_context("other", kMessage);
  CHECK(co_await attack.send(header) == Status::kWrongNetwork);

  header = attack.header();
  header.context = make_context("main", "/warren/request/1.0.0");
  CHECK(co_await attack.send(header) == Status::kWrongProtocol);
  header = attack.header();
  header.kind = MessageKind::kRequest;
  CHECK(co_await attack.send(header) == Status::kWrongProtocol);

  header = attack.header();
  header.timestamp -= 5min;
  CHECK(co_await attack.send(header) == Status::kClockSkew);
  header = attack.header();
  header.timestamp += 5min;
  CHECK(co_await attack.send(header) == Status::kClockSkew);

  header = attack.header();
  header.suite = 1;
  CHECK(co_await attack.send(header) == Status::kUnsupported);

  // Signed by mallory, in another's name.
  header = attack.header();
  Envelope envelope = attack.mallory.seal(header);
  header.sender = test::sm2_key(9).public_key().compressed();
  envelope.header = header.encode();
  Bytes wire = envelope.encode();
  CHECK(co_await attack.mallory.send(attack.connection, std::move(wire)) == Status::kNotBound);
  // In another's name, and signed by that one: brought over by mallory.
  wire = Envelope::seal(header, to_bytes("hello"), test::sm2_key(9)).encode();
  CHECK(co_await attack.mallory.send(attack.connection, std::move(wire)) == Status::kNotBound);

  const std::vector<std::error_code> reasons = {
      Errc::kWrongRecipient, Errc::kWrongNetwork, Errc::kWrongProtocol,
      Errc::kWrongProtocol,  Errc::kClockSkew,    Errc::kClockSkew,
      Errc::kUnsupported,    Errc::kNotBound,     Errc::kNotBound};
  CHECK(attack.bob.refused == reasons);
}

TEST_CASE("each wrong field is refused with its own reason") {
  run(wrong_fields);
}

Task<void> flip_bits(Attack& attack) {
  const Bytes good = attack.mallory.seal(attack.header()).encode();
  // Two bits of each byte: in the header every field, the body, the signature, and all lengths between them.
  for (std::size_t byte = 0; byte < good.size(); ++byte) {
    for (const std::uint8_t mask : {0x01, 0x40}) {
      CAPTURE(byte);
      Bytes wire = good;
      wire[byte] ^= mask;
      const auto status = co_await attack.mallory.send(attack.connection, std::move(wire));
      CHECK(status != Status::kOk);
      CHECK(status != Status::kReplayed);
      CHECK(status != Status::kFailed);
    }
  }
  // None of these attempts used up the original.
  Bytes wire = good;
  CHECK(co_await attack.mallory.send(attack.connection, std::move(wire)) == Status::kOk);
  CHECK(attack.bob.delivered.size() == 1);
  attack.bob.delivered.clear();
  CHECK(attack.bob.inbox->remove_through(1));
}

TEST_CASE("flipped bits in every field are refused") {
  run(flip_bits);
}

Task<void> flip_body_and_signature(Attack& attack) {
  Envelope envelope = attack.mallory.seal(attack.header());
  envelope.body[0] ^= 1;
  Bytes wire = envelope.encode();
  CHECK(co_await attack.mallory.send(attack.connection, std::move(wire)) == Status::kBadSignature);
  envelope.body[0] ^= 1;
  envelope.signature[20] ^= 1;
  wire = envelope.encode();
  CHECK(co_await attack.mallory.send(attack.connection, std::move(wire)) == Status::kBadSignature);
  Header header = attack.header();
  envelope = attack.mallory.seal(header);
  header.seq += 1;
  envelope.header = header.encode();
  wire = envelope.encode();
  CHECK(co_await attack.mallory.send(attack.connection, std::move(wire)) == Status::kBadSignature);
}

TEST_CASE("a changed body, header or signature does not verify") {
  run(flip_body_and_signature);
}

Task<void> replay(Attack& attack) {
  const Bytes good = attack.mallory.seal(attack.header()).encode();
  for (int i = 0; i < 3; ++i) {
    Bytes wire = good;
    const auto status = co_await attack.mallory.send(attack.connection, std::move(wire));
    CHECK(status == (i == 0 ? Status::kOk : Status::kReplayed));
  }
  CHECK(attack.bob.delivered.size() == 1);

  // Bob is started again. He has forgotten the nonce; what was stamped before is refused all the same.
  co_await attack.bob.stop();
  attack.bob.start();
  attack.connection = co_await attack.mallory.host.connect(attack.bob.info());
  Bytes binding = attack.mallory.signed_binding();
  co_await attack.mallory.bind(attack.connection, std::move(binding));
  Bytes wire = good;
  CHECK(co_await attack.mallory.send(attack.connection, std::move(wire)) == Status::kBeforeStart);
  CHECK(attack.bob.stored().size() == 1);
  attack.bob.delivered.clear();
  CHECK(attack.bob.inbox->remove_through(1));
}

TEST_CASE("a replay is refused, also after a restart") {
  run(replay);
}

Task<void> reflect(Attack& attack) {
  // What bob sends, sent back to him.
  Bytes caught;
  attack.mallory.host.handle(std::string(kMessage), [&](ConnectionPtr, StreamPtr stream) {
    return [](StreamPtr from, Bytes& to) -> Task<void> {
      to = co_await read_delimited(*from, 10'000);
      const Bytes ack = encode_ack(Verdict());
      co_await write_delimited(*from, ack);
      co_await from->close_write();
      co_await read_to_end(*from, 1);
    }(std::move(stream), caught);
  });
  co_await attack.bob.messaging->send_message(attack.mallory.info(), std::nullopt, to_bytes("x"));
  REQUIRE_FALSE(caught.empty());
  CHECK(co_await attack.mallory.send(attack.connection, std::move(caught)) == Status::kWrongRecipient);
}

TEST_CASE("a reflected envelope is refused") {
  run(reflect);
}

Task<void> garbage(Attack& attack) {
  Random& random = attack.mallory.host.env().random;
  for (const char* protocol : {"/warren/message/1.0.0", "/warren/request/1.0.0", "/warren/bind/1.0.0"}) {
    for (int i = 0; i < 50; ++i) {
      const StreamPtr stream = co_await attack.connection->open_stream(protocol);
      Bytes bytes(1 + random.below(300));
      random.fill(bytes);
      if (i % 2 == 0) bytes[0] = static_cast<std::uint8_t>(bytes.size() - 1) & 0x7f;
      std::ignore = co_await as_result(stream->write(bytes));
      std::ignore = co_await as_result(stream->close_write());
      const auto answer = co_await as_result(read_delimited(*stream, 10'000));
      if (!answer) continue;  // reset
      if (protocol == std::string_view("/warren/message/1.0.0")) {
        CHECK(value_or_throw(decode_ack(*answer)).status != Status::kOk);
      }
    }
  }
  // A length that nobody would believe, and no more.
  const StreamPtr stream = co_await attack.connection->open_stream(std::string(kMessage));
  Bytes length;
  append_varint(length, kVarintMax);
  co_await stream->write(length);
  const auto answer = co_await as_result(read_delimited(*stream, 10'000));
  REQUIRE(answer);
  CHECK(value_or_throw(decode_ack(*answer)).status == Status::kTooLarge);
  CHECK(attack.bob.messaging->node_of(attack.mallory.host.peer_id()).has_value());
}

TEST_CASE("garbage and impossible sizes end their stream and nothing else") {
  run(garbage);
}

Task<void> slow_sender(Attack& attack) {
  // Announces a message and sends half of it.
  const StreamPtr stream = co_await attack.connection->open_stream(std::string(kMessage));
  Bytes half;
  append_varint(half, 1'000'000);
  half.resize(half.size() + 500'000);
  co_await stream->write(half);
  const Instant start = attack.network.world.clock().now();
  const auto answer = co_await as_result(read_delimited(*stream, 10'000));
  REQUIRE(answer);
  CHECK(value_or_throw(decode_ack(*answer)).status == Status::kTimedOut);
  CHECK(attack.network.world.clock().now() - start <= MessagingLimits{}.receive_timeout + 1s);
  Bytes binding = attack.mallory.signed_binding();
  co_await attack.mallory.bind(attack.connection, std::move(binding));
}

TEST_CASE("a message that never ends is given up") {
  run(slow_sender);
}

Task<void> too_many_bytes(Attack& attack) {
  // Two unfinished messages take all there is; a third is read, thrown away and told.
  std::vector<StreamPtr> unfinished;
  for (int i = 0; i < 2; ++i) {
    unfinished.push_back(co_await attack.connection->open_stream(std::string(kMessage)));
    Bytes most;
    append_varint(most, 600'000);
    most.resize(most.size() + 500'000);
    co_await unfinished.back()->write(most);
  }
  Header header = attack.header();
  const auto status = co_await as_result(attack.send(header, std::string(400'000, 'x')));
  CHECK(status == Status::kBusy);
  unfinished.clear();
  co_await attack.network.world.clock().sleep_for(1s);
}

TEST_CASE("the bytes of one peer's messages are bounded") {
  MessagingConfig config;
  config.limits.body_max = 1024 * 1024;
  config.limits.peer_bytes_max = 1024 * 1024 + 64 * 1024;
  run(too_many_bytes, true, config);
}

Task<void> flood(Attack& attack) {
  std::map<Status, int> count;
  for (int i = 0; i < 30; ++i) {
    Header header = attack.header();
    header.timestamp = attack.mallory.host.env().clock.wall_now();
    Envelope envelope = attack.mallory.seal(header);
    envelope.signature[0] ^= 1;
    Bytes wire = envelope.encode();
    ++count[co_await attack.mallory.send(attack.connection, std::move(wire))];
  }
  CHECK(count[Status::kBadSignature] == 19);  // one token went for the binding, twice
  CHECK(count[Status::kRateLimited] == 11);
  co_await attack.network.world.clock().sleep_for(1min);
}

TEST_CASE("a peer can make us verify so many signatures and no more") {
  MessagingConfig config;
  config.limits.messages_burst = 21;
  config.limits.messages_per_second = 0.1;
  run(flood, true, config);
}

}  // namespace
}  // namespace warren
