// Direct connection upgrade through a relay: two peers that meet over a relayed connection tell each other
// where they can be seen, agree on an instant, and make a direct path by dialing each other at once (B: who
// was dialed over the relay, and begins; A: who dialed).
// https://github.com/libp2p/specs/blob/master/relay/DCUtR.md
//
// Stock peers differ from the text: go-libp2p serves the protocol only once it knows an address that looks
// public, tells and tries no private ones, resets a stream that comes from the wrong side, and as B swaps the
// roles in its third try; rust-libp2p ends the exchange after 10 s and puts /p2p at the end of each address.
// Both dial eight addresses at a time, and take an empty list for an error.
#pragma once

#include <functional>
#include <map>
#include <string_view>
#include <vector>

#include "warren/async/task_group.hpp"
#include "warren/core/host.hpp"
#include "warren/core/limit.hpp"
#include "warren/core/nat_position.hpp"
#include "warren/core/punch.hpp"
#include "warren/protocols/dcutr/candidates.hpp"
#include "warren/protocols/dcutr/turns.hpp"

namespace warren::dcutr {

inline constexpr std::string_view kProtocol = "/libp2p/dcutr";
// For the messages, until both sides know that it begins. As long as rust-libp2p waits.
inline constexpr Duration kExchangeTimeout = 10s;

// All that it refers to outlives the Dcutr.
struct Needs {
  Host& host;
  PunchDialer& dialer;
  Limit& punches;  // under way at a time (limits.punches_max), whoever began them
  bool private_networks = false;
  std::function<NatPosition()> position;  // where we stand now; asked at each exchange
  // Where we are about to be seen, the likeliest first; empty unless the NAT counts its ports. What takes
  // longer than half a second, or fails, counts as empty. May be no function.
  std::function<Task<std::vector<Multiaddr>>()> predicted;
};

class Dcutr {
 public:
  explicit Dcutr(Needs needs);

  // Serves the protocol from now on, whatever is known of our addresses.
  void start();
  // The host has been closed, or no handler runs any more; nobody is in punch().
  Task<void> close();

  // One round over this relayed connection, which the peer had dialed (inbound); the caller decides about
  // retries. Failures are values: kRoleConflict at once for another connection, or when a round with this
  // peer is under way. Cancelable.
  Task<PunchRound> punch(ConnectionPtr relayed);

  // Each round that has ended: ours, and those the peer began.
  Signal<const PunchRound&>& ended() { return ended_; }

 private:
  using Turn = Turns::Turn;

  Task<void> serve(ConnectionPtr connection, StreamPtr stream);
  // The exchange of either role; fills the round in as it goes. When the punch is due.
  Task<Instant> agree_as_b(ConnectionPtr relayed, Turn& turn, PunchRound& round);
  Task<void> agree_as_a(ByteStream& stream, PunchRound& round);
  // Makes the path, as agreed.
  Task<void> make_path(PunchRole role, PunchRound& round);
  Task<void> finish_as_a(Turns::TurnPtr turn, PunchRound round);

  PunchRound new_round(const PeerId& peer, bool ours) const;
  Situation situation_of(const PeerId& peer) const;
  Task<Told> choose_told(const PeerId& peer, std::vector<Multiaddr> heard);
  // Where the peer said to be: who shows up behind our own NAT is told our local addresses the next time.
  void remember(const PunchRound& round);
  // The round, without its end.
  Task<void> run_as_b(ConnectionPtr relayed, PunchRound& round);
  void end(PunchRound& round);

  Needs needs_;
  Turns turns_;
  TaskGroup tasks_;
  Signal<const PunchRound&> ended_;
  std::map<PeerId, std::vector<IpAddress>> seen_at_;
};

}  // namespace warren::dcutr
