#include <doctest/doctest.h>

#include <nlohmann/json.hpp>

#include "app/path_report_text.hpp"
#include "app/path_values.hpp"
#include "warren/base/error.hpp"
#include "warren/core/relay_reason.hpp"

namespace warren::app {
namespace {

using Json = nlohmann::ordered_json;

constexpr const char* kPeer = "12D3KooWAn77DQ4Xz3BcoEE8yA5nX6xTGNmD7EnsRmNuXmcF1chE";
constexpr const char* kRelay = "12D3KooWEyoppNCUx8Yx66oV9fJnriXwCcXwDDUA2kj6vnc6iDEp";
const Instant kNow = Instant() + 100s;

Multiaddr address(const std::string& text) {
  return value_or_throw(Multiaddr::parse(text));
}

Multiaddr direct() {
  return address("/ip4/31.4.0.1/udp/4001/quic-v1");
}

Multiaddr circuit() {
  return address(std::string("/ip4/31.1.0.1/udp/4001/quic-v1/p2p/") + kRelay + "/p2p-circuit/p2p/" + kPeer);
}

PathRow relayed_path() {
  return {.address = circuit(),
          .relayed = true,
          .round_trip_time = 83ms,
          .health = {.round_trip_time = 0ms, .loss = 0.05, .is_suspect = true},
          .age = 10s};
}

PathReport report_of(PathVerdict verdict) {
  PathReport report{.peer = value_or_throw(PeerId::parse(kPeer)), .verdict = verdict, .now = kNow};
  report.ours = {.mapping = NatMapping::kEndpointIndependent,
                 .filtering = NatFiltering::kAddressAndPort,
                 .addresses = {address("/ip4/31.3.0.1/udp/4001/quic-v1")},
                 .local = {},
                 .outside = {value_or_throw(IpAddress::parse("31.3.0.1"))}};
  return report;
}

PathReport direct_report() {
  PathReport report = report_of(PathVerdict::kDirect);
  report.why = "punched (DCUtR), 2nd try";
  report.paths = {{.address = direct(),
                   .best = true,
                   .round_trip_time = 50ms,
                   .health = {.round_trip_time = 41200us},
                   .age = 3s},
                  relayed_path()};
  report.attempts = {{.peer = report.peer,
                      .address = address("/ip4/31.4.0.1/tcp/4001"),
                      .began = kNow - 5s,
                      .took = 300ms,
                      .error = make_error_code(Errc::kRefused),
                      .why = "the other side \x1b[31mrefused"},
                     {.peer = report.peer,
                      .address = direct(),
                      .began = kNow - 4s,
                      .took = 120ms,
                      .won = true,
                      .means = PathMeans::kPunch}};
  report.candidates = {{.address = direct(), .last = report.attempts[1]},
                       {.address = address("/ip4/31.4.0.1/tcp/9"), .last = {}}};
  report.rounds = {{.peer = report.peer,
                    .began = kNow - 9s,
                    .took = 5s,
                    .round_trip_time = 83ms,
                    .told = {address("/ip4/31.3.0.1/udp/4001/quic-v1")},
                    .heard = {direct()},
                    .error = make_error_code(Errc::kPunchFailed),
                    .reason = RelayReason::kProbesUnanswered,
                    .why = "nothing came back"},
                   {.peer = report.peer, .ours = false, .began = kNow - 4s, .took = 130ms}};
  return report;
}

PathReport relayed_report() {
  PathReport report = report_of(PathVerdict::kRelayed);
  report.reason = RelayReason::kBothHardNat;
  report.why = describe(*report.reason);
  report.advice = advice(*report.reason);
  report.paths = {relayed_path()};
  report.paths[0].best = true;
  report.ours.mapping = NatMapping::kDependent;
  report.ours.ports = NatPorts::kRandom;
  report.theirs = report.ours;
  report.theirs->udp = false;
  report.next_try = kNow + 12s;
  report.rounds = {{.peer = report.peer,
                    .began = kNow - 3s,
                    .error = make_error_code(Errc::kPunchFailed),
                    .reason = RelayReason::kBothHardNat}};
  return report;
}

control::v1::WhyReply reply_of(const PathReport& report) {
  control::v1::WhyReply reply;
  describe_report(report, reply);
  return reply;
}

Json json_of(const PathReport& report) {
  return Json::parse(report_json(reply_of(report)).to_string());
}

std::vector<std::string> keys_of(const Json& object) {
  std::vector<std::string> keys;
  for (const auto& [key, _] : object.items()) keys.push_back(key);
  return keys;
}

void expect_line(const std::string& text, const std::string& line) {
  INFO(text);
  CHECK_MESSAGE(("\n" + text).find("\n" + line + "\n") != std::string::npos, line);
}

}  // namespace

TEST_CASE("a direct path is told with how it came about, and all that was tried") {
  const std::string text = report_text(reply_of(direct_report()));
  CHECK(text.starts_with("Direct over QUIC for 3 s: punched (DCUtR), 2nd try\n\n"));
  expect_line(text, std::string("Peer        ") + kPeer);
  expect_line(text, "Paths       direct quic /ip4/31.4.0.1/udp/4001/quic-v1, 41.2 ms, open for 3 s (in use)");
  expect_line(text, std::string("            relay via ") + kRelay +
                        ", 83.0 ms, loses 5 %, an answer is overdue, open for 10 s");
  expect_line(text, "This node   mapping endpoint-independent, filtering address-and-port");
  expect_line(text, "            seen as 31.3.0.1");
  expect_line(text, "            to be tried at /ip4/31.3.0.1/udp/4001/quic-v1");
  expect_line(text, "The peer    it has not told where it stands");
  expect_line(text, "Addresses   /ip4/31.4.0.1/udp/4001/quic-v1: connected in 120.0 ms (punch, 4 s ago)");
  expect_line(text, "            /ip4/31.4.0.1/tcp/9: not tried yet");
  expect_line(text,
              "Attempts    5 s ago         dial     /ip4/31.4.0.1/tcp/4001: failed after 300.0 ms: the other "
              "side \\x1b[31mrefused");
  expect_line(text,
              "Rounds      9 s ago         punch    begun here, 83.0 ms over the relay: failed after "
              "5000.0 ms: PROBES_UNANSWERED: nothing came back");
  expect_line(text, "                  we tried /ip4/31.4.0.1/udp/4001/quic-v1");
  expect_line(text, "            4 s ago         punch    begun by the peer: connected in 130.0 ms");
}

TEST_CASE("a relayed path is told with the code, what it means, and what would help") {
  const std::string text = report_text(reply_of(relayed_report()));
  const std::string meaning(describe(RelayReason::kBothHardNat));
  CHECK(text.starts_with(std::string("Relayed via ") + kRelay + ": BOTH_HARD_NAT: " + meaning + "\n"));
  CHECK(text.find("\nForward a port on one of the two routers") != std::string::npos);
  expect_line(text, "This node   mapping dependent (ports random), filtering address-and-port");
  expect_line(text,
              "The peer    UDP is blocked; mapping dependent (ports random), filtering address-and-port");
  expect_line(text, "Rounds      3 s ago         punch    begun here: left out: BOTH_HARD_NAT: " + meaning);
  expect_line(text, "Next try    in 12 s");
  CHECK(reason_text(reply_of(relayed_report())) ==
        "BOTH_HARD_NAT: " + meaning + "; " + std::string(advice(RelayReason::kBothHardNat)));
}

TEST_CASE("a peer that is not connected is told of without paths") {
  PathReport report = report_of(PathVerdict::kUnconnected);
  report.ours.mapping = NatMapping::kNone;
  report.ours.filtering = NatFiltering::kOpen;
  const std::string text = report_text(reply_of(report));
  CHECK(text.starts_with("Not connected\n\n"));
  expect_line(text, "Paths       none");
  expect_line(text, "This node   no NAT, filtering open");
  CHECK(reason_text(reply_of(report)).empty());
  const Json json = json_of(report);
  CHECK(json["verdict"] == "unconnected");
  for (const char* key : {"node_id", "reason", "advice", "theirs", "next_try_in_ms"})
    CHECK_MESSAGE(json[key].is_null(), key);
  CHECK(json["paths"].empty());
}

TEST_CASE("in JSON, all of a report is there under its name") {
  const Json json = json_of(direct_report());
  CHECK(keys_of(json) == std::vector<std::string>{"peer_id", "node_id", "verdict", "reason", "why", "advice",
                                                  "paths", "ours", "theirs", "candidates", "attempts",
                                                  "rounds", "next_try_in_ms"});
  CHECK(json["paths"][0] == Json::parse(R"({"kind":"direct","transport":"quic-v1",
      "address":"/ip4/31.4.0.1/udp/4001/quic-v1","relay":null,"best":true,"rtt_ms":41.2,"loss":0.0,
      "suspect":false,"age_ms":3000})"));
  CHECK(json["paths"][1]["kind"] == "relay");
  CHECK(json["paths"][1]["relay"] == kRelay);
  CHECK(json["paths"][1]["rtt_ms"] == 83.0);
  CHECK(json["ours"] == Json::parse(R"({"udp":true,"mapping":"endpoint-independent",
      "filtering":"address-and-port","ports":"unknown","outside":["31.3.0.1"],
      "addresses":["/ip4/31.3.0.1/udp/4001/quic-v1"],"local":[]})"));
  CHECK(json["candidates"][0]["last"]["outcome"] == "connected");
  CHECK(json["candidates"][1]["last"].is_null());
  CHECK(json["attempts"][0]["reason"] == "refused");
  CHECK(json["attempts"][0]["ago_ms"] == 5000);
  CHECK(json["attempts"][1]["means"] == "punch");
  CHECK(json["rounds"][0]["reason"] == "PROBES_UNANSWERED");
  CHECK(json["rounds"][0]["error"] == "punch_failed");
  CHECK(json["rounds"][0]["begun_by"] == "us");
  CHECK(json["rounds"][1]["begun_by"] == "peer");
  CHECK(json["rounds"][1]["outcome"] == "connected");
  CHECK(json["rounds"][1]["rtt_ms"].is_null());

  const Json relayed = json_of(relayed_report());
  CHECK(relayed["reason"] == "BOTH_HARD_NAT");
  CHECK(relayed["theirs"]["udp"] == false);
  CHECK(relayed["next_try_in_ms"] == 12000);
}

TEST_CASE("an address that leads over a relay is named by the relay") {
  PathReport report = report_of(PathVerdict::kUnconnected);
  report.candidates = {{.address = circuit(), .last = {}}};
  expect_line(report_text(reply_of(report)),
              std::string("Addresses   relay via ") + kRelay + ": not tried yet");
  CHECK(json_of(report)["candidates"][0]["address"] == circuit().to_string());
}

TEST_CASE("an address that was left out has no times") {
  PathReport report = report_of(PathVerdict::kUnconnected);
  report.candidates = {
      {.address = direct(),
       .last = DialOutcome{.peer = report.peer, .address = direct(), .why = "no QUIC here"}}};
  const std::string text = report_text(reply_of(report));
  expect_line(text, "Addresses   /ip4/31.4.0.1/udp/4001/quic-v1: left out: no QUIC here");
  const Json last = json_of(report)["candidates"][0]["last"];
  CHECK(last["outcome"] == "left_out");
  CHECK(last["took_ms"].is_null());
  CHECK(last["ago_ms"].is_null());
}

}  // namespace warren::app
