// The frontier of one lookup: whom to ask next, when to stop waiting for the slow, and when the answer is
// known. Pure policy: the pump (kad/query.hpp) sends the questions.
// https://github.com/libp2p/specs/blob/master/kad-dht/README.md#peer-routing
#pragma once

#include <memory>
#include <optional>
#include <vector>

#include "warren/base/time.hpp"
#include "warren/core/peerstore.hpp"
#include "warren/protocols/kad/routing/key.hpp"

namespace warren::kad {

struct LookupLimits {
  std::size_t closest = 20;      // k: how many the answer has
  std::size_t concurrency = 10;  // alpha: questions under way that are not slow
  // Who has not answered for so long counts as slow: it takes no place any more, and the answer does not wait
  // for it when it comes last. It may still answer. This is the most; once half of those asked have answered,
  // three times the median of their times is enough, though never less than slow_least.
  Duration slow_after = 700ms;
  // Questions in all.
  std::size_t questions_max = 400;
  Duration slow_least = 100ms;
  // Disjoint paths (S/Kademlia's d), 1 to 8: the seeds are dealt out to them, what a peer names goes to the
  // path that asked it, and nobody is asked twice. A liar leads one path astray, and the others arrive. They
  // share `concurrency`. That a peer has answered is known to every path that hears of it, so that they do
  // not push each other away from the target; what it named is not.
  std::size_t paths = 1;
  // Names taken from one answer. An honest one has k, and in go-libp2p's one more, the target itself.
  std::size_t answer_max = 24;
  // The farthest of those not asked yet are forgotten first; a lookup hears of about 300.
  std::size_t candidates_max = 1000;
  // Peers of one block of addresses (diversity.hpp) among those that count; others of the block wait until
  // there is nobody else to ask, so that a network within one block works too. 0: no limit.
  std::size_t alike_max = 3;
};

// One question of a lookup, for those who want to see its path (`warren find`).
struct LookupStep {
  enum class State { kWaiting, kAnswered, kFailed };
  PeerId peer;
  std::size_t hop = 0;  // 0: from our own table; else one more than that of who named it first
  Instant asked{};
  Instant ended{};
  State state = State::kWaiting;
  std::size_t common_prefix = 0;  // with the target, bits
};

class Lookup {
 public:
  // `seeds`: what the own table knows, any order. Neither they nor answers should name this node itself.
  Lookup(Key target, std::vector<PeerInfo> seeds, LookupLimits limits = {});
  ~Lookup();
  Lookup(Lookup&&) noexcept;
  Lookup& operator=(Lookup&&) noexcept;

  // The next peer to be asked now; it counts as asked. Nothing: wait for an answer, or until wake_at().
  // A peer that failed is returned once more when somebody names addresses of it that were not known.
  std::optional<PeerInfo> next(Instant now);
  // Of no effect for a peer that is not being asked.
  void answered(const PeerId& peer, std::vector<PeerInfo> closer, Instant now);
  void failed(const PeerId& peer, Instant now);

  // When next() or done() may change though nobody answers: the next one turns slow. In the future of the
  // last call that had a `now`; nothing: only an answer or a failure changes anything.
  std::optional<Instant> wake_at() const;
  // The `closest` nearest that are not known to be dead have answered, or nobody is left to ask. The slow are
  // not waited for; while fewer than `closest` have answered they get three times as long, and while nobody
  // has, all the time they need.
  bool done(Instant now) const;

  const Key& target() const { return target_; }
  // The nearest that have answered, nearest first, at most `closest`.
  std::vector<PeerInfo> closest() const;
  // The nearest that are not known to be dead or slow, asked or not: what closest() may become (optimistic
  // provide). Nearest first, at most `closest`.
  std::vector<PeerInfo> nearest_known() const;
  // All that were asked, in order.
  const std::vector<LookupStep>& steps() const { return steps_; }
  std::size_t hops() const;  // the greatest of those that answered

 private:
  struct Candidate;
  using PathSet = std::uint8_t;  // a bit each

  // Who decides about a path, nearest first, up to the k-th that has answered.
  std::vector<Candidate*> window(PathSet paths, Instant now) const;
  bool path_done(PathSet path, Instant now) const;
  PeerInfo ask(Candidate& candidate, std::size_t path, Instant now);
  void insert(PeerInfo info, PathSet paths, Candidate* named_by);
  void renew(Candidate& known, const PeerInfo& info, PathSet paths);
  void make_room();
  std::vector<std::unique_ptr<Candidate>>::const_iterator place(const Distance& distance) const;
  Candidate* asked(const PeerId& peer);
  void end_question(Candidate& candidate, LookupStep::State state, Instant now);
  void note_slow(Instant now);
  Duration slow_now() const;
  bool slow(const Candidate& candidate, Instant now) const;

  Key target_;
  LookupLimits limits_;
  std::vector<std::unique_ptr<Candidate>> candidates_;  // nearest first
  std::vector<Candidate*> waiting_;                     // being asked
  std::vector<Duration> times_;                         // of the answers, shortest first
  std::vector<LookupStep> steps_;
  std::size_t turn_ = 0;  // the path that asks next
  Instant now_{};         // the latest that we were told
};

}  // namespace warren::kad
