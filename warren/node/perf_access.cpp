#include "warren/node/perf_access.hpp"

#include "warren/core/ip_address.hpp"

namespace warren {

namespace {

// The address of a relayed connection is the relay's, and tells nothing of the peer.
bool is_local(const Multiaddr& from) {
  const auto ip = ip_address_of(from);
  if (!ip || from.has(Protocol::kP2pCircuit)) return false;
  return ip->is_loopback() || ip->is_private() || ip->is_link_local();
}

}  // namespace

bool serves_perf(PerfAccess to, Access access, const Multiaddr& from) {
  if (access == Access::kDenied) return false;
  switch (to) {
    case PerfAccess::kOff: return false;
    case PerfAccess::kAllowed: return access == Access::kAllowed;
    case PerfAccess::kLocal: return access == Access::kAllowed || is_local(from);
    case PerfAccess::kAnyone: return true;
  }
  return false;
}

}  // namespace warren
