#include "warren/protocols/spray/strategy.hpp"

#include <doctest/doctest.h>

#include <map>

using namespace warren;
using namespace warren::spray;

namespace {

// By the names of docs/nat.md.
NatPosition position(std::string_view type, std::uint8_t number) {
  NatPosition position;
  position.mapping = NatMapping::kEndpointIndependent;
  position.filtering = NatFiltering::kAddressAndPort;
  const std::string ip = "203.0.113." + std::to_string(number);
  position.addresses = {value_or_throw(Multiaddr::parse("/ip4/" + ip + "/udp/4001/quic-v1")),
                        value_or_throw(Multiaddr::parse("/ip4/" + ip + "/tcp/4001"))};
  position.outside = {value_or_throw(IpAddress::parse(ip))};
  if (type == "PU") position.mapping = NatMapping::kNone;
  if (type == "PU" || type == "FC") position.filtering = NatFiltering::kOpen;
  if (type == "RC") position.filtering = NatFiltering::kAddress;
  if (type == "SQ" || type == "SY") {
    position.mapping = NatMapping::kDependent;
    position.ports = type == "SQ" ? NatPorts::kSequential : NatPorts::kRandom;
  }
  if (type == "UB") {
    position.udp = false;
    position.mapping = NatMapping::kUnknown;
    position.filtering = NatFiltering::kUnknown;
    position.addresses.erase(position.addresses.begin());
  }
  return position;
}

std::string word(const Strategy& strategy) {
  if (!strategy.worth_trying) return "relay: " + std::string(to_string(strategy.reason.value()));
  CHECK_FALSE(strategy.reason);
  return std::string(to_string(strategy.means));
}

struct Cell {
  std::string_view one;
  std::string_view other;
  std::string_view expected;
};

const std::string_view kBothHard = "relay: BOTH_HARD_NAT";
const std::string_view kBlocked = "relay: UDP_BLOCKED";

// Each pair of types once: QUIC's table, and of TCP's the column and the row of UB, which has nothing else.
const std::vector<Cell> kTables{
    {"PU", "PU", "dial"},    {"PU", "FC", "dial"},  {"PU", "RC", "dial"},    {"PU", "PR", "dial"},
    {"PU", "SQ", "dial"},    {"PU", "SY", "dial"},  {"FC", "FC", "punch"},   {"FC", "RC", "punch"},
    {"FC", "PR", "punch"},   {"FC", "SQ", "dial"},  {"FC", "SY", "dial"},    {"RC", "RC", "punch"},
    {"RC", "PR", "punch"},   {"RC", "SQ", "dial"},  {"RC", "SY", "dial"},    {"PR", "PR", "punch"},
    {"PR", "SQ", "predict"}, {"PR", "SY", "spray"}, {"SQ", "SQ", "predict"}, {"SQ", "SY", kBothHard},
    {"SY", "SY", kBothHard}, {"PU", "UB", "dial"},  {"FC", "UB", "punch"},   {"RC", "UB", "punch"},
    {"PR", "UB", "punch"},   {"UB", "UB", "punch"}, {"UB", "SQ", "predict"}, {"UB", "SY", kBlocked},
};

bool is_hard(std::string_view type) {
  return type == "SQ" || type == "SY";
}

}  // namespace

TEST_CASE("every pair of NATs gets what the tables of nat.md say, seen from either side") {
  CHECK(kTables.size() == 7 * 8 / 2);
  for (const Cell& cell : kTables) {
    CAPTURE(cell.one);
    CAPTURE(cell.other);
    const NatPosition one = position(cell.one, 1), other = position(cell.other, 2);
    const Strategy there = choose(one, other), back = choose(other, one);
    CHECK(word(there) == cell.expected);
    CHECK(word(back) == cell.expected);
    CHECK(there.we_are_the_hard_side == (is_hard(cell.one) && !is_hard(cell.other)));
    CHECK(back.we_are_the_hard_side == (is_hard(cell.other) && !is_hard(cell.one)));
  }
}

TEST_CASE("hard NATs without UDP have TCP's table") {
  NatPosition sequential = position("SQ", 1), random = position("SY", 2);
  sequential.udp = random.udp = false;
  CHECK(word(choose(sequential, position("SQ", 3))) == kBothHard);
  CHECK(word(choose(random, position("FC", 3))) == "dial");
  CHECK(word(choose(random, position("RC", 3))) == "dial");
  CHECK(word(choose(random, position("PR", 3))) == kBlocked);
  CHECK(word(choose(sequential, position("PR", 3))) == "predict");
}

TEST_CASE("what is unknown counts as the usual") {
  NatPosition unknown = position("PR", 1);
  unknown.mapping = NatMapping::kUnknown;
  unknown.filtering = NatFiltering::kUnknown;
  CHECK(word(choose(unknown, position("PR", 2))) == "punch");
  CHECK(word(choose(unknown, position("SY", 2))) == "spray");
  NatPosition ports = position("SY", 2);
  ports.ports = NatPorts::kUnknown;
  CHECK(word(choose(position("PR", 1), ports)) == "spray");
  // No translation, but a firewall.
  NatPosition firewall = position("PU", 1);
  firewall.filtering = NatFiltering::kAddressAndPort;
  CHECK(word(choose(firewall, position("PR", 2))) == "punch");
  CHECK(word(choose(firewall, position("SY", 2))) == "spray");
}

TEST_CASE("who has no address can't be met, unless the other side lets everybody in") {
  const std::string_view kNone = "relay: NO_PUBLIC_MAPPING";
  const auto nowhere = [](std::string_view type) {
    NatPosition result = position(type, 9);
    result.addresses.clear();
    result.outside.clear();
    return result;
  };
  const std::map<std::string_view, std::string_view> expected{{"PU", "dial"}, {"FC", "dial"}, {"RC", kNone},
                                                              {"PR", kNone},  {"SQ", kNone},  {"SY", kNone}};
  for (const auto& [type, word_expected] : expected) {
    CAPTURE(type);
    CHECK(word(choose(position(type, 1), nowhere("PR"))) == word_expected);
    CHECK(word(choose(nowhere("PR"), position(type, 1))) == word_expected);
  }
  // Of a hard side the IP is enough.
  CHECK(word(choose(nowhere("SY"), position("FC", 1))) == "dial");
  CHECK(word(choose(nowhere("SY"), position("RC", 1))) == kNone);
  CHECK(word(choose(nowhere("SY"), position("PR", 1))) == kNone);
  NatPosition seen = position("SY", 1);
  seen.addresses.clear();
  CHECK(word(choose(seen, position("RC", 2))) == "dial");
  CHECK(word(choose(seen, position("PR", 2))) == "spray");
}

TEST_CASE("a peer that wants no direct path gets none") {
  PeerPosition theirs{position("PU", 1), true};
  CHECK(word(choose(position("PU", 2), theirs)) == "relay: POLICY_RELAY_ONLY");
  theirs.relay_only = false;
  CHECK(word(choose(position("PU", 2), theirs)) == "dial");
}
