// How a NAT's behaviour follows from what was observed: RFC 5780, sections 4.3 and 4.4, without its order of
// tests. Of two behaviours that fit, one of which is endpoint-independent, none is claimed; of the other two
// the stricter one is.
#pragma once

#include <span>

#include "warren/protocols/stun/nat_report.hpp"

namespace warren::stun {

// Where a server saw us when it was asked from one socket.
struct Observation {
  Endpoint server;
  Endpoint seen;
};
Behavior mapping_of(std::span<const Observation> observations);

// What came in at a socket that had contacted one endpoint only.
struct FilterEvidence {
  // From an address it had not contacted; from the contacted address, but another port. None: nobody was
  // there to send it.
  std::optional<bool> from_other_address{};
  std::optional<bool> from_other_port{};
};
Behavior filtering_of(const FilterEvidence& evidence);

}  // namespace warren::stun
