// By which means a pair of nodes gets a direct path, from where both stand behind NATs: pure. The plainest
// that can work, by the tables of docs/nat.md.
#pragma once

#include <optional>

#include "warren/core/dial_outcome.hpp"
#include "warren/core/relay_reason.hpp"
#include "warren/protocols/spray/peer_position.hpp"

namespace warren::spray {

struct Strategy {
  // kDial: it takes one side that dials, and another one that has sent something to the IP of the first: its
  // filter asks for no more. kPredict: with ports that the hard side's NAT is about to assign.
  PathMeans means = PathMeans::kPunch;
  bool worth_trying = true;
  std::optional<RelayReason> reason{};  // why not
  // Ours is the only NAT of the two that gives every destination another port: nobody can be told where to
  // send to us, so it is us who dial, predict, or open sockets.
  bool we_are_the_hard_side = false;
};

// What a side does not know of its NAT counts as the usual: one port for all, and a strict filter; of a hard
// NAT's ports, that they are random. Where one side has no UDP it is TCP that is spoken of. What there is
// within one network (NatPosition::local) is another matter, to be tried before.
Strategy choose(const NatPosition& ours, const NatPosition& theirs);
// The same, but kPolicyRelayOnly for a peer that wants no direct path.
Strategy choose(const NatPosition& ours, const PeerPosition& theirs);

}  // namespace warren::spray
