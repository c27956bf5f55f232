#include "warren/messaging/bodies.hpp"

#include <doctest/doctest.h>

#include "warren/base/protobuf_wire.hpp"
#include "warren/messaging/test_keys.hpp"

namespace warren {
namespace {

RequestBody request() {
  return {.id = {1, 2, 3}, .first_sent = test::kNow, .service = "echo", .payload = {7, 8}};
}

TEST_CASE("an acknowledgement is empty when all is well, and says why when not") {
  CHECK(encode_ack({}).empty());
  CHECK(value_or_throw(decode_ack({})).status == Status::kOk);
  const Verdict verdict = to_verdict(make_error_code(Errc::kInboxFull));
  const Verdict decoded = value_or_throw(decode_ack(encode_ack(verdict)));
  CHECK(decoded.status == Status::kInboxFull);
  CHECK(decoded.reason == make_error_code(Errc::kInboxFull).message());
  CHECK(encode_ack({Status::kFailed, std::string(1000, 'x')}).size() <= kAckSizeMax);
  CHECK(decode_ack(Bytes{0x08, 0x00}).error() == Errc::kMalformed);
  CHECK(decode_ack(Bytes{0x18, 0x01}).error() == Errc::kMalformed);
}

TEST_CASE("a request body survives the wire, in one encoding") {
  const Bytes wire = request().encode();
  const RequestBody decoded = value_or_throw(RequestBody::decode(wire));
  CHECK(decoded.id == request().id);
  CHECK(decoded.first_sent == test::kNow);
  CHECK(decoded.service == "echo");
  CHECK(decoded.payload == Bytes{7, 8});
  CHECK(wire.size() <= 2 + kBodyOverheadMax);
  for (std::size_t size = 0; size < wire.size(); ++size) {
    const auto cut = RequestBody::decode(to_bytes(BytesView(wire).first(size)));
    CHECK((!cut || cut->payload.empty()));
  }
  Bytes longer = wire;
  append(longer, Bytes{0x2a, 0x01, 0x00});
  CHECK(RequestBody::decode(longer).error() == Errc::kMalformed);
}

TEST_CASE("names of services are printable and not too long") {
  for (const char* bad : {"", "two words", "tab\t", "\x7f", "\xc3\xa4"}) CHECK_FALSE(is_service_name(bad));
  for (const char* good : {"echo", "a/b:c|d", "~"}) CHECK(is_service_name(good));
  CHECK(is_service_name(std::string(128, 'a')));
  CHECK_FALSE(is_service_name(std::string(129, 'a')));
  RequestBody body = request();
  body.service = "two words";
  CHECK(RequestBody::decode(body.encode()).error() == Errc::kMalformed);
}

TEST_CASE("a response has a payload or a reason") {
  ResponseBody body{.payload = {1, 2, 3}};
  CHECK(value_or_throw(ResponseBody::decode(body.encode())).payload == Bytes{1, 2, 3});
  body.verdict.status = Status::kServiceFailed;
  CHECK(ResponseBody::decode(body.encode()).error() == Errc::kMalformed);
  body.payload.clear();
  body.verdict.reason = "no";
  CHECK(value_or_throw(ResponseBody::decode(body.encode())).verdict.reason == "no");
  CHECK(value_or_throw(ResponseBody::decode({})).verdict.status == Status::kOk);
}

TEST_CASE("a reply is a refusal or an envelope") {
  const Reply refusal{.refusal = {Status::kReplayed, "no"}};
  CHECK(value_or_throw(Reply::decode(refusal.encode())).refusal.status == Status::kReplayed);
  const Reply response{.envelope = Bytes{1, 2, 3}};
  CHECK(*value_or_throw(Reply::decode(response.encode())).envelope == Bytes{1, 2, 3});
  CHECK(Reply::decode({}).error() == Errc::kMalformed);
  CHECK(Reply::decode(Bytes{0x0a, 0x00}).error() == Errc::kMalformed);
  CHECK(Reply::decode(Bytes{0x0a, 0x02, 0x08, 0x01, 0x12, 0x01, 0x00}).error() == Errc::kMalformed);  // both
  CHECK(Reply::decode(Bytes{0x0a, 0x03, 0x12, 0x01, 'x'}).error() ==
        Errc::kMalformed);  // refused with status 0
}

TEST_CASE("a bind reply carries a binding in any case") {
  const BindReply reply{.verdict = {Status::kClockSkew, "late"}, .binding = {1}};
  const BindReply decoded = value_or_throw(BindReply::decode(reply.encode()));
  CHECK(decoded.verdict.status == Status::kClockSkew);
  CHECK(decoded.binding == Bytes{1});
  CHECK(BindReply::decode({}).error() == Errc::kMalformed);
  CHECK(BindReply::decode(BindReply{.binding = Bytes(5000)}.encode()).error() == Errc::kTooLarge);
}

TEST_CASE("a status comes back as the error that it was made of") {
  for (const Errc code :
       {Errc::kTooLarge,        Errc::kUnsupported,   Errc::kWrongNetwork,  Errc::kWrongProtocol,
        Errc::kWrongRecipient,  Errc::kClockSkew,     Errc::kBeforeStart,   Errc::kReplayed,
        Errc::kRateLimited,     Errc::kLimitReached,  Errc::kNoBinding,     Errc::kStaleBinding,
        Errc::kBindingMismatch, Errc::kNotBound,      Errc::kBadSignature,  Errc::kInboxFull,
        Errc::kStorage,         Errc::kNoSuchService, Errc::kServiceFailed, Errc::kServiceTimedOut,
        Errc::kOutcomeUnknown,  Errc::kTimedOut}) {
    CAPTURE(make_error_code(code).message());
    CHECK(to_error(to_status(make_error_code(code))) == code);
  }
  CHECK(to_status({}) == Status::kOk);
  CHECK(to_error(Status::kOk) == std::error_code());
  // The form of what we sent is not our parser's complaint.
  CHECK(to_error(to_status(make_error_code(Errc::kNotMinimal))) == Errc::kRejectedByPeer);
  CHECK(to_error(static_cast<Status>(12345)) == Errc::kRejectedByPeer);
  CHECK(to_status(make_error_code(Errc::kAddressInUse)) == Status::kFailed);
}

TEST_CASE("refusals by verification are told from other failures") {
  for (const Errc code : {Errc::kBadSignature, Errc::kReplayed, Errc::kClockSkew, Errc::kNotBound,
                          Errc::kNoBinding, Errc::kRejectedByPeer}) {
    CHECK(is_verification_refusal(make_error_code(code)));
  }
  for (const Errc code : {Errc::kInboxFull, Errc::kTimedOut, Errc::kServiceFailed, Errc::kRateLimited,
                          Errc::kLimitReached, Errc::kOutcomeUnknown, Errc::kUnreachable}) {
    CHECK_FALSE(is_verification_refusal(make_error_code(code)));
  }
  CHECK_FALSE(is_verification_refusal({}));
}

TEST_CASE("the peer's reason cannot write to a terminal what it likes") {
  CHECK_THROWS_WITH_AS(throw_unless_ok({Status::kServiceFailed, "exit \x1b[31m status\n 3"}),
                       "the peer answered 'exit ?[31m status? 3': the service failed to answer the request",
                       std::system_error);
  CHECK_NOTHROW(throw_unless_ok({}));
}

}  // namespace
}  // namespace warren
