// Where a node stands behind NATs, as far as it matters to those who want a direct path to it: what is told
// to peers, and what the choice of a strategy follows from. The words are those of RFC 4787.
#pragma once

#include <string_view>
#include <vector>

#include "warren/env/endpoint.hpp"
#include "warren/multiformats/multiaddr.hpp"

namespace warren {

enum class NatMapping {
  kUnknown,
  kNone,                 // no translation; maybe a firewall
  kEndpointIndependent,  // everybody sees the same port
  kDependent,            // every destination sees another one: "hard"
};

enum class NatFiltering {
  kUnknown,
  kOpen,            // endpoint-independent: strangers get in
  kAddress,         // who was written to, from any port
  kAddressAndPort,  // who was written to, from that port
};

// Which port a new mapping of a hard NAT gets.
enum class NatPorts { kUnknown, kSequential, kRandom };

std::string_view to_string(NatMapping mapping);      // "unknown", "none", "endpoint-independent", "dependent"
std::string_view to_string(NatFiltering filtering);  // "unknown", "open", "address", "address-and-port"
std::string_view to_string(NatPorts ports);          // "unknown", "sequential", "random"

struct NatPosition {
  bool udp = true;  // false: nothing comes back over UDP
  NatMapping mapping = NatMapping::kUnknown;
  NatFiltering filtering = NatFiltering::kUnknown;
  NatPorts ports = NatPorts::kUnknown;
  // Where peers may try, direct and public (in a private network: also private): mapped and observed
  // addresses of the ports we listen on, our own global ones. The most promising first.
  std::vector<Multiaddr> addresses;
  // Of our own interfaces, private, with the ports we listen on: for those behind the same NAT only.
  std::vector<Multiaddr> local;
  // As which others see us.
  std::vector<IpAddress> outside;

  // Nobody can be told the port that this node will be seen at.
  bool is_hard() const { return mapping == NatMapping::kDependent; }
};

}  // namespace warren
