#include "warren/protocols/stun/nat_report.hpp"

namespace warren::stun {

std::string_view to_string(Behavior behavior) {
  switch (behavior) {
    case Behavior::kUnknown: break;
    case Behavior::kEndpointIndependent: return "endpoint-independent";
    case Behavior::kAddressDependent: return "address-dependent";
    case Behavior::kAddressAndPortDependent: return "address-and-port-dependent";
  }
  return "unknown";
}

}  // namespace warren::stun
