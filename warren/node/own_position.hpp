// Where this node stands behind NATs, out of what STUN, identify and its interfaces say. Pure.
#pragma once

#include <span>
#include <vector>

#include "warren/core/nat_position.hpp"
#include "warren/protocols/autonat/observed_addresses.hpp"
#include "warren/protocols/autonat/reachability.hpp"
#include "warren/protocols/stun/nat_report.hpp"

namespace warren {

// `reports`: the last survey's, of each family. `own`: all addresses that we have or are seen at, the most
// certain first. `private_network`: private addresses are as good as public ones. `over_tcp`: what the NAT
// makes of the port that we listen on for TCP, which counts where UDP is of no use. It is of none to who was
// not answered, or has addresses and none for QUIC.
NatPosition own_position(std::span<const stun::NatReport> reports, std::span<const autonat::OwnAddress> own,
                         bool private_network, const autonat::ObservationBook::Mapping& over_tcp = {});

// Adds addresses that single peers see, one for each transport of which nothing more certain is known: behind
// a hard NAT the port is that peer's alone, and only said when there is nothing else to say.
void add_tentative(NatPosition& position, std::span<const Multiaddr> tentative);

// Whether they come to the same for who wants a direct path.
bool is_same(const NatPosition& one, const NatPosition& other);

// The report that a strategy follows from: IPv4's where there is one, since IPv6 has no NATs.
const stun::NatReport* decisive(std::span<const stun::NatReport> reports);

}  // namespace warren
