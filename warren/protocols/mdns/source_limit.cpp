#include "warren/protocols/mdns/source_limit.hpp"

namespace warren::mdns {

SourceLimit::SourceLimit(const Limits& limits, Instant now)
    : limits_(limits),
      all_(limits.packets_per_second_max, limits.packets_burst_max, now),
      others_(limits.source_packets_per_second_max, limits.source_packets_burst_max, now) {}

TokenBucket& SourceLimit::bucket_of(const IpAddress& source, Instant now) {
  const auto known = sources_.find(source);
  if (known != sources_.end()) return known->second;
  if (sources_.size() >= limits_.sources_max) {
    std::erase_if(sources_, [now](const auto& entry) { return entry.second.is_full(now); });
  }
  if (sources_.size() >= limits_.sources_max) return others_;
  const TokenBucket fresh(limits_.source_packets_per_second_max, limits_.source_packets_burst_max, now);
  return sources_.emplace(source, fresh).first->second;
}

// The sender's own limit goes first: what it has too much of takes nothing from others.
bool SourceLimit::admits(const IpAddress& source, Instant now) {
  return bucket_of(source, now).take(now) && all_.take(now);
}

}  // namespace warren::mdns
