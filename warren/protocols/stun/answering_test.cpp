// What a STUN server answers, byte by byte, and what it does not.
#include "warren/protocols/stun/answering.hpp"

#include <doctest/doctest.h>

#include "warren/core/test_values.hpp"
#include "warren/protocols/stun/test_town.hpp"
#include "warren/sim/random.hpp"

using namespace warren;
using namespace warren::stun;
using namespace warren::stun::test;
using namespace warren::testing;

namespace {

struct AnsweringTest {
  std::optional<Answering::Reply> ask(BytesView request,
                                      const IpAddress& from = IpAddress::v4({192, 0, 2, 1})) {
    Answering::Asked asked{.from = {from, 32853}, .at = at};
    asked.other_port = other_port;
    asked.other_address = other_address;
    return answering.answer(request, asked, now);
  }
  // As who asks with enough bytes.
  static Bytes padded_request(std::optional<ChangeRequest> change = {}) {
    Message message{.kind = Class::kRequest, .id = {7}, .software = std::string(76, 'x')};
    message.change = change;
    return encode(message);
  }
  void check_paid() const { CHECK(answering.bytes_answered() <= answering.bytes_received()); }

  Instant now = Instant{} + 1h;
  Limit all{"stun_answers_max", "", 200};
  Limit per_ip{"stun_answers_per_ip_max", "", 10};
  Answering answering{all, per_ip, now};
  Endpoint at{IpAddress::v4({198, 51, 100, 1}), 4001};
  std::optional<Endpoint> other_port = Endpoint{at.address, 4002};
  std::optional<IpAddress> other_address;
};

}  // namespace

TEST_CASE_FIXTURE(AnsweringTest, "a bare request gets its address at the retransmission") {
  CHECK_FALSE(ask(hex(kBareRequest)));
  const auto reply = ask(hex(kBareRequest));
  REQUIRE(reply);
  // RFC 5769's address, 192.0.2.1:32853, and nothing else.
  CHECK(to_hex(reply->bytes) == "0101000c2112a442b7e7a701bc34d686fa87dfae002000080001a147e112a643");
  check_paid();
}

TEST_CASE_FIXTURE(AnsweringTest, "a request of some length gets everything at once") {
  auto reply = ask(padded_request());
  REQUIRE(reply);
  CHECK(reply->bytes.size() <= padded_request().size());
  Message answer = value_or_throw(decode(reply->bytes));
  CHECK(answer.kind == Class::kSuccess);
  CHECK(answer.id == TransactionId{7});
  CHECK(answer.seen() == Endpoint{IpAddress::v4({192, 0, 2, 1}), 32853});
  CHECK(answer.origin == at);
  CHECK_FALSE(answer.other);  // there is no second address
  CHECK(answer.fingerprint);
  CHECK(reply->from == ChangeRequest{});

  other_address = IpAddress::v4({198, 51, 100, 2});
  answer = value_or_throw(decode(ask(padded_request())->bytes));
  CHECK(answer.other == Endpoint{*other_address, 4002});
  check_paid();
}

TEST_CASE_FIXTURE(AnsweringTest, "the longest answer is no longer than the requests of our own clients") {
  at.address = IpAddress::v6({0x20, 1});
  other_port = Endpoint{at.address, 4002};
  other_address = IpAddress::v6({0x20, 2});
  const auto reply = ask(padded_request(), IpAddress::v6({0x20, 3}));
  REQUIRE(reply);
  CHECK(decode(reply->bytes)->other);
  CHECK(reply->bytes.size() == 100);
}

TEST_CASE_FIXTURE(AnsweringTest, "the answer comes from where it was asked for") {
  other_address = IpAddress::v4({198, 51, 100, 2});
  auto reply = ask(padded_request(ChangeRequest{.address = false, .port = true}));
  CHECK(reply->from == ChangeRequest{.address = false, .port = true});
  CHECK(decode(reply->bytes)->origin == Endpoint{at.address, 4002});
  reply = ask(padded_request(ChangeRequest{.address = true, .port = true}));
  CHECK(reply->from == ChangeRequest{.address = true, .port = true});
  CHECK(decode(reply->bytes)->origin == Endpoint{*other_address, 4002});
  reply = ask(padded_request(ChangeRequest{.address = true, .port = false}));
  CHECK(decode(reply->bytes)->origin == Endpoint{*other_address, 4001});
}

TEST_CASE_FIXTURE(AnsweringTest, "what can't be done is told: 420, and what was not understood") {
  ask(padded_request());  // pays
  const auto expect = [&](const std::optional<Answering::Reply>& reply, std::uint16_t attribute) {
    REQUIRE(reply);
    const Message answer = value_or_throw(decode(reply->bytes));
    CHECK(answer.kind == Class::kError);
    CHECK(answer.error->code == 420);
    CHECK(answer.unknown_attributes == std::vector{attribute});
    CHECK(reply->from == ChangeRequest{});
  };
  SUBCASE("another address, where there is one only") {
    expect(ask(padded_request(ChangeRequest{.address = true, .port = true})), kChangeRequestType);
  }
  SUBCASE("another port, where there is one only") {
    other_port.reset();
    expect(ask(padded_request(ChangeRequest{.address = false, .port = true})), kChangeRequestType);
  }
  SUBCASE("RESPONSE-PORT, which would have us send to others' ports") {
    expect(ask(hex("000100082112a442b7e7a701bc34d686fa87dfae0027000400350000")), 0x0027);
  }
  check_paid();
}

TEST_CASE_FIXTURE(AnsweringTest, "what is no request is not answered, and pays nothing") {
  Message message{.kind = Class::kIndication, .id = {}, .software = std::string(76, 'x')};
  CHECK_FALSE(ask(encode(message)));
  message.kind = Class::kSuccess;
  CHECK_FALSE(ask(encode(message)));
  CHECK_FALSE(ask(hex("000100042112a442b7e7a701bc34d686fa87dfae")));
  CHECK_FALSE(ask(Bytes(1200)));
  CHECK(answering.bytes_received() == 0);
}

TEST_CASE_FIXTURE(AnsweringTest, "a flood gets its answers by the second, and no more bytes than it sent") {
  std::uint64_t received = 0, answered = 0, answers = 0;
  const auto flood = [&](BytesView request, auto source) {
    for (int i = 0; i < 10'000; ++i) {
      received += request.size();
      if (const auto reply = ask(request, source(i))) {
        ++answers;
        answered += reply->bytes.size();
      }
      REQUIRE(answered <= received);
    }
  };
  const auto same = [](int) { return IpAddress::v4({192, 0, 2, 1}); };
  const auto forged = [](int i) {
    return IpAddress::v4({203, 0, static_cast<std::uint8_t>(i >> 8), static_cast<std::uint8_t>(i)});
  };
  const auto one_network = [](int i) {
    std::array<std::uint8_t, 16> bytes{0x20, 1, 0x0d, 0xb8};
    bytes[15] = static_cast<std::uint8_t>(i);
    bytes[14] = static_cast<std::uint8_t>(i >> 8);
    return IpAddress::v6(bytes);
  };
  SUBCASE("bare requests from one address") {
    flood(hex(kBareRequest), same);
    CHECK(answers == 10);
    CHECK(per_ip.use().refused > 5000);
  }
  SUBCASE("long requests from one address") {
    flood(padded_request(), same);
    CHECK(answers == 10);
  }
  SUBCASE("bare requests from forged addresses") {
    flood(hex(kBareRequest), forged);
    CHECK(answers == 200);
    CHECK(all.use().refused > 0);
  }
  SUBCASE("long requests from forged addresses, for two seconds") {
    flood(padded_request(), forged);
    now += 1s;
    flood(padded_request(), forged);
    CHECK(answers == 400);
  }
  SUBCASE("addresses of one IPv6 network are one") {
    flood(padded_request(), one_network);
    CHECK(answers == 10);
  }
  SUBCASE("errors are paid for, too") {
    flood(hex("000100082112a442b7e7a701bc34d686fa87dfae0027000400350000"), same);
    CHECK(answers == 10);
  }
  CHECK(answering.sources() <= kSourcesMax);
  CHECK(answering.bytes_received() == received);
  CHECK(answering.bytes_answered() == answered);
}

TEST_CASE_FIXTURE(AnsweringTest, "what was not answered is not saved up for long") {
  for (int i = 0; i < 1000; ++i) ask(padded_request());
  now += 1h;
  std::uint64_t more = 0;
  for (int i = 0; i < 600; ++i) {
    const IpAddress from =
        IpAddress::v4({203, 0, static_cast<std::uint8_t>(i >> 8), static_cast<std::uint8_t>(i)});
    if (const auto reply = ask(hex(kBareRequest), from)) more += reply->bytes.size();
    now += 10ms;
  }
  CHECK(more > 600 * 20);
  CHECK(more <= 600 * 20 + kSurplusMax);
}

TEST_CASE_FIXTURE(AnsweringTest, "any bytes are taken") {
  sim::SeededRandom random(4);
  for (int i = 0; i < 20'000; ++i) {
    Bytes request = random.below(2) == 0 ? padded_request() : hex(kBareRequest);
    for (std::uint64_t bends = random.below(4); bends > 0; --bends) {
      request[random.below(request.size())] = static_cast<std::uint8_t>(random.u64());
    }
    now += 10ms;
    ask(request);
    REQUIRE(answering.bytes_answered() <= answering.bytes_received());
  }
}
