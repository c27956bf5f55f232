// The vectors of docs/wire.md, read from there: each decodes to what the text says, encodes to the same
// bytes, and its signatures verify.
#include <doctest/doctest.h>

#include <fstream>
#include <map>
#include <set>

#include "warren/messaging/bodies.hpp"
#include "warren/messaging/test_keys.hpp"

namespace warren {
namespace {

// Blocks that begin with ```hex NAME.
std::map<std::string, Bytes> read_vectors() {
  constexpr std::string_view kBegin = "```hex ";
  std::ifstream file("docs/wire.md");
  REQUIRE_MESSAGE(file.good(), "run the tests from the root of the repository");
  std::map<std::string, Bytes> vectors;
  for (std::string line, name, hex; std::getline(file, line);) {
    if (line.starts_with(kBegin)) {
      name = line.substr(kBegin.size());
      hex.clear();
    } else if (line == "```" && !name.empty()) {
      REQUIRE_MESSAGE(vectors.emplace(name, value_or_throw(from_hex(hex), name)).second, name);
      name.clear();
    } else if (!name.empty()) {
      hex += line;
    }
  }
  return vectors;
}

Bytes vector(const std::string& name) {
  static const std::map<std::string, Bytes> vectors = read_vectors();
  const auto found = vectors.find(name);
  REQUIRE_MESSAGE(found != vectors.end(), name);
  return found->second;
}

TEST_CASE("each vector of docs/wire.md is one that is tested here") {
  std::set<std::string> names;
  for (const auto& [name, _] : read_vectors()) names.insert(name);
  CHECK(names == std::set<std::string>{"ack", "bind-reply", "binding", "broadcast", "broadcast-id",
                                       "envelope", "header", "message-id", "node-id", "reply",
                                       "reply-refusal", "request-body", "response-body",
                                       "response-body-failed", "signed-binding", "sm2-public-key"});
}

TEST_CASE("vectors: a broadcast, which has no recipient") {
  const Envelope envelope = value_or_throw(Envelope::decode(vector("broadcast"), 1024));
  const Header header = value_or_throw(Header::decode(envelope.header));
  CHECK(header.kind == MessageKind::kBroadcast);
  CHECK_FALSE(header.recipient.has_value());
  CHECK(header.context == "main|news");
  CHECK(header.seq == 7);
  CHECK(header.ttl == std::chrono::hours(1));
  const auto id = verify_signature(envelope, header, test::sm2_key().public_key());
  REQUIRE(id.has_value());
  CHECK(to_bytes(*id) == vector("broadcast-id"));
}

TEST_CASE("vectors: keys and IDs") {
  const NodeId node = value_or_throw(NodeId::from_bytes(vector("node-id")));
  CHECK(node == NodeId(test::sm2_key().public_key()));
  CHECK(node.to_string() == "zEPJcGHUVYyrGAXXGQhLF39KAny4ojC9RPmA777H2iVztKwBd");
  const PublicKey key = value_or_throw(PublicKey::from_protobuf(vector("sm2-public-key")));
  CHECK(key.to_protobuf() == vector("sm2-public-key"));
  CHECK(*key.sm2() == test::sm2_key().public_key());
  CHECK(PeerId::from_public_key(key).to_string() == "QmSastTzcnjJUX5fR9RjhXSQTvgvR8txVUyZ6Jw539DsXp");
}

TEST_CASE("vectors: binding") {
  const Binding binding = value_or_throw(Binding::decode(vector("binding")));
  CHECK(binding.encode() == vector("binding"));
  CHECK(test::binding().encode() == vector("binding"));

  const SignedBinding signed_binding = value_or_throw(SignedBinding::decode(vector("signed-binding")));
  CHECK(signed_binding.encode() == vector("signed-binding"));
  CHECK(signed_binding.binding == vector("binding"));
  const BindingCheck check{"main", binding.peer(), test::kNow, 0};
  CHECK(verify_binding(signed_binding, binding, check));

  const BindReply reply = value_or_throw(BindReply::decode(vector("bind-reply")));
  CHECK(reply.encode() == vector("bind-reply"));
  CHECK(reply.verdict.status == Status::kClockSkew);
  CHECK(reply.verdict.reason == "check the clocks");
  const SignedBinding replied = value_or_throw(SignedBinding::decode(reply.binding));
  CHECK(verify_binding(replied, value_or_throw(Binding::decode(replied.binding)), check));
}

TEST_CASE("vectors: envelope") {
  const Header header = value_or_throw(Header::decode(vector("header")));
  CHECK(header.encode() == vector("header"));
  CHECK(test::header().encode() == vector("header"));

  const Envelope envelope = value_or_throw(Envelope::decode(vector("envelope"), 1000));
  CHECK(envelope.encode() == vector("envelope"));
  CHECK(envelope.header == vector("header"));
  CHECK(to_text(envelope.body) == "hello");
  const MessageId id = value_or_throw(verify_signature(envelope, header, test::sm2_key().public_key()));
  CHECK(equal(id, vector("message-id")));
}

TEST_CASE("vectors: acknowledgement, request and response") {
  const Verdict ack = value_or_throw(decode_ack(vector("ack")));
  CHECK(ack.status == Status::kInboxFull);
  CHECK(ack.reason == "no room");
  CHECK(encode_ack(ack) == vector("ack"));

  const RequestBody request = value_or_throw(RequestBody::decode(vector("request-body")));
  CHECK(request.encode() == vector("request-body"));
  CHECK(to_hex(request.id) == "a0a1a2a3a4a5a6a7a8a9aaabacadaeaf");
  CHECK(request.first_sent == test::kNow);
  CHECK(request.service == "echo");
  CHECK(to_text(request.payload) == "ping");

  const ResponseBody response = value_or_throw(ResponseBody::decode(vector("response-body")));
  CHECK(response.encode() == vector("response-body"));
  CHECK(to_text(response.payload) == "pong");
  const ResponseBody failed = value_or_throw(ResponseBody::decode(vector("response-body-failed")));
  CHECK(failed.encode() == vector("response-body-failed"));
  CHECK(failed.verdict.status == Status::kServiceFailed);
  CHECK(failed.verdict.reason == "exit status 3");
}

TEST_CASE("vectors: replies") {
  const Reply refusal = value_or_throw(Reply::decode(vector("reply-refusal")));
  CHECK(refusal.encode() == vector("reply-refusal"));
  CHECK(refusal.refusal.status == Status::kReplayed);

  const Reply reply = value_or_throw(Reply::decode(vector("reply")));
  CHECK(reply.encode() == vector("reply"));
  REQUIRE(reply.envelope);
  const Envelope envelope = value_or_throw(Envelope::decode(*reply.envelope, 1000));
  const Header header = value_or_throw(Header::decode(envelope.header));
  CHECK(header.kind == MessageKind::kResponse);
  CHECK(equal(*header.reply_to, vector("message-id")));
  CHECK(header.sender == test::sm2_key(1).public_key().compressed());
  CHECK(verify_signature(envelope, header, test::sm2_key(1).public_key()));
  CHECK(envelope.body == vector("response-body"));
}

}  // namespace
}  // namespace warren
