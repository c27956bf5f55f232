// How much a node sprays, at its own will and at others': pure. A home router has room for some thousand NAT
// entries, and who runs it wants to go on using it meanwhile; and nobody is to be of use as a source of
// floods.
//
// An easy side is told by its peer to which IP it shall send, and over a relayed connection there is no
// telling whether that IP is the peer's. So it matters how much that can be: one datagram of 17 bytes each 11
// ms, for 20 s at most, to 600 ports above 1023 of one IP; no longer than the peer keeps the conversation up.
// Then 20 s of nothing, and no more entries than the limit until those have timed out: 13 datagrams a second
// on average, whoever asks and however many. One IP, and one peer, get a spray a minute. A hard side's
// openers all go to one port, and die four routers away.
#pragma once

#include <deque>
#include <optional>

#include "warren/base/time.hpp"
#include "warren/core/limit.hpp"
#include "warren/crypto/peer_id.hpp"
#include "warren/env/endpoint.hpp"

namespace warren::spray {

// Between the end of one spray and the next.
inline constexpr Duration kSprayPause = 20s;
// How long a router keeps an entry that is not used any more (RFC 4787, REQ-5).
inline constexpr Duration kEntryLife = 120s;
// With fewer entries than that, both sides' sprays together would come to less than a chance of two in three.
inline constexpr std::size_t kEntriesMin = 256;
// A peer's, and an IP's, turn.
inline constexpr Duration kSprayPerPeer = 60s;

class SprayBudget {
 public:
  // The limit outlives it.
  explicit SprayBudget(Limit& entries) : entries_(entries) {}

  // Whether one may begin, as far as time and entries go.
  bool ready(Instant now);
  // One begins: true, then end() follows. False: not now, which the limit has counted if it was the reason.
  bool begin(Instant now);
  // A new flow of the one that runs.
  bool open();
  void end(Instant now);

  // Whether a peer that asks for a spray may have one, with that target. It is counted by begin_for().
  bool ready_for(const PeerId& peer, const IpAddress& target, Instant now);
  void begin_for(const PeerId& peer, const IpAddress& target, Instant now);

  // Gives back the entries that have timed out.
  void expire(Instant now);
  // When there will be some.
  std::optional<Instant> next_expiry() const;

 private:
  struct Opened {
    Instant until;
    std::size_t entries = 0;
  };
  struct Served {
    Instant at;
    PeerId peer;
    IpAddress target;
  };

  Limit& entries_;
  bool running_ = false;
  std::size_t open_ = 0;  // of the running one
  std::optional<Instant> ended_;
  std::deque<Opened> past_;  // few: each took 20 s
  std::deque<Served> served_;
};

}  // namespace warren::spray
