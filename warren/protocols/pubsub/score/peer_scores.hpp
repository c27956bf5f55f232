// What each peer's behaviour is worth: P1 to P7 of gossipsub 1.1. Pure: told what happens, asked for scores.
// https://github.com/libp2p/specs/blob/master/pubsub/gossipsub/gossipsub-v1.1.md#peer-scoring
#pragma once

#include <optional>

#include "warren/protocols/pubsub/score/peer_table.hpp"
#include "warren/protocols/pubsub/score/scored_topics.hpp"

namespace warren::pubsub {

// Why a message was not taken; kIgnored and kNotJudged cost nobody anything.
enum class Rejection { kInvalid, kIgnored, kNotJudged };

// A score, taken apart; weighted.
struct ScoreParts {
  double topics = 0;         // P1 to P4 of all topics, capped
  double app_specific = 0;   // P5
  double ip_colocation = 0;  // P6
  double behaviour = 0;      // P7
  double total() const { return topics + app_specific + ip_colocation + behaviour; }
};

// Peers that are not known are not scored, and what is said of them is not kept: bounded by the connections
// and the bounds of ScoreParams. One that leaves is retained if its score is not positive and something is
// held against it (P3b, P4, P7); it does not decay while it is away, and counts in its address' crowd.
class PeerScores {
 public:
  // Precondition: params.check().
  explicit PeerScores(ScoreParams params);
  PeerScores(const PeerScores&) = delete;  // peers have places in its crowds
  PeerScores& operator=(const PeerScores&) = delete;

  const ScoreParams& params() const { return params_; }
  const ScoreThresholds& thresholds() const { return params_.thresholds; }

  // Topics without parameters score nobody; what was counted there is forgotten. Precondition:
  // check(*params).
  void set_topic(const Topic& topic, std::optional<TopicScoreParams> params);

  // --- peers; one that is not connected has the score that was retained, else 0 ---
  // `from`: of its connection, none over a relay. Again, when that changes.
  void connected(const PeerId& peer, std::optional<IpAddress> from, Instant now);
  void disconnected(const PeerId& peer, Instant now);
  void grafted(const PeerId& peer, const Topic& topic, Instant now);
  void pruned(const PeerId& peer, const Topic& topic, Instant now);
  // P7, by so many offences.
  void penalize(const PeerId& peer, double count = 1);

  // --- messages: `from` brought it ---
  // The first copy; it is being validated from now on.
  void arrived(const MessageId& id, Instant now);
  // It was found to be good, and `from` brought the first copy.
  void delivered(const MessageId& id, const Topic& topic, const PeerId& from, Instant now);
  // It was not taken; later copies are judged alike. `from` brought the first copy.
  void rejected(const MessageId& id, const Topic& topic, const PeerId& from, Rejection why, Instant now);
  // A further copy, before or after the validation's end.
  void duplicate(const MessageId& id, const Topic& topic, const PeerId& from, Instant now);
  // One that can't be a message at all: bad signature or encoding. No id is known.
  void invalid(const Topic& topic, const PeerId& from);

  // To be called often; decays and forgets as often as is due.
  void tick(Instant now);

  double score(const PeerId& peer, Instant now) const { return parts(peer, now).total(); }
  ScoreParts parts(const PeerId& peer, Instant now) const;

  // Peers, connected and retained, and messages that something is kept of.
  std::size_t peers_known() const { return peers_.size(); }
  std::size_t messages_known() const { return records_.size(); }

 private:
  ScoreParts parts(const ScoredPeer& peer, Instant now) const;
  void decay(std::int64_t intervals);
  void honour_near_first(ScoredPeer* peer, std::uint32_t topic);

  ScoreParams params_;
  Colocation colocation_;  // outlives the peers' places in it
  ScoredTopics topics_;
  PeerTable peers_;
  DeliveryRecords records_;
  std::optional<Instant> decayed_;  // the last time
};

}  // namespace warren::pubsub
