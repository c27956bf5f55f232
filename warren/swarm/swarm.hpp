// All connections of a node: dials, listens, bounds their number, and tells who came and went.
#pragma once

#include <map>

#include "warren/async/task_group.hpp"
#include "warren/core/host.hpp"
#include "warren/swarm/dialer.hpp"
#include "warren/swarm/inbound.hpp"
#include "warren/swarm/path_watch.hpp"
#include "warren/swarm/puncher.hpp"
#include "warren/swarm/swarm_connection.hpp"
#include "warren/swarm/swarm_state.hpp"
#include "warren/swarm/twin_paths.hpp"

namespace warren {

class Swarm {
 public:
  // What is given by reference and the transports outlive the swarm. `serve` gets each inbound stream.
  Swarm(Env& env, SwarmState& state, Upgrader& upgrader, Transports transports, Peerstore& peerstore,
        StreamHandler serve);

  // Starts to listen; the result is the address with its real port.
  Result<Multiaddr> listen(const Multiaddr& address);
  std::vector<Multiaddr> listen_addresses() const;

  // A new connection, or the open one; concurrent dials to one peer over the same kind of path are one dial.
  // A relayed one whose limits leave little (is_worn) counts as open only when no other can be made. Throws
  // Dialer's error, with the attempts in what(); kLimitReached with the limit in what(); kDenied;
  // kNoDirectPath.
  //
  // While heartbeats on the best one are overdue, another path is sought as if there were none; when there is
  // no other, it is that one after all.
  Task<ConnectionPtr> connect(PeerInfo peer, PathPolicy policy = PathPolicy::kAny);

  // See PunchDialer.
  Task<PunchOutcome> punch(PunchCall call) { return puncher_.punch(std::move(call), listen_addresses()); }

  // Open ones; those to one peer the best first (path_rank.hpp).
  std::vector<ConnectionPtr> connections(const PeerId& peer) const;
  std::vector<ConnectionPtr> connections() const;

  // Brings the limits that count with time up to date.
  void update_limits() {
    dialer_.update_limits();
    puncher_.update_limits();
  }
  // For streams whose protocol is known.
  StreamAdmission& streams() { return streams_; }

  // Closes the connections that the access list denies by now.
  void enforce_access();

  // This machine's links or addresses are others now: forgets what failed before, closes the connections
  // whose local address is gone, since TCP would wait for minutes, and has the others looked after. Returns
  // the peers that had dialed us there, and where they were: they can't know where we are now.
  std::vector<PeerInfo> network_changed();

  // Stops listening and dialing, closes all connections, and waits until nothing runs.
  Task<void> close();

 private:
  struct Dial {
    Event changed;
    bool done = false;
    bool outdated = false;                        // it began on another network: begins anew
    DialError error;                              // its code is zero when the dial succeeded
    std::shared_ptr<SwarmConnection> connection;  // then; it may have ended by now
  };

  // Whether nobody needs to dial.
  bool is_good_for(const SwarmConnection* connection, PathPolicy policy) const;
  // What is left when dialing leads nowhere, or null.
  ConnectionPtr fallback_for(const PeerId& peer, PathPolicy policy) const;
  // The best direct one that is not suspect, or null.
  ConnectionPtr direct_connection(const PeerId& peer) const;
  // The health of a connection, or whether it is open, is not what it was.
  void path_changed(const PeerId& peer);
  void wake_dials(const PeerId& peer);
  std::expected<void, Refusal> may_dial(const PeerId& peer);
  std::shared_ptr<Dial> dial_of(PeerInfo peer, DialScope scope);
  Task<void> dial(PeerInfo peer, DialScope scope, std::shared_ptr<Dial> dial);
  static Task<void> wait_outdated(std::shared_ptr<Dial> dial);
  // kLimitReached, kDenied or kClosed: the connection is dropped.
  std::expected<std::shared_ptr<SwarmConnection>, Refusal> adopt(UpgradedConnection upgraded);
  void adopt_inbound(UpgradedConnection upgraded);
  template <class T>
  Result<Multiaddr> serve_listener(Result<std::unique_ptr<T>> listener);
  static void finish(Dial& dial, DialError error);
  Task<void> run(std::shared_ptr<SwarmConnection> connection, Admission::Place place);
  Task<void> serve(std::shared_ptr<SwarmConnection> connection);
  Task<void> forget(std::shared_ptr<SwarmConnection> connection);
  // Closes connections, the least useful first, when there are more than the high mark.
  void trim();
  void note_count();
  Task<void> keep_trimming();

  Env& env_;
  SwarmState& state_;
  Transports transports_;
  Gate gate_;
  StreamAdmission streams_;
  Dialer dialer_;
  PunchTable punches_;
  Puncher puncher_;
  Inbound inbound_;
  StreamHandler serve_;
  std::vector<std::shared_ptr<Listener>> listeners_;
  std::vector<std::shared_ptr<SwarmConnection>> connections_;
  PathWatch paths_;
  TwinPaths twins_;
  std::map<std::pair<PeerId, DialScope>, std::shared_ptr<Dial>> dials_;
  std::vector<IpAddress> interfaces_;  // this machine's, as of the last change
  TaskGroup dialing_;                  // one task a peer that is dialed
  TaskGroup trimming_;                 // one while there are too many connections
  TaskGroup running_;                  // one a connection
};

}  // namespace warren
