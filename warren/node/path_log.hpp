// What was tried lately to reach each peer: the memory behind `warren why`.
#pragma once

#include <deque>
#include <map>
#include <vector>

#include "warren/core/host.hpp"
#include "warren/core/punch.hpp"

namespace warren {

class PathLog {
 public:
  // Of one peer; a dial may try 16 addresses, a punch 64.
  static constexpr std::size_t kAttemptsMax = 96;
  static constexpr std::size_t kRoundsMax = 16;
  // Who was not tried for the longest time makes room.
  static constexpr std::size_t kPeersMax = 256;

  void add(const DialOutcome& outcome, Instant now);
  void add(const PunchRound& round, Instant now);

  // The oldest first.
  std::vector<DialOutcome> attempts(const PeerId& peer) const;
  std::vector<PunchRound> rounds(const PeerId& peer) const;
  // How many there were, those that are forgotten included.
  std::uint64_t rounds_so_far(const PeerId& peer) const;
  bool knows(const PeerId& peer) const { return entries_.contains(peer); }

 private:
  struct Entry {
    std::deque<DialOutcome> attempts;
    std::deque<PunchRound> rounds;
    std::uint64_t rounds_so_far = 0;
    Instant touched{};
  };
  Entry& entry(const PeerId& peer, Instant now);

  std::map<PeerId, Entry> entries_;
};

}  // namespace warren
