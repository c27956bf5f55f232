// The pairs of docs/nat.md and what each must reach: PU public, FC full cone, RC address-restricted, PR
// port-restricted, SQ symmetric with sequential ports, SY symmetric with random ports, UB UDP blocked, CG a
// port-restricted home behind a carrier's router.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "warren/base/time.hpp"
#include "warren/core/relay_reason.hpp"

namespace warren::punch_sim {

enum class Family {
  kBoth,  // both nodes listen on QUIC and TCP, over IPv4
  kTcp,   // on TCP only
  kIp6,   // on both, and each has a global IPv6 address behind a firewall
};

enum class Place {
  kApart,      // each behind a router of its own
  kSameHome,   // both behind one router
  kNeighbors,  // each behind a router of its own, both of those behind one carrier's
};

enum class Wanted {
  kDirect,
  kPunch,
  kPredict,
  kSpray,
  kMaybe,  // as luck has it
  kRelay,
};
std::string_view to_string(Wanted wanted);

struct Cell {
  Family family = Family::kBoth;
  Place place = Place::kApart;
  std::string_view one;
  std::string_view other;
  Wanted wanted = Wanted::kRelay;
  std::vector<RelayReason> reasons{};  // one of these, when it ends relayed
  bool hairpin = false;

  std::string name() const;
  bool is_punchable() const { return wanted != Wanted::kRelay && wanted != Wanted::kMaybe; }
  // The path is to be direct so soon after the first request, where the links are good.
  Duration time_max() const;
};

// Those whose name contains one of these, or all.
std::vector<Cell> cells(const std::vector<std::string>& named);

}  // namespace warren::punch_sim
