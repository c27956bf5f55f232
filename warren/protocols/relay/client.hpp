// Keeps this node reachable through relays: finds them, reserves, renews, and never loses one for good. Each
// reservation is a supervised state machine (reservation.hpp), all of them together decide what to do next
// (roster.hpp), and whom to ask is ranked by relay_ranking.hpp. This is the pump.
#pragma once

#include <set>

#include "warren/async/event.hpp"
#include "warren/async/task_group.hpp"
#include "warren/core/host.hpp"
#include "warren/protocols/relay/clock_watch.hpp"
#include "warren/protocols/relay/reservation_status.hpp"
#include "warren/protocols/relay/roster.hpp"
#include "warren/protocols/relay/transport.hpp"

namespace warren::relay {

// To connect to a relay and to get its answer.
inline constexpr Duration kTryTimeout = 10s;

struct ClientConfig {
  std::vector<PeerInfo> configured;  // always wanted when any is, and never given up
  std::size_t wanted_max = 3;        // held at a time, in different networks where there is a choice
  // In a private or a local network relays at private addresses are as good as others.
  bool private_networks = false;
};

class Client {
 public:
  // Host and transport outlive it.
  Client(Host& host, CircuitTransport& transport, ClientConfig config);
  ~Client();

  void start();
  // Reservations are given back by hanging up on nobody: relays forget them when we are gone.
  Task<void> close();

  // Whether reservations are wanted at all: from the moment that a NAT is suspected.
  void want(bool wanted);
  bool is_wanted() const { return roster_.is_wanted(); }

  // Somebody who may relay: connected peers that speak hop are found without; this one may have to be dialed.
  void offer(PeerInfo candidate);
  // Asked when too few candidates are known, at most every few seconds: to look for some and offer them.
  Signal<>& hungry() { return hungry_; }

  // One for each relay that is held, tried or waited for, the configured first.
  std::vector<ReservationStatus> reservations() const;
  // Ours through the relays that are held: /.../p2p/RELAY/p2p-circuit, without our /p2p.
  std::vector<Multiaddr> addresses() const;
  // addresses() is another.
  Signal<>& changed() { return changed_; }

  // How relays have done so far; for who keeps that over a restart, and brings it back before start().
  RelayRanking& ranking() { return roster_.ranking(); }

 private:
  Task<void> run();
  Task<void> wait();
  Task<void> ask(PeerInfo relay);
  Task<Grant> reserve_at(PeerInfo relay);
  void poke();
  void on_connected(const Connection& connection);
  void on_disconnected(const Connection& connection);
  void on_network_changed();
  // Connected peers that speak hop, as far as identify knows by now.
  void look_around();
  // Relays that are held and have told, by identify, that they relay no more: what they say to a renewal
  // counts.
  void look_after_withdrawn();
  void publish();
  void tell_hunger();
  Duration look_interval() const;
  // Something has happened that makes relays needed now.
  void make_haste();
  double jitter();
  Instant now() const { return host_.env().clock.now(); }

  Host& host_;
  CircuitTransport& transport_;
  ClientConfig config_;
  Roster roster_;
  ClockWatch clock_watch_;
  Signal<> hungry_;
  Signal<> changed_;
  std::vector<Multiaddr> published_;
  std::set<PeerId> protected_;
  std::set<PeerId> withdrawn_;
  Instant looked_at_ = Instant::min();  // for candidates
  Instant news_at_ = Instant::min();    // of peers that may turn out to be relays
  Instant in_haste_until_ = Instant::min();
  Instant hungry_next_ = Instant::min();  // when hunger is told again
  Duration hungry_interval_{};
  bool poked_ = false;
  Event poked_event_;
  std::vector<Subscription> subscriptions_;
  TaskGroup tasks_;
};

}  // namespace warren::relay
