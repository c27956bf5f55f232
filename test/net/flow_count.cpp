#include "test/net/flow_count.hpp"

#include <algorithm>

namespace warren::net {

namespace {

constexpr Duration kForgotten = 120s;
constexpr std::size_t kFlowsMax = 65536;

}  // namespace

bool FlowCount::is_new(const Flow& flow, Instant now) {
  if (last_seen_.size() >= kFlowsMax) {
    std::erase_if(last_seen_, [&](const auto& entry) { return now - entry.second > kForgotten; });
    if (last_seen_.size() >= kFlowsMax) last_seen_.clear();
  }
  const auto [found, inserted] = last_seen_.try_emplace(flow, now);
  const bool is_new = inserted || now - found->second > kForgotten;
  found->second = now;
  return is_new;
}

void FlowCount::goes_out(const sim::NatPacket& packet, Instant now) {
  if (!is_new({packet.protocol, packet.from, packet.to}, now)) return;
  ++begun_;
  last_second_.push_back(now);
  while (now - last_second_.front() >= 1s) last_second_.pop_front();
  most_in_a_second_ = std::max<std::uint64_t>(most_in_a_second_, last_second_.size());
}

void FlowCount::comes_in(const sim::NatPacket& packet, const Endpoint& inside, Instant now) {
  (void)is_new({packet.protocol, inside, packet.from}, now);
}

void FlowCount::reset() {
  last_second_.clear();
  begun_ = most_in_a_second_ = 0;
}

}  // namespace warren::net
