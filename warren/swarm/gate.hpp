// Who gets a connection: first what the access list says, then whether the limits have room. Inbound
// refusals are told as events, and who dials gets them as errors.
#pragma once

#include "warren/swarm/admission.hpp"
#include "warren/swarm/swarm_state.hpp"

namespace warren {

class Gate {
 public:
  // The state outlives the gate.
  explicit Gate(SwarmState& state) : state_(state), admission_(state.table) {}

  // Before an inbound handshake: what the access list says of the address, or an error when it makes no sense
  // to begin. While peers or nodes are allowed by name, it always does: the handshake tells who is there.
  std::expected<Access, Refusal> greet(const Multiaddr& from);

  // Before a dial.
  std::expected<void, Refusal> check_dial(const PeerId& peer);
  // Before a dial to one of the peer's addresses.
  bool is_denied(const PeerId& peer, const Multiaddr& address) const {
    return access_of(peer, address) == Access::kDenied;
  }

  // After the handshake: the connection's place. Allowed peers need none.
  std::expected<Admission::Place, Refusal> admit(Direction direction, const PeerId& peer,
                                                 const Multiaddr& remote);

  // The address of a relay says nothing of the peer behind it: there, the peer alone counts.
  Access access_of(const PeerId& peer, const Multiaddr& address) const;

 private:
  SwarmState& state_;
  Admission admission_;
};

}  // namespace warren
