// The peers that this node speaks to again and again, and when their addresses are to be looked up anew:
// before the best one expires, and when it does not lead there any more. So a repeated request does not wait
// for a lookup. Policy only: whoever asks the DHT is elsewhere.
#pragma once

#include <map>
#include <vector>

#include "warren/core/peerstore.hpp"

namespace warren {

struct HotTargetLimits {
  // Tracked at a time. When there are more, the one used least makes room, and the newcomer begins with its
  // count (Metwally and others: "Efficient computation of frequent and top-k elements in data streams").
  std::size_t targets_max = 64;
  // A use counts half after this time...
  Duration half_life = 5min;
  // ...and a target is hot with two uses or more that together still count so much: for a quarter of an hour
  // after two, for half an hour after twenty.
  double score_min = 0.25;
  // An address that is worth less time than this is looked up again.
  Duration refresh_before = 5min;
  // The next lookup of the same target when one has not helped; twice as much each time, up to the maximum.
  Duration retry = 15s;
  Duration retry_max = 10min;
  // Named by due() at once.
  std::size_t due_max = 8;
};

class HotTargets {
 public:
  explicit HotTargets(HotTargetLimits limits = {}) : limits_(limits) {}

  // A request, a message or a dial is about to go there.
  void note_use(const PeerId& peer, Instant now);
  // The connection to it has ended, or a dial has failed: it may have moved. Of no effect for others than
  // those tracked.
  void note_lost(const PeerId& peer);

  // Whose addresses are to be looked up now, the hottest first. The same peer is named again until
  // refreshed().
  std::vector<PeerId> due(Instant now, const Peerstore& known);
  // The lookup has ended, whatever it found; what it did is in the peerstore.
  void refreshed(const PeerId& peer, Instant now);

  bool is_hot(const PeerId& peer, Instant now) const;
  std::size_t size() const { return targets_.size(); }

 private:
  struct Target {
    double score = 0;  // as of `counted`
    Instant counted{};
    std::uint64_t uses = 0;
    bool lost = false;
    std::uint32_t lookups = 0;  // in a row that did not help
    Instant next_lookup = Instant::min();
  };

  double score(const Target& target, Instant now) const;
  bool is_hot(const Target& target, Instant now) const;
  bool must_look(const PeerId& peer, const Target& target, Instant now, const Peerstore& known) const;
  // The score that the newcomer takes over.
  double make_room(Instant now);

  HotTargetLimits limits_;
  std::map<PeerId, Target> targets_;
};

}  // namespace warren
