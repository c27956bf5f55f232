#include "warren/node/path_verdict.hpp"

#include <doctest/doctest.h>

#include "warren/base/error.hpp"
#include "warren/core/test_values.hpp"

namespace warren {

namespace {

PunchRound failed(std::optional<RelayReason> reason) {
  PunchRound round{.peer = testing::keyless_peer(1)};
  round.error = make_error_code(Errc::kPunchFailed);
  round.reason = reason;
  return round;
}

VerdictFacts relayed() {
  VerdictFacts facts{.verdict = PathVerdict::kRelayed};
  facts.speaks_dcutr = true;
  facts.we_begin = true;
  return facts;
}

}  // namespace

TEST_CASE("a relayed path: the reason of the last round") {
  for (const RelayReason reason :
       {RelayReason::kNoPublicMapping, RelayReason::kPeerNoDcutr, RelayReason::kSyncTimeout,
        RelayReason::kRoleConflict, RelayReason::kProbesUnanswered, RelayReason::kLimitedByBudget,
        RelayReason::kPolicyRelayOnly}) {
    const PunchRound round = failed(reason);
    VerdictFacts facts = relayed();
    facts.last_round = &round;
    const auto explanation = explain(facts);
    CHECK(explanation.reason == reason);
    CHECK_FALSE(explanation.why.empty());
    CHECK_FALSE(explanation.advice.empty());
  }
}

TEST_CASE("what the NATs rule out says more than that nothing came back") {
  const PunchRound round = failed(RelayReason::kProbesUnanswered);
  VerdictFacts facts = relayed();
  facts.last_round = &round;
  facts.hopeless = RelayReason::kBothHardNat;
  CHECK(explain(facts).reason == RelayReason::kBothHardNat);
  const PunchRound budget = failed(RelayReason::kLimitedByBudget);
  facts.last_round = &budget;
  CHECK(explain(facts).reason == RelayReason::kLimitedByBudget);
}

TEST_CASE("a relayed path before any round has ended") {
  VerdictFacts facts = relayed();
  facts.is_seeking = true;
  CHECK_FALSE(explain(facts).reason.has_value());
  CHECK(explain(facts).why == "a direct path is being looked for");
  facts.is_seeking = false;
  facts.speaks_dcutr = false;
  CHECK(explain(facts).reason == RelayReason::kPeerNoDcutr);
  facts.speaks_dcutr = true;
  facts.next_try = facts.now + 10s;
  CHECK(explain(facts).reason == RelayReason::kRecentFailBackoff);
  facts.next_try.reset();
  facts.we_begin = false;
  CHECK(explain(facts).reason == RelayReason::kSyncTimeout);
  facts.punching_enabled = false;
  CHECK(explain(facts).reason == RelayReason::kPolicyRelayOnly);
}

TEST_CASE("a direct path: how it came about, without a reason") {
  VerdictFacts facts{.verdict = PathVerdict::kDirect};
  CHECK_FALSE(explain(facts).reason.has_value());
  PunchRound round{.peer = testing::keyless_peer(1)};
  round.means = PathMeans::kSpray;
  facts.last_round = &round;
  CHECK(explain(facts).why == "found by spraying ports");
  CHECK(explain(facts).advice.empty());
}

TEST_CASE("no path at all") {
  VerdictFacts facts;
  facts.has_addresses = false;
  CHECK(explain(facts).reason == RelayReason::kNoReservation);
  facts.has_addresses = true;
  DialOutcome outcome{.peer = testing::keyless_peer(1), .address = {}};
  outcome.error = make_error_code(Errc::kTimedOut);
  outcome.why = "no answer within 5 s";
  facts.last_attempt = &outcome;
  CHECK(explain(facts).why == "no answer within 5 s");
}

TEST_CASE("codes are spelled as in the documents, and read back") {
  for (const std::string_view code :
       {"NO_PUBLIC_MAPPING", "BOTH_HARD_NAT", "UDP_BLOCKED", "PEER_NO_DCUTR", "SYNC_TIMEOUT", "ROLE_CONFLICT",
        "PROBES_UNANSWERED", "LIMITED_BY_BUDGET", "POLICY_RELAY_ONLY", "NO_RESERVATION",
        "RECENT_FAIL_BACKOFF"}) {
    const auto reason = relay_reason_of(code);
    REQUIRE(reason.has_value());
    CHECK(to_string(*reason) == code);
  }
  CHECK_FALSE(relay_reason_of("BAD_LUCK").has_value());
}

}  // namespace warren
