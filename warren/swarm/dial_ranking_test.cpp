#include "warren/swarm/dial_ranking.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <string>

#include "warren/core/address_scope.hpp"
#include "warren/swarm/test_addresses.hpp"

using namespace warren;

namespace {

std::vector<std::string> texts(const std::vector<Multiaddr>& addresses) {
  std::vector<std::string> result;
  for (const Multiaddr& address : addresses) result.push_back(address.to_string());
  return result;
}

// "250 /ip4/...": the delay in milliseconds, and the address.
std::vector<std::string> lines(const std::vector<DialAttempt>& attempts) {
  std::vector<std::string> result;
  for (const DialAttempt& attempt : attempts)
    result.push_back(std::to_string(attempt.delay / 1ms) + " " + attempt.address.to_string());
  return result;
}

// Without the order of equal delays.
std::vector<std::string> sorted(std::vector<std::string> lines) {
  std::ranges::sort(lines);
  return lines;
}

struct Case {
  std::string_view name;
  std::vector<std::string> given;
  std::vector<std::string> expected;
};

const std::string kQ1 = "/ip4/1.2.3.4/udp/1/quic-v1";
const std::string kQ2 = "/ip4/1.2.3.4/udp/2/quic-v1";
const std::string kQ3 = "/ip4/1.2.3.4/udp/3/quic-v1";
const std::string kWt1 = "/ip4/1.2.3.4/udp/1/quic-v1/webtransport";
const std::string kQ1v6 = "/ip6/1::2/udp/1/quic-v1";
const std::string kQ2v6 = "/ip6/1::2/udp/2/quic-v1";
const std::string kQ3v6 = "/ip6/1::2/udp/3/quic-v1";
const std::string kT1 = "/ip4/1.2.3.5/tcp/1";
const std::string kT1v6 = "/ip6/1::2/tcp/1";
const std::string kT2 = "/ip4/1.2.3.4/tcp/2";
const std::string kT3 = "/ip4/1.2.3.4/tcp/3";
const std::string kRtc = "/ip4/1.2.3.4/udp/1/webrtc-direct";
const std::string kRtcV6 = "/ip6/1::2/udp/1/webrtc-direct";
const std::string kOnlyIp = "/ip4/1.2.3.4";
const std::string kName = "/dns4/example.net/tcp/1";
const std::string kRelayTcp = "/ip4/1.2.3.4/tcp/1/p2p-circuit";
const std::string kRelayQuic = "/ip4/1.2.3.4/udp/1/quic/p2p-circuit";

// The cases of go-libp2p's dial_ranker_test.go (a name instead of an onion address, which we cannot read).
const std::vector<Case> kGoCases = {
    {"quic-ipv4", {kQ1, kQ2, kQ3}, {"0 " + kQ1, "250 " + kQ2, "250 " + kQ3}},
    {"quic-ipv6", {kQ1v6, kQ2v6, kQ3v6}, {"0 " + kQ1v6, "250 " + kQ2v6, "250 " + kQ3v6}},
    {"quic-ip4-ip6", {kQ1v6, kQ2}, {"0 " + kQ1v6, "250 " + kQ2}},
    {"quic-quic-v1-webtransport",
     {kQ1v6, kQ1, kQ2, kQ3, kWt1},
     {"0 " + kQ1v6, "250 " + kQ1, "500 " + kQ2, "500 " + kQ3, "500 " + kWt1}},
    {"wt-ranking",
     {kQ1v6, kQ2v6, kQ3v6, kWt1},
     {"0 " + kQ1v6, "250 " + kWt1, "500 " + kQ2v6, "500 " + kQ3v6}},
    {"quic-with-tcp-ip6-ip4",
     {kQ1, kQ1v6, kQ2v6, kQ3v6, kQ2, kT1, kT1v6, kT2, kT3},
     {"0 " + kQ1v6, "250 " + kQ1, "500 " + kQ2v6, "500 " + kQ3v6, "500 " + kQ2, "750 " + kT1v6, "1000 " + kT1,
      "1250 " + kT2, "1250 " + kT3}},
    {"quic-ip4-with-tcp", {kQ1, kT2, kT1v6, kT1}, {"0 " + kQ1, "250 " + kT1v6, "500 " + kT1, "750 " + kT2}},
    {"quic-ip4-with-tcp-ipv4", {kQ1, kT2, kT3, kT1}, {"0 " + kQ1, "250 " + kT1, "500 " + kT2, "500 " + kT3}},
    {"quic-ip4-with-two-tcp", {kQ1, kT1v6, kT2}, {"0 " + kQ1, "250 " + kT1v6, "500 " + kT2}},
    {"tcp-ip4-ip6", {kT1, kT2, kT1v6, kT3}, {"0 " + kT1v6, "250 " + kT1, "500 " + kT2, "500 " + kT3}},
    {"empty", {}, {}},
    {"relay address delayed",
     {kQ1, kQ2, kRelayTcp, kRelayQuic},
     {"0 " + kQ1, "250 " + kQ2, "500 " + kRelayQuic, "750 " + kRelayTcp}},
    {"quic-with-other",
     {kQ1, kQ1v6, kRtc, kRtcV6, kName, kOnlyIp},
     {"0 " + kQ1v6, "250 " + kQ1, "1250 " + kRtc, "1250 " + kRtcV6, "1250 " + kOnlyIp, "2250 " + kName}},
    {"quic-and-tcp-with-other",
     {kQ1, kT1, kT1v6, kRtc, kRtcV6, kName, kOnlyIp},
     {"0 " + kQ1, "250 " + kT1v6, "500 " + kT1, "1500 " + kRtc, "1500 " + kRtcV6, "1500 " + kOnlyIp,
      "2500 " + kName}},
    {"only-non-ip-addr", {kName}, {"1000 " + kName}},
};

const std::string kLanQuic = "/ip4/192.168.7.9/udp/1/quic-v1";
const std::string kLanQuicV6 = "/ip6/fd00::9/udp/1/quic-v1";
const std::string kLanTcp = "/ip4/192.168.7.9/tcp/1";
const std::string kLanTcp2 = "/ip4/192.168.7.9/tcp/2";
const std::string kFarTcp = "/ip4/10.0.0.9/tcp/1";
const std::string kLanRtc = "/ip4/192.168.7.9/udp/2/webrtc-direct";
const std::string kMemory = "/memory/7";

const std::vector<Case> kLanCases = {
    {"on-link: 30 ms instead of 250",
     {kLanTcp, kLanTcp2, kLanQuic, kLanQuicV6, kLanRtc},
     {"0 " + kLanQuicV6, "30 " + kLanQuic, "60 " + kLanTcp, "90 " + kLanTcp2, "190 " + kLanRtc}},
    {"on-link before public", {kT2, kLanTcp}, {"0 " + kLanTcp, "30 " + kT2}},
    {"private and not on-link: with the public ones, after them",
     {kFarTcp, kT2},
     {"0 " + kT2, "0 " + kFarTcp}},
    {"relayed ones wait for on-link ones", {kRelayTcp, kLanTcp}, {"0 " + kLanTcp, "500 " + kRelayTcp}},
    {"relayed ones only", {kRelayTcp}, {"0 " + kRelayTcp}},
    {"memory is as near as can be", {kT2, kMemory}, {"30 " + kT2, "100 " + kMemory}},
    {"a WebSocket is TCP", {"/ip4/1.2.3.4/tcp/4/tls/ws", kQ1}, {"0 " + kQ1, "250 /ip4/1.2.3.4/tcp/4/tls/ws"}},
};

LocalNetwork at_home() {
  return LocalNetwork::of({ip("127.0.0.1"), ip("192.168.7.2"), ip("fd00::2"), ip("fe80::2")});
}

std::vector<std::string> dialable(const std::vector<std::string>& given, const LocalNetwork& local = {}) {
  return texts(dialable_addresses(addresses(given), local));
}

std::vector<std::string> plan(const std::vector<std::string>& given, std::size_t max = 16,
                              const LocalNetwork& local = {}) {
  return lines(plan_dials(addresses(given), local, max));
}

}  // namespace

TEST_CASE("addresses are ranked as go-libp2p ranks them, whatever their order") {
  for (const Case& test : kGoCases) {
    CAPTURE(test.name);
    auto given = addresses(test.given);
    CHECK(sorted(lines(rank_dials(given, {}))) == sorted(test.expected));
    std::ranges::reverse(given);
    CHECK(sorted(lines(rank_dials(given, {}))) == sorted(test.expected));
  }
}

TEST_CASE("what is on our own link goes first, and faster") {
  for (const Case& test : kLanCases) {
    CAPTURE(test.name);
    CHECK(lines(rank_dials(addresses(test.given), at_home())) == test.expected);
  }
}

TEST_CASE("who listens for TCP only dials that first") {
  const auto dials = [](const std::vector<std::string>& listening) {
    const LocalNetwork local{.addresses = {}, .on_link = {}, .listening = addresses(listening)};
    return lines(rank_dials(addresses({kQ1, kT1}), local));
  };
  const std::string tcp = "/ip4/192.0.2.1/tcp/4001", quic = "/ip4/192.0.2.1/udp/4001/quic-v1";
  CHECK(dials({}) == std::vector{"0 " + kQ1, "250 " + kT1});
  CHECK(dials({quic, tcp}) == std::vector{"0 " + kQ1, "250 " + kT1});
  CHECK(dials({tcp}) == std::vector{"0 " + kT1, "1000 " + kQ1});
  CHECK(dials({tcp, kRelayQuic}) == std::vector{"0 " + kT1, "1000 " + kQ1});
}

TEST_CASE("attempts are in the order of their delays") {
  for (const Case& test : kGoCases) {
    const auto attempts = rank_dials(addresses(test.given), {});
    CHECK(std::ranges::is_sorted(attempts, {}, &DialAttempt::delay));
  }
}

TEST_CASE("what cannot be dialed is left out") {
  for (const std::string& text : std::vector<std::string>{
           "/ip4/0.0.0.0/tcp/1", "/ip4/0.1.2.3/tcp/1", "/ip4/224.0.0.1/udp/1/quic-v1",
           "/ip4/255.255.255.255/tcp/1", "/ip6/::/tcp/1", "/ip6/ff02::1/udp/1/quic-v1", "/ip6/fe80::1/tcp/1",
           "/ip6/::ffff:1.2.3.4/tcp/1", "/ip6/::ffff:127.0.0.1/tcp/1", "/ip4/1.2.3.4/tcp/0",
           "/ip4/1.2.3.4/udp/0/quic-v1"}) {
    CAPTURE(text);
    CHECK(dialable({text, kT2}) == std::vector{kT2});
  }
  CHECK(dialable_addresses({Multiaddr()}, {}).empty());
}

TEST_CASE("each address once, and the peer it names does not make two of it") {
  const std::string peer = "/p2p/12D3KooWK99VoVxNE7XzyBwXEzW7xhK7Gpv85r9F3V3fyKSUKPH5";
  CHECK(dialable({kT2, kT2 + peer, kT3, kT2}) == std::vector{kT2, kT3});
  CHECK(dialable({"/ip4/1.2.3.4/tcp/1" + peer + "/p2p-circuit" + peer}) ==
        std::vector{"/ip4/1.2.3.4/tcp/1" + peer + "/p2p-circuit"});
  CHECK(dialable({peer}).empty());
}

TEST_CASE("loopback is dialed only when the peer is on this machine") {
  const std::string loopback = "/ip4/127.0.0.1/tcp/1", loopback_v6 = "/ip6/::1/tcp/1";
  CHECK(dialable({loopback, kT2, loopback_v6}) == std::vector{kT2});
  CHECK(dialable({loopback, loopback_v6}) == std::vector{loopback, loopback_v6});
  CHECK(dialable({loopback, kRelayTcp}) == std::vector{loopback, kRelayTcp});
  CHECK(dialable({loopback, "/ip4/192.168.7.2/tcp/9"}, at_home()).size() == 2);
  CHECK(dialable({loopback, kLanTcp}, at_home()) == std::vector{kLanTcp});
  CHECK(dialable({"/ip4/127.0.0.1/tcp/1/p2p-circuit", kT2}) == std::vector{kT2});
}

TEST_CASE("only families that this machine has, and never ourselves") {
  const LocalNetwork v4_only = LocalNetwork::of({ip("127.0.0.1"), ip("1.2.3.9"), ip("fe80::1")});
  CHECK(dialable({kQ1v6, kT1v6, kQ1, kName}, v4_only) == std::vector{kQ1, kName});
  CHECK(dialable({"/ip6/::1/tcp/1"}, v4_only).size() == 1);
  const LocalNetwork v6_only = LocalNetwork::of({ip("2a00::1")});
  CHECK(dialable({kQ1v6, kQ1}, v6_only) == std::vector{kQ1v6});
  const LocalNetwork unknown = LocalNetwork::of({ip("127.0.0.1"), ip("::1")});
  CHECK(dialable({kQ1v6, kQ1}, unknown).size() == 2);

  const LocalNetwork listening = LocalNetwork::of({ip("1.2.3.4")}, addresses({kT2}));
  CHECK(dialable({kT2, kT3}, listening) == std::vector{kT3});
}

TEST_CASE("which subnets are on-link is assumed from the interfaces") {
  const LocalNetwork local =
      LocalNetwork::of({ip("10.1.2.3"), ip("1.2.3.4"), ip("2a00:1:2:3::4"), ip("fe80::1")});
  std::vector<std::string> subnets;
  for (const Subnet& subnet : local.on_link) subnets.push_back(subnet.to_string());
  CHECK(subnets == std::vector<std::string>{"10.1.2.0/24", "2a00:1:2:3::/64"});
}

TEST_CASE("a second way to the same port is left out") {
  const std::string ws = "/ip4/1.2.3.4/tcp/2/ws", wss = "/ip4/1.2.3.4/tcp/443/tls/ws";
  const std::string draft = "/ip4/1.2.3.4/udp/1/quic";
  CHECK(dialable({kWt1, kQ1, draft}) == std::vector{kQ1});
  CHECK(dialable({kWt1, kQ2, draft}) == std::vector{kWt1, kQ2, draft});
  CHECK(dialable({ws, wss, kT2, "/ip4/1.2.3.4/tcp/2/wss"}) == std::vector{wss, kT2});
  CHECK(dialable({ws, kT3, "/ip4/1.2.3.5/tcp/2"}).size() == 3);
  CHECK(dialable({kRelayTcp, "/ip4/1.2.3.4/tcp/1/ws"}).size() == 2);
}

TEST_CASE("a plan begins at once") {
  CHECK(plan({kName}) == std::vector{"0 " + kName});
  CHECK(plan({kRtc, kName}) == std::vector{"0 " + kRtc, "1000 " + kName});
  CHECK(plan({kMemory}) == std::vector{"0 " + kMemory});
  CHECK(plan({}).empty());
}

TEST_CASE("many addresses of one kind do not push out the others") {
  std::vector<std::string> given;
  for (int port = 1; port <= 50; ++port)
    given.push_back("/ip4/1.2.3.4/udp/" + std::to_string(port) + "/quic-v1");
  given.insert(given.end(), {kT2, kT1v6, kRelayTcp});
  CHECK(sorted(plan(given, 5)) ==
        sorted({"0 " + kQ1, "250 " + kQ2, "500 " + kT1v6, "750 " + kT2, "500 " + kRelayTcp}));
  CHECK(plan(given, 16).size() == 16);
  CHECK(plan(given, 0).empty());
}

TEST_CASE("candidates are bounded") {
  std::vector<std::string> given;
  for (int port = 1; port <= 500; ++port) given.push_back("/ip4/1.2.3.4/tcp/" + std::to_string(port));
  CHECK(dialable(given).size() == kDialCandidatesMax);
}

TEST_CASE("the scope of an IP address") {
  const std::vector<std::pair<std::string_view, AddressScope>> table = {
      {"0.0.0.0", AddressScope::kUndialable},
      {"127.1.2.3", AddressScope::kLoopback},
      {"10.0.0.1", AddressScope::kPrivate},
      {"172.16.0.1", AddressScope::kPrivate},
      {"172.32.0.1", AddressScope::kPublic},
      {"192.168.0.1", AddressScope::kPrivate},
      {"100.64.0.1", AddressScope::kPrivate},
      {"100.128.0.1", AddressScope::kPublic},
      {"169.254.1.1", AddressScope::kPrivate},
      {"198.51.100.1", AddressScope::kPublic},
      {"239.1.1.1", AddressScope::kUndialable},
      {"::", AddressScope::kUndialable},
      {"::1", AddressScope::kLoopback},
      {"fd00::1", AddressScope::kPrivate},
      {"fe80::1", AddressScope::kUndialable},
      {"2001:db8::1", AddressScope::kPublic},
      {"::ffff:10.0.0.1", AddressScope::kUndialable},
      {"ff02::1", AddressScope::kUndialable},
      {"::10.0.0.1", AddressScope::kUndialable},
  };
  for (const auto& [text, scope] : table) {
    CAPTURE(text);
    CHECK(scope_of(ip(text)) == scope);
  }
  CHECK_FALSE(scope_of(addresses({kName}).front()).has_value());
}
