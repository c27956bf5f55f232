// Why the path to a peer is what it is, in a code, a sentence and an advice, out of what is known. Pure.
#pragma once

#include <optional>
#include <string>

#include "warren/node/path_report.hpp"

namespace warren {

struct VerdictFacts {
  PathVerdict verdict = PathVerdict::kUnconnected;
  bool punching_enabled = true;
  bool we_begin = false;    // the peer dialed the relayed path, so that we begin the exchange
  bool is_seeking = false;  // a try is under way
  // Whether the peer speaks DCUtR; nothing: it has not said yet.
  std::optional<bool> speaks_dcutr;
  // What the two positions leave, as the strategy says; nothing: something worth trying, or unknown.
  std::optional<RelayReason> hopeless;
  const PunchRound* last_round = nullptr;     // of either side
  const DialOutcome* last_attempt = nullptr;  // of a direct path: the one that led there
  bool has_addresses = true;                  // any are known of the peer
  std::optional<Instant> next_try;
  Instant now{};
};

struct PathExplanation {
  std::optional<RelayReason> reason;
  std::string why;
  std::string advice;
};

PathExplanation explain(const VerdictFacts& facts);

}  // namespace warren
