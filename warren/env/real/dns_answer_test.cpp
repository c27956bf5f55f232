// DNS answers as they come from the network: read whole, or refused.
#include "warren/env/real/dns_answer.hpp"

#include <doctest/doctest.h>

#include "warren/env/real/srv_answer.hpp"
#include "warren/env/real/test_dns_server.hpp"
#include "warren/env/real/txt_answer.hpp"

namespace warren::real {
namespace {

constexpr std::uint16_t kIn = 1;
constexpr std::size_t kQuestionName = 12;  // where it stands: behind the header

// An answer to a question for a.example; `add` writes a record whose name is a pointer to the question's.
struct Answer {
  explicit Answer(std::uint16_t records) {
    writer.u16(1).u16(0x8180).u16(1).u16(records).u32(0).bytes(TestDnsServer::name("a.example"));
    writer.u16(16).u16(kIn);
  }
  Answer& add(std::uint16_t type, std::uint16_t record_class, std::uint32_t ttl, BytesView data) {
    writer.u16(0xc000 | kQuestionName).u16(type).u16(record_class).u32(ttl);
    writer.u16(static_cast<std::uint16_t>(data.size())).bytes(data);
    return *this;
  }
  Answer& add_srv(std::uint32_t ttl, std::uint16_t port, BytesView target) {
    return add(TestDnsServer::kSrv, kIn, ttl, Writer().u16(1).u16(2).u16(port).bytes(target).take());
  }
  Bytes take() { return writer.take(); }
  Writer writer;
};

Bytes pointer(std::size_t to) {
  return Writer().u16(static_cast<std::uint16_t>(0xc000 | to)).take();
}

Errc srv_error(BytesView target) {
  const auto records = parse_srv_answer(Answer(1).add_srv(60, 1, target).take());
  REQUIRE_FALSE(records.has_value());
  return static_cast<Errc>(records.error().value());
}

TEST_CASE("TXT answers are read whatever else is in them") {
  const Bytes answer = Answer(3)
                           .add(TestDnsServer::kA, kIn, 60, Writer().u32(0x7f000001).take())
                           .add(TestDnsServer::kTxt, 3, 60, TestDnsServer::txt({"a"}))  // another class
                           .add(TestDnsServer::kTxt, kIn, 0xffffffff, TestDnsServer::txt({"b"}))
                           .take();
  CHECK(parse_txt_answer(answer) == std::vector<TextRecord>{{"b", 0s}});
  for (std::size_t size = 0; size < answer.size(); ++size) {
    CAPTURE(size);
    CHECK(parse_txt_answer(BytesView(answer).first(size)).error() == Errc::kMalformed);
  }
  Bytes beyond = answer;
  beyond[beyond.size() - 2] = 2;  // the string says it is longer than its record
  CHECK(parse_txt_answer(beyond).error() == Errc::kMalformed);
}

TEST_CASE("SRV answers are read whatever else is in them, compressed targets too") {
  const Bytes boot = Writer().u8(4).bytes(as_bytes("boot")).bytes(pointer(kQuestionName)).take();
  const Bytes answer = Answer(4)
                           .add(TestDnsServer::kTxt, kIn, 60, TestDnsServer::txt({"a"}))
                           .add_srv(30, 4001, boot)
                           .add_srv(0x80000000, 4002, TestDnsServer::name("b.example"))
                           .add_srv(5, 4003, pointer(kQuestionName))
                           .take();
  CHECK(parse_srv_answer(answer) == std::vector<ServiceRecord>{{1, 2, 4001, "boot.a.example", 30s},
                                                               {1, 2, 4002, "b.example", 0s},
                                                               {1, 2, 4003, "a.example", 5s}});
  CHECK(parse_txt_answer(answer)->size() == 1);
  for (std::size_t size = 0; size < answer.size(); ++size) {
    CAPTURE(size);
    CHECK(parse_srv_answer(BytesView(answer).first(size)).error() == Errc::kMalformed);
  }
}

TEST_CASE("broken targets of SRV records are refused, and loops of pointers end") {
  const std::size_t target = Answer(1).take().size() + 12 + 6;  // where the record's target begins
  CHECK(srv_error({}) == Errc::kMalformed);
  CHECK(srv_error(pointer(target)) == Errc::kMalformed);      // to itself
  CHECK(srv_error(pointer(target + 2)) == Errc::kMalformed);  // forwards
  CHECK(srv_error(pointer(0x3fff)) == Errc::kMalformed);      // out of the message
  CHECK(srv_error(Writer().u8(0x80).u8(0).take()) == Errc::kMalformed);
  CHECK(srv_error(Writer().u8(9).bytes(as_bytes("short")).take()) == Errc::kMalformed);
  CHECK(srv_error(Writer().u8(1).bytes(as_bytes("x")).take()) == Errc::kMalformed);  // no end
  // Back into its own label, which is a pointer to there again.
  CHECK(srv_error(Writer().u8(2).bytes(pointer(target + 1)).bytes(pointer(target + 1)).take()) ==
        Errc::kMalformed);
  CHECK(srv_error(Writer().u8(0).take()) == Errc::kNotFound);  // "."
  CHECK(srv_error(TestDnsServer::name(std::string("a\0b", 3))) == Errc::kNotFound);

  const Bytes short_data = Answer(1).add(TestDnsServer::kSrv, kIn, 60, Bytes(5)).take();
  CHECK(parse_srv_answer(short_data).error() == Errc::kMalformed);
}

TEST_CASE("a target whose labels go on behind its record is refused") {
  Answer answer(2);
  answer.add_srv(60, 1, Writer().u8(3).bytes(as_bytes("abc")).take());  // without its end
  answer.add(TestDnsServer::kTxt, kIn, 60, TestDnsServer::txt({"b"}));
  CHECK(parse_srv_answer(answer.take()).error() == Errc::kMalformed);
}

TEST_CASE("names have dots between their labels, and at most 253 characters") {
  CHECK(host_name_at(TestDnsServer::name("a.b-c.D_1"), 0) == "a.b-c.D_1");
  CHECK(host_name_at(Bytes{0}, 0) == "");
  CHECK(host_name_at(Bytes{0}, 1).error() == Errc::kMalformed);
  CHECK(host_name_at(Bytes{0}, 2).error() == Errc::kMalformed);
  const std::string label(62, 'x');
  const std::string longest = label + "." + label + "." + label + "." + label + ".y";
  REQUIRE(longest.size() == 253);
  CHECK(host_name_at(TestDnsServer::name(longest), 0) == longest);
  CHECK(host_name_at(TestDnsServer::name(longest + "z"), 0).error() == Errc::kBadAddress);
}

}  // namespace
}  // namespace warren::real
