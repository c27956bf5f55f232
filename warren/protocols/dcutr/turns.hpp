// The rounds under way: one with each peer, so many in all, and so often from one peer. When both ends began
// at once, the round of the smaller PeerId stays, which both ends come to by themselves. A peer that begins
// again has given up its round before: its network is another one by now.
#pragma once

#include <map>
#include <memory>

#include "warren/async/event.hpp"
#include "warren/base/token_bucket.hpp"
#include "warren/core/limit.hpp"
#include "warren/core/stream.hpp"
#include "warren/crypto/peer_id.hpp"

namespace warren::dcutr {

// What one peer may begin: a stock peer tries three times in a row, each time after dials that have failed.
inline constexpr double kRoundsBurst = 10;
inline constexpr double kRoundsPerSecond = 0.2;

class Turns {
 public:
  // A place among the rounds, as long as it lives.
  class Turn {
   public:
    Turn(Turns& turns, PeerId peer, bool ours) : ours_(ours), turns_(turns), peer_(std::move(peer)) {}
    ~Turn();
    Turn(const Turn&) = delete;
    Turn& operator=(const Turn&) = delete;

    // The exchange of a round that we began goes over this stream, which belongs to the turn from now on.
    // Throws kRoleConflict if the peer's round has taken our place meanwhile.
    ByteStream& speak_on(StreamPtr stream);
    // Both have agreed: the round can't lose its place any more.
    void settle() { settled_ = true; }
    // The peer's round has taken our place.
    bool displaced() const { return displaced_; }
    // Cancelable.
    Task<void> wait_until_displaced();

   private:
    friend class Turns;
    bool yields_to(const PeerId& self) const { return !ours_ || (!settled_ && peer_ < self); }
    void displace();

    bool ours_;
    bool settled_ = false;
    bool displaced_ = false;
    Event displacing_;
    StreamPtr stream_;
    Turns& turns_;
    PeerId peer_;
  };
  using TurnPtr = std::unique_ptr<Turn>;

  // Both outlive the turns, and those outlive none of this.
  Turns(PeerId self, Limit& punches) : self_(std::move(self)), punches_(punches) {}

  // A round that we begin. kRoleConflict: there is one with this peer; kLimitedByBudget: there are too many.
  Result<TurnPtr> begin(const PeerId& peer);
  // A round that the peer begins. The same, and kRateLimited when it begins too many.
  Result<TurnPtr> take(const PeerId& peer, Instant now);

 private:
  bool within_rate(const PeerId& peer, Instant now);
  Result<TurnPtr> enter(const PeerId& peer, bool ours);

  PeerId self_;
  Limit& punches_;
  std::map<PeerId, Turn*> under_way_;
  std::map<PeerId, TokenBucket> rates_;  // of those who began rounds lately
};

}  // namespace warren::dcutr
