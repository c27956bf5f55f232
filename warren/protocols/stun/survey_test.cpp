#include "warren/protocols/stun/survey.hpp"

#include <doctest/doctest.h>

#include "warren/protocols/stun/test_town.hpp"

using namespace warren;
using namespace warren::stun;
using namespace warren::stun::test;

namespace {

using enum Behavior;

struct Kind {
  std::string_view name;
  Behavior mapping;
  Behavior filtering;
};
const std::vector<Kind> kKinds{
    {"full-cone", kEndpointIndependent, kEndpointIndependent},
    {"address-restricted", kEndpointIndependent, kAddressDependent},
    {"port-restricted", kEndpointIndependent, kAddressAndPortDependent},
    {"symmetric-sequential", kAddressAndPortDependent, kAddressAndPortDependent},
    {"symmetric-random", kAddressAndPortDependent, kAddressAndPortDependent},
};

sim::NatOptions nat(std::string_view name) {
  return sim::NatOptions::of_type(name).value();
}

// Two peers that serve STUN, with one address each.
void add_two_helpers(Town& town) {
  town.add_server({outside(20)});
  town.add_server({outside(30)});
  town.add_helper(0);
  town.add_helper(1);
}

}  // namespace

TEST_CASE("two peers tell every kind of NAT") {
  for (const Kind& kind : kKinds) {
    CAPTURE(kind.name);
    Town town(nat(kind.name));
    add_two_helpers(town);
    const NatReport report = town.run();
    CHECK(report.udp);
    CHECK(report.mapped->address == outside(1));
    CHECK_FALSE(report.is_own_address);
    CHECK(to_string(report.mapping) == to_string(kind.mapping));
    CHECK(to_string(report.filtering) == to_string(kind.filtering));
    CHECK(report.hairpin == false);
    CHECK(report.round_trip_time == 2 * kDelay);
    CHECK(report.servers.size() == 4);
    CHECK(town.took <= 1100ms);
  }
}

TEST_CASE("so does one server with two addresses, as RFC 5780 wants it") {
  for (const Kind& kind : kKinds) {
    CAPTURE(kind.name);
    Town town(nat(kind.name));
    town.add_server({outside(20), outside(21)});
    town.add_configured(0);
    const NatReport report = town.run();
    CHECK(to_string(report.mapping) == to_string(kind.mapping));
    CHECK(to_string(report.filtering) == to_string(kind.filtering));
    CHECK(town.took <= 1300ms);
  }
}

TEST_CASE("with less to ask, less is claimed") {
  Town one(nat("port-restricted"));
  one.add_server({outside(20)});
  one.add_helper(0);
  NatReport report = one.run();
  CHECK(report.mapping == kUnknown);
  CHECK(report.filtering == kAddressAndPortDependent);

  Town open(nat("full-cone"));
  open.add_server({outside(20)});
  open.add_helper(0);
  report = open.run();
  CHECK(report.filtering == kUnknown);  // the other port came in: that may be all, or not

  Town configured(nat("symmetric-random"));
  configured.add_server({outside(20)}, false);
  configured.add_server({outside(30)}, false);
  configured.add_configured(0);
  configured.add_configured(1);
  report = configured.run();
  CHECK(report.mapping == kAddressAndPortDependent);
  CHECK(report.filtering == kUnknown);
}

TEST_CASE("a host in the open has its own address, and all may come in") {
  Town town(std::nullopt);
  add_two_helpers(town);
  const NatReport report = town.run();
  CHECK(report.is_own_address);
  CHECK(report.mapped == Endpoint{outside(9), 4001});
  CHECK(report.mapping == kEndpointIndependent);
  CHECK(report.filtering == kEndpointIndependent);
  CHECK_FALSE(report.hairpin);
  CHECK(town.took <= 6 * kDelay);
}

TEST_CASE("a firewall translates nothing and lets in who was asked") {
  Town town(nat("firewall"));
  add_two_helpers(town);
  const NatReport report = town.run();
  CHECK(report.is_own_address);
  CHECK(report.mapping == kEndpointIndependent);
  CHECK(report.filtering == kAddressAndPortDependent);
}

TEST_CASE("hairpinning is found, through any filter") {
  for (const std::string_view name : {"full-cone", "address-restricted", "port-restricted"}) {
    CAPTURE(name);
    sim::NatOptions options = nat(name);
    options.hairpin = true;
    Town town(options);
    add_two_helpers(town);
    CHECK(town.run().hairpin == true);
  }
}

TEST_CASE("a NAT that counts its ports up is seen to do so") {
  Town town(nat("symmetric-sequential"));
  add_two_helpers(town);
  const NatReport report = town.run();
  REQUIRE(report.ports.size() == 4);
  for (std::size_t i = 1; i < report.ports.size(); ++i) CHECK(report.ports[i] == report.ports[i - 1] + 1);
}

TEST_CASE("when nobody answers, the survey ends all the same") {
  Town town(nat("udp-blocked"));
  add_two_helpers(town);
  const NatReport report = town.run();
  CHECK_FALSE(report.udp);
  CHECK_FALSE(report.mapped);
  CHECK(report.mapping == kUnknown);
  CHECK(report.filtering == kUnknown);
  CHECK(town.took <= 3s);
  CHECK(town.sent == 4 * kSendsMax);
}

TEST_CASE("nobody to ask: nothing is sent, and nothing awaited") {
  Town town(nat("full-cone"));
  town.survey->add({.primary = {IpAddress::v6({0x20, 1}), 3478}}, town.now);  // another family
  CHECK_FALSE(town.survey->has_servers());
  CHECK_FALSE(town.run().udp);
  CHECK(town.took == Duration::zero());
}

TEST_CASE("a server that is down costs no more than one retransmission") {
  Town town(nat("port-restricted"));
  add_two_helpers(town);
  town.survey->add({.primary = {outside(99), 3478}}, town.now);
  const NatReport report = town.run();
  CHECK(report.mapping == kEndpointIndependent);
  CHECK(report.filtering == kAddressAndPortDependent);
  CHECK(town.took <= 1200ms);
}

TEST_CASE("one datagram in ten lost changes nothing") {
  int wrong = 0;
  for (std::uint64_t seed = 1; seed <= 40; ++seed) {
    for (const Kind& kind : kKinds) {
      Town town(nat(kind.name), seed);
      town.loss_percent = 10;
      add_two_helpers(town);
      const NatReport report = town.run();
      CHECK(town.took <= 3s);
      if (report.mapping != kind.mapping || report.filtering != kind.filtering) ++wrong;
    }
  }
  CHECK(wrong <= 4);  // of 200
}

TEST_CASE("a peer on the same network does not hide the NAT") {
  Town town(nat("port-restricted"));
  add_two_helpers(town);
  const Endpoint neighbor{IpAddress::v4({10, 0, 0, 7}), 3478};
  town.survey->add({.primary = neighbor}, town.now);
  town.on_send = [&](const SendDatagram& datagram) {
    if (datagram.to != neighbor) return;
    const auto asked = decode(datagram.bytes);
    Message answer{.kind = Class::kSuccess, .id = asked->id, .software = {}};
    answer.xor_mapped = kListening;
    town.inject(neighbor, encode(answer));
  };
  const NatReport report = town.run();
  CHECK(report.mapped->address == outside(1));
  CHECK_FALSE(report.is_own_address);
  CHECK(report.mapping == kEndpointIndependent);
}

TEST_CASE("answers from strangers are none") {
  const Endpoint lie{IpAddress::v4({203, 0, 113, 66}), 666};
  enum Lie { kOtherAddress, kOtherPort, kOtherTransaction, kOtherSocket, kNotUnderstood, kError };
  for (const Lie lie_now :
       {kOtherAddress, kOtherPort, kOtherTransaction, kOtherSocket, kNotUnderstood, kError}) {
    CAPTURE(lie_now);
    Town town(nat("full-cone"));
    add_two_helpers(town);
    int injected = 0;
    town.on_send = [&](const SendDatagram& datagram) {
      const auto asked = decode(datagram.bytes);
      if (asked->kind != Class::kRequest) return;
      ++injected;
      Message answer{.kind = Class::kSuccess, .id = asked->id, .software = {}};
      answer.xor_mapped = lie;
      Endpoint from = datagram.to;
      Via via = datagram.via;
      if (lie_now == kOtherAddress || lie_now == kError) from.address = outside(66);
      if (lie_now == kOtherPort) from.port = 66;
      if (lie_now == kOtherTransaction) answer.id[0] ^= 1;
      if (lie_now == kOtherSocket) via = via == Via::kProbe ? Via::kListening : Via::kProbe;
      if (lie_now == kError) {
        answer.kind = Class::kError;
        answer.error = ErrorCode{400, {}};
      }
      Bytes bytes = encode(answer);
      if (lie_now == kNotUnderstood) {
        append(bytes, value_or_throw(from_hex("00770000")));
        bytes[3] = static_cast<std::uint8_t>(bytes[3] + 4);
      }
      town.inject(from, bytes, via);
    };
    const NatReport report = town.run();
    CHECK(injected > 0);
    CHECK(report.mapped->address == outside(1));
    CHECK(report.mapping == kEndpointIndependent);
    CHECK(report.filtering == kEndpointIndependent);
  }
}

TEST_CASE("tokens that nobody was asked to send open nothing") {
  Town town(nat("port-restricted"));
  add_two_helpers(town);
  town.on_send = [&](const SendDatagram&) {
    const Message guess{.kind = Class::kIndication, .id = {1, 2, 3}, .software = {}};
    town.inject({outside(66), 66}, encode(guess), Via::kProbe);
    const Message zero{.kind = Class::kIndication, .id = {}, .software = {}};
    town.inject({outside(66), 66}, encode(zero), Via::kProbe);
    town.inject({outside(66), 66}, encode(zero), Via::kListening);
  };
  const NatReport report = town.run();
  CHECK(report.filtering == kAddressAndPortDependent);
  CHECK(report.hairpin == false);
}

TEST_CASE("a server can't have us send to others without end") {
  Town town(nat("full-cone"));
  for (std::uint8_t i = 0; i < 200; ++i) {
    town.survey->add({.primary = {outside(i), 3478}, .alternate = Endpoint{outside(i), 3479}}, town.now);
  }
  CHECK(town.survey->due(town.now).size() == 2 * kServersMax);
  // Nor to one of another scope, by OTHER-ADDRESS.
  Town other(nat("full-cone"));
  other.add_server({outside(20)});
  other.add_configured(0);
  std::size_t astray = 0;
  other.on_send = [&](const SendDatagram& datagram) {
    if (datagram.to.address != outside(20) && datagram.to.address != outside(1)) ++astray;
    const auto asked = decode(datagram.bytes);
    Message answer{.kind = Class::kSuccess, .id = asked->id, .software = {}};
    answer.xor_mapped = Endpoint{outside(1), 4001};
    answer.other = Endpoint{IpAddress::v4({10, 0, 0, 1}), 53};
    other.inject(datagram.to, encode(answer), datagram.via);
  };
  other.run();
  CHECK(astray == 0);
}
