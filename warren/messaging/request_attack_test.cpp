// Requests that come twice, and responses that lie.
#include <doctest/doctest.h>

#include "warren/async/as_result.hpp"
#include "warren/messaging/test_attack.hpp"

namespace warren {
namespace {

using test::Attack;
using test::run;

Task<void> reused_request(Attack& attack) {
  int runs = 0;
  attack.bob.messaging->serve("count", [&](ServiceCall call) {
    ++runs;
    return [](ServiceCall call) -> Task<Bytes> { co_return std::move(call.payload); }(std::move(call));
  });
  RequestBody body{.id = {1}, .first_sent = attack.mallory.host.env().clock.wall_now(), .service = "count"};
  for (int i = 0; i < 3; ++i) {
    Header header = attack.mallory.header(attack.bob.node(), "/warren/request/1.0.0");
    header.kind = MessageKind::kRequest;
    header.timestamp += std::chrono::milliseconds(i);
    Bytes wire = Envelope::seal(header, body.encode(), test::sm2_key(1)).encode();
    const Bytes answer =
        co_await attack.mallory.ask(attack.connection, "/warren/request/1.0.0", std::move(wire));
    const Reply reply = value_or_throw(Reply::decode(answer));
    REQUIRE(reply.envelope);
    const Envelope envelope = value_or_throw(Envelope::decode(*reply.envelope, 1000));
    const Header response = value_or_throw(Header::decode(envelope.header));
    CHECK(verify_signature(envelope, response, test::sm2_key(2).public_key()));
    CHECK(value_or_throw(ResponseBody::decode(envelope.body)).verdict.status == Status::kOk);
  }
  CHECK(runs == 1);
  // Made up: first sent after it was sent.
  Header header = attack.mallory.header(attack.bob.node(), "/warren/request/1.0.0");
  header.kind = MessageKind::kRequest;
  body.id = {2};
  body.first_sent = header.timestamp + 1ms;
  Bytes wire = Envelope::seal(header, body.encode(), test::sm2_key(1)).encode();
  const Bytes answer =
      co_await attack.mallory.ask(attack.connection, "/warren/request/1.0.0", std::move(wire));
  CHECK(value_or_throw(Reply::decode(answer)).refusal.status == Status::kMalformed);
  CHECK(runs == 1);
}

TEST_CASE("one request id runs once, however often it comes") {
  run(reused_request);
}

// Answers requests with what the test made of them.
struct Liar {
  std::function<Bytes(const Header& request, MessageId id)> answer;

  static Task<void> serve(Liar& liar, StreamPtr stream) {
    const Bytes wire = co_await read_delimited(*stream, 10'000);
    const Envelope envelope = value_or_throw(Envelope::decode(wire, 10'000));
    const Header header = value_or_throw(Header::decode(envelope.header));
    const Bytes reply = liar.answer(header, message_id(envelope, header));
    co_await write_delimited(*stream, reply);
    co_await stream->close_write();
    const auto end = co_await as_result(read_to_end(*stream, 1));
  }
};

Task<std::error_code> ask_liar(Attack& attack) {
  const auto answer = co_await as_result(
      attack.bob.messaging->request(attack.mallory.info(), std::nullopt, "x", Bytes(), 10s));
  co_return answer ? std::error_code() : answer.error();
}

Task<void> lying_answers(Attack& attack) {
  Liar liar;
  attack.mallory.host.handle("/warren/request/1.0.0", [&](ConnectionPtr, StreamPtr stream) {
    return Liar::serve(liar, std::move(stream));
  });
  const auto respond = [&](MessageId to, std::uint8_t signer) {
    Header header = attack.mallory.header(attack.bob.node(), "/warren/request/1.0.0");
    header.kind = MessageKind::kResponse;
    header.reply_to = to;
    header.sender = test::sm2_key(signer).public_key().compressed();
    const ResponseBody body{.payload = to_bytes("yes")};
    const Envelope envelope = Envelope::seal(header, body.encode(), test::sm2_key(signer));
    return Reply{.envelope = envelope.encode()}.encode();
  };
  liar.answer = [&](const Header&, MessageId id) { return respond(id, 1); };
  CHECK(co_await ask_liar(attack) == std::error_code());
  liar.answer = [&](const Header&, MessageId) { return respond(MessageId{}, 1); };
  CHECK(co_await ask_liar(attack) == Errc::kReplayed);
  liar.answer = [&](const Header&, MessageId id) { return respond(id, 9); };
  CHECK(co_await ask_liar(attack) == Errc::kNotBound);
  liar.answer = [&](const Header&, MessageId id) {
    Bytes reply = respond(id, 1);
    reply.back() ^= 1;
    return reply;
  };
  CHECK(co_await ask_liar(attack) == Errc::kBadSignature);
  liar.answer = [](const Header&, MessageId) {
    return Reply{.refusal = {static_cast<Status>(99), "?"}}.encode();
  };
  CHECK(co_await ask_liar(attack) == Errc::kRejectedByPeer);
  liar.answer = [](const Header&, MessageId) { return Bytes{1, 2, 3}; };
  CHECK(co_await ask_liar(attack) == Errc::kMalformed);
}

TEST_CASE("a response is verified like every message, and answers this request") {
  run(lying_answers);
}

}  // namespace
}  // namespace warren
