// What is told of gaps: that one is open, that it was closed, that it is lost; each once. Pure.
#pragma once

#include "warren/broadcast/ranges.hpp"
#include "warren/broadcast/topic.hpp"

namespace warren {

struct GapReport {
  BroadcastRange range;
  TopicGap::State state = TopicGap::State::kOpen;
};

class GapReports {
 public:
  // These are missing by now. What was open and is not missing any more has come.
  std::vector<GapReport> update(BroadcastRanges missing);
  // These can't be had any more, whether they were told of or not.
  std::vector<GapReport> lose(const BroadcastRanges& lost);

  // Told of and not ended.
  const BroadcastRanges& open() const { return open_; }

 private:
  BroadcastRanges open_;
};

}  // namespace warren
