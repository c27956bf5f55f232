// Which of the open paths to a peer new streams take. Pure. In this order: paths whose heartbeats are
// answered before suspect ones; direct before relayed; IPv6, the same network, then whatever was reached
// through NATs; of equals, those with datagrams before TCP, and the newest. A path that is much slower or
// loses much goes behind its like; what differs a little changes nothing, so that paths do not alternate.
#pragma once

#include <cstddef>
#include <span>
#include <vector>

#include "warren/base/time.hpp"

namespace warren {

enum class PathKind {
  kDirectIp6,    // no NAT is in between
  kSameNetwork,  // private addresses
  kDirect,       // IPv4, mapped or punched
  kRelayed,
};

struct PathFacts {
  PathKind kind = PathKind::kDirect;
  bool is_datagram = false;  // QUIC: it survives a change of address, and no stream waits for another's loss
  Duration round_trip_time{};  // zero: unknown
  double loss = 0;             // of heartbeats, 0 to 1
  Instant opened_at{};
  bool is_suspect = false;
  bool is_worn = false;         // a circuit that will end soon
  bool is_best_so_far = false;  // it must be clearly worse than another one to lose that
  // Whether the one of the two peers dialed whose id is smaller. Of paths opened at the same time, as after a
  // punch, both ends choose the same by it.
  bool by_smaller_peer = false;
};

// Paths that were opened within this time of each other are as old as each other.
inline constexpr Duration kTwinTime = 10s;

// Indexes into `paths`, the best first.
std::vector<std::size_t> rank_paths(std::span<const PathFacts> paths);

}  // namespace warren
