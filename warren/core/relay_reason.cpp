#include "warren/core/relay_reason.hpp"

#include <algorithm>
#include <array>

#include "warren/base/assert.hpp"

namespace warren {

namespace {

struct Row {
  RelayReason reason;
  std::string_view code;
  std::string_view meaning;
  std::string_view advice;
};

constexpr std::array kRows{
    Row{RelayReason::kNoPublicMapping, "NO_PUBLIC_MAPPING",
        "one of the two nodes knows no address at which it could be seen from outside",
        "let it reach a STUN server or a few public peers, or set `announce` in its warren.toml"},
    Row{RelayReason::kBothHardNat, "BOTH_HARD_NAT",
        "both NATs give every destination another port, so that neither side can tell the other where to "
        "send",
        "forward a port on one of the two routers, or give one side IPv6"},
    Row{RelayReason::kUdpBlocked, "UDP_BLOCKED",
        "UDP does not get out on one side, and TCP did not get through either",
        "allow outgoing UDP on that side, or forward a TCP port on either"},
    Row{RelayReason::kPeerNoDcutr, "PEER_NO_DCUTR", "the peer does not punch holes (/libp2p/dcutr)",
        "turn hole punching on at the peer, or let it update"},
    Row{RelayReason::kSyncTimeout, "SYNC_TIMEOUT",
        "the two nodes did not agree over the relay in time on when to begin",
        "it is tried again; if it stays so, choose a nearer relay"},
    Row{RelayReason::kRoleConflict, "ROLE_CONFLICT",
        "the peer takes no exchange from this side, or both began at once",
        "it is tried again when the peer connects to this node through a relay"},
    Row{RelayReason::kProbesUnanswered, "PROBES_UNANSWERED",
        "everything that these two NATs allow was tried, and nothing came back",
        "it is tried again; if it stays so, a firewall drops what strangers send: forward a port on either "
        "side"},
    Row{RelayReason::kLimitedByBudget, "LIMITED_BY_BUDGET",
        "the budget for new flows is used up for now, so that the router is not overrun",
        "it is tried again by itself"},
    Row{RelayReason::kPolicyRelayOnly, "POLICY_RELAY_ONLY",
        "the configuration of one side wants no direct path",
        "set `punch.enabled` in its warren.toml if that is not meant"},
    Row{RelayReason::kNoReservation, "NO_RESERVATION",
        "neither side is held by a relay, so there is no path to agree over",
        "add a relay that both can reach: `relays` in warren.toml, or `warren up --relay`"},
    Row{RelayReason::kRecentFailBackoff, "RECENT_FAIL_BACKOFF",
        "it failed a moment ago, and the next try has not come yet",
        "wait for the next try, or try now: `warren ping --until-direct`"},
};

const Row& row_of(RelayReason reason) {
  const auto found = std::ranges::find(kRows, reason, &Row::reason);
  WARREN_ASSERT(found != kRows.end());
  return *found;
}

}  // namespace

std::string_view to_string(RelayReason reason) {
  return row_of(reason).code;
}

std::optional<RelayReason> relay_reason_of(std::string_view code) {
  const auto found = std::ranges::find(kRows, code, &Row::code);
  if (found == kRows.end()) return std::nullopt;
  return found->reason;
}

std::string_view describe(RelayReason reason) {
  return row_of(reason).meaning;
}

std::string_view advice(RelayReason reason) {
  return row_of(reason).advice;
}

}  // namespace warren
