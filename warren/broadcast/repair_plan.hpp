// Whom to compare notes with about a topic, and when; and what nobody has any more. Pure.
#pragma once

#include <map>
#include <optional>
#include <vector>

#include "warren/broadcast/limits.hpp"
#include "warren/broadcast/ranges.hpp"
#include "warren/crypto/peer_id.hpp"
#include "warren/env/random.hpp"

namespace warren {

class RepairPlan {
 public:
  explicit RepairPlan(const BroadcastLimits& limits) : limits_(limits) {}

  // Who is asked now, if anybody. `candidates` can be asked, those of the mesh first: one that is new at
  // once, while something is missing one after the other, and else one at random now and then.
  std::optional<PeerId> choose(const std::vector<PeerId>& candidates, bool is_missing, Instant now,
                               Random& random);

  // It has given all that it has of what we lack, or, with `more`, a part. `gone`: what it does not keep.
  void answered(const PeerId& peer, std::vector<BroadcastRange> gone, bool more, Instant now);
  // It gave no answer, or nonsense.
  void failed(const PeerId& peer, Instant now);

  // A peer is giving us more than fits into one answer.
  bool is_fetching() const { return again_.has_value(); }

  // Of what is missing, what all of the candidates have said to be gone. Nothing before each was asked.
  BroadcastRanges hopeless(const BroadcastRanges& missing, const std::vector<PeerId>& candidates) const;

 private:
  struct Asked {
    Instant at;
    std::optional<BroadcastRanges> gone;  // none: it has given no answer
  };
  std::optional<PeerId> next_of(const std::vector<PeerId>& candidates, bool is_missing, Instant now,
                                Random& random) const;

  BroadcastLimits limits_;
  std::map<PeerId, Asked> asked_;  // candidates only
  std::optional<PeerId> again_;    // who said that there is more
  std::size_t in_a_row_ = 0;       // answers of it
  Instant next_compare_{};
  std::optional<Instant> last_;
};

}  // namespace warren
