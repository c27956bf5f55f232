#include "warren/protocols/stun/behavior.hpp"

namespace warren::stun {

Behavior mapping_of(std::span<const Observation> observations) {
  bool same_for_addresses = false, differs_for_addresses = false;
  bool same_for_ports = false, differs_for_ports = false;
  for (std::size_t i = 0; i < observations.size(); ++i) {
    for (std::size_t k = i + 1; k < observations.size(); ++k) {
      const Observation& a = observations[i];
      const Observation& b = observations[k];
      if (a.server == b.server) continue;
      const bool same = a.seen == b.seen;
      if (a.server.address == b.server.address) {
        (same ? same_for_ports : differs_for_ports) = true;
      } else {
        (same ? same_for_addresses : differs_for_addresses) = true;
      }
    }
  }
  if (differs_for_ports) return Behavior::kAddressAndPortDependent;
  if (differs_for_addresses) {
    return same_for_ports ? Behavior::kAddressDependent : Behavior::kAddressAndPortDependent;
  }
  return same_for_addresses ? Behavior::kEndpointIndependent : Behavior::kUnknown;
}

Behavior filtering_of(const FilterEvidence& evidence) {
  if (evidence.from_other_address == true) return Behavior::kEndpointIndependent;
  if (evidence.from_other_port == false) return Behavior::kAddressAndPortDependent;
  if (!evidence.from_other_address) return Behavior::kUnknown;
  return evidence.from_other_port == true ? Behavior::kAddressDependent : Behavior::kAddressAndPortDependent;
}

}  // namespace warren::stun
