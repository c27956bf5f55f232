#include "warren/core/nat_position.hpp"

namespace warren {

std::string_view to_string(NatMapping mapping) {
  switch (mapping) {
    case NatMapping::kUnknown: return "unknown";
    case NatMapping::kNone: return "none";
    case NatMapping::kEndpointIndependent: return "endpoint-independent";
    case NatMapping::kDependent: return "dependent";
  }
  return "unknown";
}

std::string_view to_string(NatFiltering filtering) {
  switch (filtering) {
    case NatFiltering::kUnknown: return "unknown";
    case NatFiltering::kOpen: return "open";
    case NatFiltering::kAddress: return "address";
    case NatFiltering::kAddressAndPort: return "address-and-port";
  }
  return "unknown";
}

std::string_view to_string(NatPorts ports) {
  switch (ports) {
    case NatPorts::kUnknown: return "unknown";
    case NatPorts::kSequential: return "sequential";
    case NatPorts::kRandom: return "random";
  }
  return "unknown";
}

}  // namespace warren
