// The way in: takes what the listeners accept through the handshake, and drops what takes too long, fails or
// has no place.
#pragma once

#include "warren/async/task_group.hpp"
#include "warren/core/muxed_transport.hpp"
#include "warren/env/env.hpp"
#include "warren/swarm/gate.hpp"
#include "warren/swarm/half_open.hpp"
#include "warren/swarm/punch_table.hpp"
#include "warren/swarm/upgrader.hpp"

namespace warren {

class Inbound {
 public:
  // What is given by reference outlives it. `adopt` gets each finished connection. Pipes from where `punches`
  // expects a peer whose client we are get the client's handshake.
  Inbound(Env& env, SwarmState& state, Gate& gate, Upgrader& upgrader, const PunchTable& punches,
          std::function<void(UpgradedConnection)> adopt);

  // Takes what comes until the listener is closed.
  void serve(std::shared_ptr<TransportListener> listener) { accepting_.spawn(accept(std::move(listener))); }
  void serve(std::shared_ptr<MuxedListener> listener) { accepting_.spawn(adopt_all(std::move(listener))); }

  // Whether a handshake with a stranger at this address makes sense; tells when it does not.
  std::optional<Access> greet(const Multiaddr& from);
  // A handshake that somebody else did with that address came to nothing: counts it and tells.
  void note_failure(const Multiaddr& from, std::error_code why);

  // Ends the handshakes under way and waits. Listeners must be closed, or are waited for no longer.
  Task<void> close();

 private:
  Task<void> accept(std::shared_ptr<TransportListener> listener);
  Task<void> adopt_all(std::shared_ptr<MuxedListener> listener);
  // `expected`: by a punch, when the pipe comes from where it looks.
  Task<void> shake_hands(RawConnection raw, HalfOpen::Place place, PunchedEndpointPtr expected);
  Task<UpgradedConnection> upgrade(RawConnection raw, Handshake& handshake,
                                   std::optional<ExpectedPeer> expected);

  Env& env_;
  SwarmState& state_;
  Gate& gate_;
  Upgrader& upgrader_;
  const PunchTable& punches_;
  std::function<void(UpgradedConnection)> adopt_;
  HalfOpen half_open_;
  TaskGroup accepting_;  // one task a listener
  TaskGroup upgrading_;  // one a handshake
};

}  // namespace warren
