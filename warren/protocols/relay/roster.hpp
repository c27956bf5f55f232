// All reservations of a node, and whom to ask for another: which to begin now, which to give up. Pure; the
// client (client.hpp) is the pump around it.
#pragma once

#include <map>
#include <optional>
#include <set>

#include "warren/core/peerstore.hpp"
#include "warren/protocols/relay/relay_ranking.hpp"
#include "warren/protocols/relay/reservation.hpp"

namespace warren::relay {

// Relays that were offered and not asked; the oldest is forgotten first.
inline constexpr std::size_t kCandidatesMax = 64;
// Relays that are held, tried or waited for; those configured come on top.
inline constexpr std::size_t kSupervisedMax = 16;
// Tries at a time, renewals not counted.
inline constexpr std::size_t kTriesMax = 6;
// A try that takes longer is joined by another one elsewhere.
inline constexpr Duration kPatience = 1s;
// While nothing is held, nobody waits longer than this.
inline constexpr Duration kBackoffMaxInNeed = 15s;
// A relay that was held and is not there is waited for so long; configured ones forever.
inline constexpr Duration kLostLife = 2h;
// While only one is held it is renewed so often: should the relay have forgotten it, nobody else would serve.
inline constexpr Duration kSoleRenewal = 1min;
// While two that are held are in one network, another one elsewhere is tried so often.
inline constexpr Duration kElsewhereInterval = 5min;
// More than wanted are held for so long: the one taken back may leave again.
inline constexpr Duration kSurplusTime = 1min;
// What fails, or is lost, for the first time within this time after a change of the network does so by it: it
// is tried again at once.
inline constexpr Duration kShakeGrace = 5s;
// What is not wanted any more stays for so long, since it may be wanted again...
inline constexpr Duration kReleaseGrace = 1min;
// ...and circuits through what was given up are taken for so long, since others still know the address.
inline constexpr Duration kRetiredLife = 5min;

class Roster {
 public:
  Roster(std::vector<PeerInfo> configured, std::size_t wanted_max);

  void want(bool wanted, Instant now);
  bool is_wanted() const { return wanted_; }

  // Somebody who may relay. `network`: network_of where it is.
  void offer(PeerInfo candidate, RelayNetwork network, Instant now);
  // It does not relay after all.
  void forget(const PeerId& candidate);

  // The relays to be asked now: each one's try has begun, and ends with granted() or failed().
  std::vector<PeerInfo> begin(Instant now);
  // When begin() should be called again.
  Instant next(Instant now) const;

  // Those of relays that are not known, or not being asked, are ignored: they come too late.
  void granted(const PeerId& relay, Grant grant, Instant now);
  void failed(const PeerId& relay, std::error_code error, Instant now, double jitter);
  void lost(const PeerId& relay, Instant now, double jitter);
  // See ReservationLife.
  void hope(const PeerId& relay, Instant now);
  void doubt(const PeerId& relay, Instant now);
  // The network or the clock is another one: all of the above, for all.
  void shake(Instant now);

  std::size_t held(Instant now) const;
  // More candidates would be of use: fewer are held than wanted.
  bool is_short(Instant now) const { return wanted_ && held(now) < wanted_max_; }
  // As many as wanted are held, but some of them in one network.
  bool lacks_diversity(Instant now) const;
  // Too few are held, and there is nobody left to ask.
  bool is_hungry(Instant now) const { return is_short(now) && untried().empty(); }
  // Whether circuits through this relay are ours.
  bool takes_circuits_from(const PeerId& relay, Instant now) const;
  bool is_protected(const PeerId& relay, Instant now) const;

  std::vector<ReservationStatus> statuses(Instant now) const;
  std::vector<Multiaddr> addresses(Instant now) const;
  RelayRanking& ranking() { return ranking_; }
  const RelayRanking& ranking() const { return ranking_; }

 private:
  struct Candidate {
    PeerInfo info;
    RelayNetwork network;
    Instant offered{};
    bool configured = false;
  };

  ReservationLife* find(const PeerId& relay);
  const ReservationLife* find(const PeerId& relay) const;
  std::vector<RelayCandidate> untried() const;
  std::vector<RelayNetwork> networks_in_use() const;
  RelayNetwork network(const PeerId& relay) const;
  // Tries that may well succeed in a moment.
  std::size_t hopeful(Instant now) const;
  std::size_t trying() const;
  bool make_room();
  void ask_more(Instant now, std::vector<PeerInfo>& begun);
  void ask_elsewhere(Instant now, std::vector<PeerInfo>& begun);
  void ask_new(const PeerId& relay, Instant now, std::vector<PeerInfo>& begun);
  // The only one that is held, and not being renewed.
  const ReservationLife* sole(Instant now) const;
  // Whether the network is to blame, and not the relay; once for each.
  bool forgives(const PeerId& relay, Instant now);
  void trim(Instant now);
  void trim_surplus(Instant now);
  std::vector<ReservationLife>::iterator surplus(Instant now);
  void retire(std::vector<ReservationLife>::iterator life, Instant now);
  void release(Instant now);
  void watch_surplus(Instant now);
  Duration backoff_max(Instant now) const { return held(now) == 0 ? kBackoffMaxInNeed : kBackoffMax; }

  std::size_t wanted_max_;
  bool wanted_ = false;
  std::optional<Instant> release_at_;
  std::optional<Instant> surplus_since_;
  std::optional<Instant> asked_elsewhere_;
  std::map<PeerId, Candidate> candidates_;
  std::vector<PeerId> configured_;
  std::vector<ReservationLife> lives_;  // configured first, then in the order in which they were begun
  std::map<PeerId, Instant> retired_;   // until when
  std::optional<Instant> shaken_at_;
  std::set<PeerId> forgiven_;  // since then
  RelayRanking ranking_;
};

}  // namespace warren::relay
