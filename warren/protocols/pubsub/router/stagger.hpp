// Large messages go to a few peers first, and to the others a little later unless they say meanwhile that
// they have it.
// https://github.com/libp2p/specs/blob/master/pubsub/gossipsub/gossipsub-v1.2.md#idontwant-message
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <unordered_map>
#include <vector>

#include "warren/base/time.hpp"
#include "warren/crypto/peer_id.hpp"
#include "warren/protocols/pubsub/router/actions.hpp"
#include "warren/protocols/pubsub/router/fingerprint.hpp"
#include "warren/protocols/pubsub/router/params.hpp"

namespace warren::pubsub {

// How a message is spread: to `first` peers at once, then to `next` more each `interval`.
struct StaggerPlan {
  std::size_t first = 0;
  std::size_t next = 0;
  Duration interval{};

  bool at_once() const { return interval == Duration::zero(); }
};

// How long it takes until those who get a message after us say so: the median, followed in small steps. To
// wait much longer than that is of no use.
class SpreadPace {
 public:
  // A peer says that it has a message which came to us so long ago.
  void heard(Duration since);
  // Not more than `longest`.
  Duration interval(Duration longest) const;

 private:
  double median_ms_ = 75;
};

// `known`: mesh peers that have it already. The more have it, the less likely it is that one of the others
// waits for our copy.
StaggerPlan stagger_plan(const GossipParams& params, const SpreadPace& pace, std::size_t message_size,
                         std::size_t known);
// Whether messages of this size are staggered at all.
bool is_staggered(const GossipParams& params, std::size_t message_size);

// A message on its way to those that come later.
struct Delayed {
  Fingerprint key = 0;
  MessageId id;
  Topic topic;
  Frame frame;
  Priority priority = Priority::kForwarded;
  std::shared_ptr<SendTally> tally;
  StaggerPlan plan;
  Instant since;           // when we had it
  std::vector<PeerId> to;  // in this order
};

// What waits for its time.
class Stagger {
 public:
  // More are not kept waiting: full() ones are sent to all at once.
  explicit Stagger(std::size_t max = 1024) : max_(max) {}

  bool full() const { return waiting_.size() >= max_; }
  // Its next turn is an interval from now. Precondition: !at_once(), somebody is left.
  void add(Delayed message, Instant now);
  // Whose turn has come; add() again what is left of each.
  std::vector<Delayed> take_due(Instant now);
  // The copy for this peer waits no longer: it leaves in another way. Nothing: none waited.
  struct Taken {
    Priority priority = Priority::kForwarded;
    std::shared_ptr<SendTally> tally;
  };
  std::optional<Taken> take(Fingerprint key, const PeerId& peer);
  // Since when we have a message whose copies wait here.
  std::optional<Instant> since(Fingerprint key) const;
  // Instant::max(): nothing waits.
  Instant next() const { return waiting_.empty() ? Instant::max() : waiting_.begin()->first; }
  std::size_t size() const { return waiting_.size(); }

 private:
  std::size_t max_;
  std::multimap<Instant, Delayed> waiting_;
  std::unordered_map<Fingerprint, Instant, FingerprintHash> since_;
};

}  // namespace warren::pubsub
