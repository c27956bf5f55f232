// Relayed connections, as those see them who do not relay: a path that others forward, often with a budget.
// https://github.com/libp2p/specs/blob/master/relay/circuit-v2.md
#pragma once

#include <cstdint>
#include <optional>

#include "warren/base/time.hpp"
#include "warren/multiformats/multiaddr.hpp"

namespace warren {

// What a relay lets one circuit carry, and what of it is used. The transport keeps it up to date as long as
// the connection lives. Bytes are those on the circuit: what is sealed and framed counts with its overhead.
struct CircuitBudget {
  std::uint64_t bytes_each_way_max = 0;  // 0: no limit
  std::optional<Instant> ends;           // nothing: no limit
  std::uint64_t sent = 0;
  std::uint64_t received = 0;

  bool is_limited() const { return bytes_each_way_max != 0 || ends.has_value(); }
  // Nothing: no limit.
  std::optional<std::uint64_t> left_to_send() const { return left(sent); }
  std::optional<std::uint64_t> left_to_receive() const { return left(received); }

 private:
  std::optional<std::uint64_t> left(std::uint64_t used) const {
    if (bytes_each_way_max == 0) return std::nullopt;
    return used < bytes_each_way_max ? bytes_each_way_max - used : 0;
  }
};

// Whether this is a path through a relay: /.../p2p/RELAY/p2p-circuit[/p2p/PEER].
inline bool is_circuit(const Multiaddr& address) {
  return address.has(Protocol::kP2pCircuit);
}

// Which paths a call may take.
enum class PathPolicy {
  kAny,           // what is open, the best first; else whatever connects first
  kPreferDirect,  // dials directly even when a relayed path is open; falls back to that
  kDirectOnly,    // never through a relay: kNoDirectPath
};

}  // namespace warren
