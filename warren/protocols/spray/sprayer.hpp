// /warren/punch/1.0.0, which only Warren nodes speak: what DCUtR has no words for. Peers tell each other
// where they stand behind NATs, ask each other to begin, and meet by birthday spraying where one NAT gives
// every destination another random port: many sockets on that side, many probes to random ports from the
// other one, until one finds another. docs/nat.md, "Spraying"; message.hpp has the conversations.
#pragma once

#include <functional>
#include <map>
#include <memory>

#include "warren/async/task_group.hpp"
#include "warren/core/host.hpp"
#include "warren/core/limit.hpp"
#include "warren/core/punch.hpp"
#include "warren/core/shared_sockets.hpp"
#include "warren/protocols/spray/message.hpp"
#include "warren/protocols/spray/spray_budget.hpp"
#include "warren/protocols/spray/spray_round.hpp"
#include "warren/protocols/spray/strategy.hpp"

namespace warren::spray {

// One spray, from asking for it to its end: 20 s with its last words.
inline constexpr Duration kSprayMax = 19'500ms;
// For a question and its answer over the relay.
inline constexpr Duration kAnswerTimeout = 5s;
// A peer's requests to begin that are heard.
inline constexpr Duration kBeginInterval = 5s;
// Peers whose last request is remembered; while all are recent, others are refused.
inline constexpr std::size_t kBeginPeersMax = 256;

// What a node sprays with. All of it outlives the sprayer.
struct Needs {
  Host& host;
  PunchDialer& dialer;
  SharedSockets* sockets;  // null: no QUIC, so only positions are exchanged
  Limit& punches;          // punches_max
  Limit& entries;          // spray_entries_max
  bool enabled = true;     // false: positions are told, sprays and requests to begin are refused
  bool private_networks = false;
  std::function<NatPosition()> position;  // where this node stands by now
};

class Sprayer {
 public:
  explicit Sprayer(Needs needs);
  ~Sprayer();

  void start();
  // Ends sprays that peers began, and waits for them. Those that spray() runs are its callers' to cancel.
  Task<void> close();

  // What the peer says of where it stands; it is told where we do. Our private addresses go with it only in a
  // private network, the peer's to us when its outside IP is ours, too. Throws kProtocolNotSupported (a stock
  // peer), kTimedOut after kAnswerTimeout, and what streams throw. Cancelable.
  Task<PeerPosition> exchange_positions(ConnectionPtr relayed);

  // One spray over this relayed connection, at most 20 s long; either side may begin. Failures are values
  // (PunchRound::error, with kLimitedByBudget, kPolicyRelayOnly, kBothHardNat, kNoPublicMapping, kUdpBlocked,
  // kSyncTimeout, kRoleConflict or kProbesUnanswered as reason). It is a success as soon as there is a direct
  // connection to the peer, whoever made it. Cancelable.
  Task<PunchRound> spray(ConnectionPtr relayed);

  // Asks the peer to begin a DCUtR round or a spray now: who dialed the relayed connection waits for the
  // other side. Throws kProtocolNotSupported, kTimedOut; kRateLimited or kDenied when the peer refuses.
  // Cancelable.
  Task<void> ask_to_begin(ConnectionPtr relayed);

  // A peer has asked us to begin, over this connection; once in kBeginInterval for each.
  Signal<const ConnectionPtr&>& begin_asked() { return begin_asked_; }
  // A peer has told where it stands, asked or of its own accord.
  Signal<const PeerId&, const PeerPosition&>& told() { return told_; }
  // Sprays that got as far as asking, whoever began.
  Signal<const PunchRound&>& ended() { return ended_; }

  // Whether the budget would let a spray begin now.
  bool may_spray();

 private:
  class Turn;

  PunchRound new_round(const Connection& relayed, bool ours) const;
  void finish(PunchRound& round, const std::optional<Failure>& failure) const;
  // Why we can't spray with that peer now, as far as we know by ourselves.
  std::optional<Failure> obstacle(const NatPosition& position, Role role) const;
  Spray offer(const NatPosition& position, Role role) const;
  PeerPosition position_for(const NatPosition* peer) const;
  std::optional<Endpoint> local_socket(bool v4) const;

  // Our side of the conversations that we begin.
  Task<std::optional<Failure>> begin(ConnectionPtr relayed, std::shared_ptr<Turn> turn, PunchRound* round);
  struct Asked {
    StreamPtr stream;
    Message answer;
  };
  Task<Asked> ask(ConnectionPtr relayed, Message question);

  // And of those that peers begin.
  Task<void> serve(ConnectionPtr connection, StreamPtr stream);
  Task<void> answer(ConnectionPtr connection, ByteStream* stream);
  Task<void> reply(ByteStream* stream, Message message);
  std::optional<RelayReason> refusal_to_begin(const Connection& connection);
  struct Verdict {
    std::optional<RelayReason> refusal{};
    std::shared_ptr<Turn> turn{};
  };
  Verdict judge(const Connection& connection, const Spray& theirs, const NatPosition& position);
  Task<void> answer_spray(ConnectionPtr connection, ByteStream* stream, Spray theirs);

  Task<std::optional<Failure>> run(ByteStream* stream, Spray ours, Spray theirs, PunchRound* round);
  Task<void> wait_until_closing();
  // Entries time out by themselves; the account should tell so even when nobody sprays any more.
  Task<void> forget_entries();
  std::shared_ptr<Turn> take_turn(const PeerId& peer);

  Needs needs_;
  SprayBudget budget_;
  std::weak_ptr<Turn> turn_;              // of the spray that is asked for, or runs
  std::map<PeerId, Instant> begin_asks_;  // when each was last heard
  Signal<const ConnectionPtr&> begin_asked_;
  Signal<const PeerId&, const PeerPosition&> told_;
  Signal<const PunchRound&> ended_;
  bool started_ = false;
  bool closing_ = false;
  bool forgetting_ = false;
  std::size_t serving_ = 0;
  Event changed_;                     // of the two above
  std::unique_ptr<TaskGroup> tasks_;  // while it is started
};

}  // namespace warren::spray
