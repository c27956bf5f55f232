// The frontier of one lookup: whom to ask next, when to stop waiting for the slow, and when the answer is
// known. Pure policy: the pump (kad/query.hpp) sends the questions.
// https://github.com/libp2p/specs/blob/master/kad-dht/README.md#peer-routing
#pragma once

#include <map>
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
  // for it when it comes last. It may still answer.
  Duration slow_after = 700ms;
  // Questions in all.
  std::size_t questions_max = 400;
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
  // `seeds`: what the own table knows, any order.
  Lookup(Key target, std::vector<PeerInfo> seeds, LookupLimits limits = {});

  // The next peer to be asked now; it counts as asked. Nothing: wait for an answer, or until wake_at().
  std::optional<PeerInfo> next(Instant now);
  void answered(const PeerId& peer, std::vector<PeerInfo> closer, Instant now);
  void failed(const PeerId& peer, Instant now);

  // When next() or done() may change though nobody answers: the next one turns slow.
  std::optional<Instant> wake_at() const;
  // The `closest` nearest that are not known to be dead have answered, or nobody is left to ask.
  bool done(Instant now) const;

  // The nearest that have answered, nearest first, at most `closest`.
  std::vector<PeerInfo> closest() const;
  // All that were asked, in order.
  const std::vector<LookupStep>& steps() const;
  std::size_t hops() const;  // the greatest of those that answered

 private:
  struct Candidate;
  // (kad_routing's own)
};

}  // namespace warren::kad
