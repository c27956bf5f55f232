// Who may have this node send and receive without end: the peers that it serves perf runs to.
#pragma once

#include "warren/multiformats/multiaddr.hpp"
#include "warren/swarm/access_list.hpp"

namespace warren {

// Each serves those of the one before, too.
enum class PerfAccess {
  kOff,      // nobody
  kAllowed,  // peers that the access list allows
  kLocal,    // and those of this machine and of private networks, by their addresses
  kAnyone,
};

// `access`: what the access list says of the peer. `from`: the remote end's address.
bool serves_perf(PerfAccess to, Access access, const Multiaddr& from);

}  // namespace warren
