// Gets a node back to those whom it was talking to, after a change of its network, a sleep, or when a router
// on the way has forgotten it:
//
// - After a change, all paths are looked after at once, and those that are dead are closed within a second
//   (path_check.hpp): the relay client takes its relays back then, and the partners are dialed again
//   (companions.hpp).
// - A router that reboots tells nobody. The relays that are held are pinged in turn, and when a path to one
// of
//   them, or to a partner, falls silent, the others are looked after. Two silent peers are taken for a change
//   of the network.
// - A peer that comes by a second connection, or speaks over a relay, may have lost its direct path: that is
//   looked after, on this side.
#pragma once

#include <map>
#include <optional>
#include <vector>

#include "warren/async/event.hpp"
#include "warren/async/task_group.hpp"
#include "warren/node/companions.hpp"
#include "warren/node/nat_surveyor.hpp"
#include "warren/node/path_check.hpp"
#include "warren/protocols/relay/client.hpp"
#include "warren/swarm/host.hpp"

namespace warren {

class Roaming {
 public:
  // One relay that is held is pinged so often, each in turn.
  static constexpr Duration kPulse = 5s;
  // Connections that are looked after at a time, partners and relays first.
  static constexpr std::size_t kChecksMax = 64;
  // The same connection is not looked after more often; nor than the second one, whatever has happened.
  static constexpr Duration kCheckInterval = 2s;
  static constexpr Duration kCheckIntervalMin = 200ms;
  // While a relayed path is used, the others to its peer are thought of so often.
  static constexpr Duration kUseInterval = 100ms;
  // All that matter are looked after no more often because of a silence.
  static constexpr Duration kDoubtInterval = 5s;
  // Who fell silent within this time did so together, and what did so is taken for a change of the network no
  // more often than this.
  static constexpr Duration kTogether = 15s;
  static constexpr Duration kPresumeInterval = 30s;
  static constexpr Duration kRedialTimeout = 10s;

  // All outlive it. `surveyor`: may be null.
  Roaming(SwarmHost& host, relay::Client& relays, NatSurveyor* surveyor);

  void start();
  Task<void> close();

  // A request or a message went over it, or came: its peer is worth being dialed again. Cheap.
  void note_use(const Connection& connection);
  // The peer has told of itself: to be subscribed to identify's told(). Who has moved does so.
  void note_told(const ConnectionPtr& connection);
  // A path fell silent: looks after all others, at once.
  void doubt();
  // This machine has slept: a change of the network that has taken most paths with it.
  void wake_up();

 private:
  void on_connected(const ConnectionPtr& connection);
  void on_disconnected(const ConnectionPtr& connection);
  // The peer's direct connections, when it comes by this one, if that is relayed.
  void look_after_direct(const Connection& relayed, Duration interval);
  void on_network_changed();
  // Whose loss would be one: relays that are held or were, and partners.
  bool matters(const PeerId& peer) const;
  // Whether addresses that this machine had are gone.
  bool has_moved();
  void check_all(Doubt doubt, bool all);
  bool check(const ConnectionPtr& connection, Doubt doubt, Duration interval);
  Task<void> run_check(ConnectionPtr connection, Doubt doubt);
  void note_silence(const PeerId& peer);
  Task<void> presume_change();
  Task<void> pulse();
  ConnectionPtr next_relay();
  Task<void> redial();
  Task<void> dial(PeerId peer);
  Instant now() const { return host_.env().clock.now(); }

  SwarmHost& host_;
  relay::Client& relays_;
  NatSurveyor* surveyor_;
  Companions companions_;
  std::vector<IpAddress> interfaces_;
  bool slept_ = false;
  bool presuming_ = false;
  std::size_t checks_ = 0;                        // under way
  std::map<const Connection*, Instant> checked_;  // open ones: when a check began
  std::map<PeerId, Instant> silent_;              // who fell silent lately
  std::optional<Instant> used_at_;                // a relayed one
  std::optional<Instant> doubted_at_;
  std::optional<Instant> presumed_at_;  // or when it has changed indeed
  std::optional<PeerId> pulsed_;
  Event woken_;
  std::vector<Subscription> subscriptions_;
  TaskGroup tasks_;
};

}  // namespace warren
