// With whom this node was talking, and whom of them to dial again when the path is gone: those it talked to
// last first, a few at a time, for half a minute. Pure; Roaming (roaming.hpp) is the pump around it.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <vector>

#include "warren/base/time.hpp"
#include "warren/crypto/peer_id.hpp"

namespace warren {

// What a peer was to us, the least first.
enum class Tie {
  kDialed,    // a direct connection that we made: a node of the DHT, a bootstrap peer...
  kDialedUs,  // a direct one that the peer made: it does not know where we are now
  kPartner,   // requests, messages, or a connection through a relay, which nobody makes without need
};

class Companions {
 public:
  // Those remembered; of the same tie the one not heard of for longest is forgotten first.
  static constexpr std::size_t kPeersMax = 64;
  // Those dialed after one change. Partners are dialed whenever their path fell silent, the others only when
  // our own network has changed: if it was theirs, they come back by themselves.
  static constexpr std::size_t kRedialsMax = 16;
  // Who was lost longer ago is left in peace.
  static constexpr Duration kRemembered = 10min;
  // What is lost within this time after a change of the network was lost by it.
  static constexpr Duration kUnrest = 20s;
  // Who is lost again sooner is not dialed at once.
  static constexpr Duration kStable = 10s;

  // A connection to the peer was opened.
  void met(const PeerId& peer, Tie tie, Instant now);
  // It was talked to.
  void used(const PeerId& peer, Instant now);
  // The last connection has ended. `silent`: not in good order, but because nothing came any more.
  void lost(const PeerId& peer, bool silent, Instant now);
  // Our network has changed: those lost lately may be reached again.
  void unrest(Instant now);

  Tie tie(const PeerId& peer) const;

  // Whom to dial now; each one's try ends with ended().
  std::vector<PeerId> begin(Instant now);
  void ended(const PeerId& peer, Instant now);
  // When begin() should be called again; Instant::max() when nobody waits.
  Instant next() const;

  std::size_t size() const { return peers_.size(); }

 private:
  struct Peer {
    Tie tie = Tie::kDialed;
    Instant met{};                     // when it was last connected
    Instant heard{};                   // the same, or talked to
    std::optional<Instant> lost_at{};  // nothing while it is connected
    std::optional<Instant> due{};      // the next dial
    std::uint32_t tries = 0;           // since it was there for long, or since the last change
    bool dialing = false;
  };

  void make_room();
  static void schedule(Peer& peer, Instant now);
  bool in_unrest(Instant now) const { return changed_at_ && now - *changed_at_ < kUnrest; }

  std::map<PeerId, Peer> peers_;
  std::optional<Instant> changed_at_;
};

}  // namespace warren
