#include "warren/node/path_verdict.hpp"

#include <fmt/format.h>

#include "warren/base/error.hpp"

namespace warren {

std::string_view to_string(PathVerdict verdict) {
  switch (verdict) {
    case PathVerdict::kDirect: return "direct";
    case PathVerdict::kRelayed: return "relayed";
    case PathVerdict::kUnconnected: return "unconnected";
  }
  return "unconnected";
}

namespace {

PathExplanation because(RelayReason reason) {
  return {reason, std::string(describe(reason)), std::string(advice(reason))};
}

std::string how(PathMeans means) {
  switch (means) {
    case PathMeans::kDial: return "dialed, without anything in the way";
    case PathMeans::kPunch: return "both sides punched at the same instant";
    case PathMeans::kPredict: return "punched at ports that were predicted";
    case PathMeans::kSpray: return "found by spraying ports";
  }
  return {};
}

PathExplanation explain_direct(const VerdictFacts& facts) {
  if (facts.last_round != nullptr && !facts.last_round->error) return {{}, how(facts.last_round->means), {}};
  if (facts.last_attempt != nullptr) return {{}, how(facts.last_attempt->means), {}};
  return {{}, "the peer has connected to this node", {}};
}

PathExplanation explain_unconnected(const VerdictFacts& facts) {
  if (!facts.has_addresses) return because(RelayReason::kNoReservation);
  if (facts.last_attempt == nullptr || !facts.last_attempt->error) {
    return {{}, "nobody has asked for it", "warren connect dials the peer"};
  }
  if (facts.last_attempt->error == Errc::kNoReservation) return because(RelayReason::kNoReservation);
  const std::string& words = facts.last_attempt->why;
  return {{}, words.empty() ? facts.last_attempt->error.message() : words, {}};
}

// What the NATs rule out says more than that nothing came back.
PathExplanation explain_failure(const VerdictFacts& facts) {
  const PunchRound& round = *facts.last_round;
  const bool silent = !round.reason || *round.reason == RelayReason::kProbesUnanswered;
  if (facts.hopeless && silent) return because(*facts.hopeless);
  PathExplanation explanation = because(round.reason.value_or(RelayReason::kProbesUnanswered));
  if (!round.why.empty()) explanation.why += " (" + round.why + ")";
  return explanation;
}

PathExplanation explain_relayed(const VerdictFacts& facts) {
  if (!facts.punching_enabled) return because(RelayReason::kPolicyRelayOnly);
  if (facts.is_seeking && facts.last_round == nullptr && !facts.hopeless)
    return {{}, "a direct path is being looked for", {}};
  if (facts.last_round != nullptr && facts.last_round->error) return explain_failure(facts);
  if (facts.hopeless) return because(*facts.hopeless);
  if (facts.speaks_dcutr == false) return because(RelayReason::kPeerNoDcutr);
  if (facts.next_try && *facts.next_try > facts.now) return because(RelayReason::kRecentFailBackoff);
  if (facts.we_begin) return {{}, "a direct path is about to be looked for", {}};
  PathExplanation waiting = because(RelayReason::kSyncTimeout);
  waiting.why = "the peer, to whom this node dialed over the relay, has not begun the exchange yet";
  return waiting;
}

}  // namespace

PathExplanation explain(const VerdictFacts& facts) {
  switch (facts.verdict) {
    case PathVerdict::kDirect: return explain_direct(facts);
    case PathVerdict::kRelayed: return explain_relayed(facts);
    case PathVerdict::kUnconnected: return explain_unconnected(facts);
  }
  return {};
}

}  // namespace warren
