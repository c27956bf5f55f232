#include "warren/broadcast/gap_reports.hpp"

#include <utility>

namespace warren {
namespace {

void append(std::vector<GapReport>& reports, const BroadcastRanges& ranges, TopicGap::State state) {
  for (const BroadcastRange& range : ranges) reports.push_back({range, state});
}

}  // namespace

std::vector<GapReport> GapReports::update(BroadcastRanges missing) {
  std::vector<GapReport> reports;
  append(reports, without(open_, missing), TopicGap::State::kClosed);
  append(reports, without(missing, open_), TopicGap::State::kOpen);
  open_ = std::move(missing);
  return reports;
}

std::vector<GapReport> GapReports::lose(const BroadcastRanges& lost) {
  std::vector<GapReport> reports;
  append(reports, lost, TopicGap::State::kLost);
  open_ = without(open_, lost);
  return reports;
}

}  // namespace warren
