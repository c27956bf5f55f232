#include "test/sim/punch/cell.hpp"

#include <algorithm>
#include <array>

#include "warren/base/assert.hpp"

namespace warren::punch_sim {

namespace {

constexpr std::array<std::string_view, 7> kOrder = {"PU", "FC", "RC", "PR", "UB", "SQ", "SY"};

bool is_hard(std::string_view kind) {
  return kind == "SQ" || kind == "SY";
}

// The two tables: over TCP, and the better of both. `one` is not after `other` in their order.
Wanted wanted_of(std::string_view one, std::string_view other, bool tcp) {
  using enum Wanted;
  if (one == "PU") return kDirect;
  if (!is_hard(other)) return kPunch;
  if (one == "FC" || one == "RC") return kDirect;
  const bool over_tcp = tcp || one == "UB";
  if (!is_hard(one)) {
    if (other == "SQ") return over_tcp ? kMaybe : kPredict;
    return over_tcp ? kRelay : kSpray;
  }
  return one == "SQ" && other == "SQ" && !tcp ? kMaybe : kRelay;
}

// To others who listens for TCP only is as one whose UDP is blocked.
std::vector<RelayReason> reasons_of(std::string_view one, std::string_view other, bool tcp) {
  using enum RelayReason;
  // Two that count can be guessed, and so can the port of one over TCP: then it was tried in vain.
  const bool guessed = other == "SQ";
  if (is_hard(one) && is_hard(other) && one == "SQ" && guessed && !tcp) {
    return {kProbesUnanswered, kBothHardNat};
  }
  if (is_hard(one) && is_hard(other)) return {kBothHardNat};
  if (!tcp && one != "UB") return {};
  if (guessed) return {kUdpBlocked, kProbesUnanswered};
  return {kUdpBlocked};
}

std::vector<Cell> all_cells() {
  using enum Family;
  using enum Place;
  using enum Wanted;
  std::vector<Cell> all;
  for (const Family family : {kBoth, kTcp}) {
    const bool tcp = family == kTcp;
    for (std::size_t i = 0; i < kOrder.size(); ++i) {
      for (std::size_t j = i; j < kOrder.size(); ++j) {
        all.push_back({.family = family,
                       .one = kOrder[i],
                       .other = kOrder[j],
                       .wanted = wanted_of(kOrder[i], kOrder[j], tcp),
                       .reasons = reasons_of(kOrder[i], kOrder[j], tcp)});
      }
    }
  }
  all.push_back({.one = "PR", .other = "CG", .wanted = kPunch});
  all.push_back({.one = "CG", .other = "CG", .wanted = kPunch});
  all.push_back({.one = "CG", .other = "SY", .wanted = kSpray});
  for (const bool hairpin : {false, true}) {
    all.push_back({.place = kSameHome, .one = "PR", .other = "PR", .wanted = kDirect, .hairpin = hairpin});
  }
  all.push_back({.place = kSameHome, .one = "SY", .other = "SY", .wanted = kDirect});
  all.push_back({.place = kNeighbors, .one = "PR", .other = "PR", .wanted = kPunch, .hairpin = true});
  all.push_back({.place = kNeighbors,
                 .one = "PR",
                 .other = "PR",
                 .wanted = kRelay,
                 .reasons = {RelayReason::kProbesUnanswered}});
  all.push_back({.family = kIp6, .one = "SY", .other = "SY", .wanted = kPunch});
  all.push_back({.family = kIp6, .one = "PR", .other = "SY", .wanted = kPunch});
  return all;
}

}  // namespace

std::string_view to_string(Wanted wanted) {
  switch (wanted) {
    case Wanted::kDirect: return "direct";
    case Wanted::kPunch: return "punch";
    case Wanted::kPredict: return "predict";
    case Wanted::kSpray: return "spray";
    case Wanted::kMaybe: return "maybe";
    case Wanted::kRelay: return "relay";
  }
  WARREN_ASSERT(false);
}

std::string Cell::name() const {
  std::string name = family == Family::kTcp ? "tcp" : family == Family::kIp6 ? "ip6" : "both";
  if (place == Place::kSameHome) name = "same";
  if (place == Place::kNeighbors) name = "carrier";
  name += ":" + std::string(one) + "-" + std::string(other);
  return hairpin ? name + "+hairpin" : name;
}

Duration Cell::time_max() const {
  if (wanted == Wanted::kSpray) return 20s;
  return wanted == Wanted::kPredict || wanted == Wanted::kMaybe ? 5s : 3s;
}

std::vector<Cell> cells(const std::vector<std::string>& named) {
  std::vector<Cell> all = all_cells();
  const auto unwanted = [&](const Cell& cell) {
    const std::string name = cell.name();
    return !named.empty() && std::ranges::none_of(named, [&](const std::string& part) {
      return name.find(part) != std::string::npos;
    });
  };
  std::erase_if(all, unwanted);
  return all;
}

}  // namespace warren::punch_sim
