// Why a path is not direct: codes for programs, a sentence and an advice for people.
#pragma once

#include <optional>
#include <string_view>

namespace warren {

enum class RelayReason {
  kNoPublicMapping,    // one side does not know any address at which it could be seen
  kBothHardNat,        // both NATs give every destination another port
  kUdpBlocked,         // one side has no UDP, and TCP did not do either
  kPeerNoDcutr,        // the peer does not punch holes
  kSyncTimeout,        // the exchange over the relay did not end in time
  kRoleConflict,       // both sides began at once, or the peer takes no exchange from this side
  kProbesUnanswered,   // everything was tried, and nothing came back
  kLimitedByBudget,    // the budget for new flows or sprays is used up for now
  kPolicyRelayOnly,    // the configuration of one side wants no direct path
  kNoReservation,      // there is no relayed path to agree over
  kRecentFailBackoff,  // it failed a moment ago; the next try comes later
};

// "NO_PUBLIC_MAPPING", "BOTH_HARD_NAT"...
std::string_view to_string(RelayReason reason);
// Of the same spelling.
std::optional<RelayReason> relay_reason_of(std::string_view code);
// What it means, and what the owner of a node can do, a sentence each.
std::string_view describe(RelayReason reason);
std::string_view advice(RelayReason reason);

}  // namespace warren
