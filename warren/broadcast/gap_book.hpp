// Which numbers of which origins have come on one topic, and which are missing. Pure. What it costs does not
// depend on the numbers: an origin that counts 1, 2^62 or a peer that speaks of 2^64 - 1 makes a few ranges.
#pragma once

#include <list>
#include <map>
#include <optional>
#include <set>
#include <tuple>
#include <utility>
#include <vector>

#include "warren/broadcast/limits.hpp"
#include "warren/core/broadcast_store.hpp"

namespace warren {

// Numbers above are nobody's: the store's are 63 bits wide.
inline constexpr std::uint64_t kBroadcastSeqMax = INT64_MAX;

class GapBook {
 public:
  explicit GapBook(const BroadcastLimits& limits) : limits_(limits) {}
  GapBook(const GapBook&) = delete;
  GapBook& operator=(const GapBook&) = delete;

  // A message has been verified. False: its number was had before, or is none (0, over kBroadcastSeqMax). The
  // first that is ever heard of an origin begins its count, unless follow() said otherwise; one below it that
  // comes later begins it there. A number that was given up and comes after all is new.
  bool note(const BroadcastOrigin& origin, std::uint64_t seq, Instant now);
  bool has(const BroadcastOrigin& origin, std::uint64_t seq) const;
  // These are had since an earlier run (BroadcastStore::seen); what is left out between them is missing.
  void restore(const BroadcastRange& range, Instant now);
  // Somebody says that these exist: what we lack of them is missing from now on, with what lies between them
  // and the numbers that are known. Such claims take half of the room for missing numbers and push out no
  // origin that was heard; what finds no room is left out, to be said again.
  void follow(const BroadcastRange& range, Instant now);
  // These can't be had any more: what is missing of them is lost, and no follow() makes it missing again.
  void give_up(const BroadcastRange& range);

  // Missing for longer than the grace: to be reported and fetched. In the order of origins and numbers.
  std::vector<BroadcastRange> missing(Instant now) const;
  // Missing for longer than the patience.
  std::vector<BroadcastRange> overdue(Instant now) const;
  // Lost without a give_up() since the last call: there was no room to follow them. To be reported.
  std::vector<BroadcastRange> take_lost() { return std::exchange(crowded_out_, {}); }
  // What we have or gave up, for a comparison: per origin the ranges, the latest origins first.
  std::vector<BroadcastRange> held() const;
  // When missing() or overdue() will grow by time alone.
  std::optional<Instant> next_change(Instant now) const;

  std::size_t origins() const { return lines_.size(); }
  // How many numbers are missing, with those within the grace.
  std::uint64_t missing_count() const { return missing_count_; }
  // What it takes memory for: ranges of all origins.
  std::size_t range_count() const { return range_count_; }

 private:
  enum class Kind { kHad, kLost, kMissing };
  struct Segment {
    std::uint64_t last;
    Kind kind;
    Instant noticed;  // of missing ones
  };
  // The numbers of one origin from the first to the last that is known of, without holes; by their firsts.
  struct Line {
    const BroadcastOrigin* origin = nullptr;
    std::map<std::uint64_t, Segment> segments;
    std::uint64_t missing = 0;
    std::set<std::uint64_t> lost;    // the firsts of lost segments
    bool heard = false;              // not only spoken of
    std::list<Line*>::iterator age;  // in heard_ or claimed_
    std::uint64_t touched = 0;       // clicks_ when it was heard of last

    std::uint64_t base() const { return segments.begin()->first; }
    std::uint64_t top() const { return segments.rbegin()->second.last; }
  };
  using Segments = std::map<std::uint64_t, Segment>;
  using Due = std::tuple<Instant, const Line*, std::uint64_t>;  // since when, whose, the first number

  const Line* find(const BroadcastOrigin& origin) const;
  Line& line_heard(const BroadcastOrigin& origin);
  Line* line_claimed(const BroadcastOrigin& origin);
  Line& add_line(const BroadcastOrigin& origin, bool heard);
  void make_room_among_epochs(const NodeId& node);
  void drop_line(Line& line);

  void insert(Line& line, std::uint64_t first, Segment segment);
  Segments::iterator erase(Line& line, Segments::iterator at);
  void split_before(Line& line, std::uint64_t number);
  void assign(Line& line, std::uint64_t first, Segment segment);
  void open_gap(Line& line, std::uint64_t first, std::uint64_t last, Instant now);
  void forget_old_losses(Line& line);
  std::uint64_t room_for_claims(const Line* line) const;
  std::vector<BroadcastRange> noticed_until(Instant latest) const;

  BroadcastLimits limits_;
  std::map<BroadcastOrigin, Line> lines_;
  std::list<Line*> heard_, claimed_;  // the latest first
  std::set<Due> dues_;                // all missing segments
  std::uint64_t clicks_ = 0;
  std::uint64_t missing_count_ = 0;
  std::size_t range_count_ = 0;
  std::vector<BroadcastRange> crowded_out_;
};

}  // namespace warren
