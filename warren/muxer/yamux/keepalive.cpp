#include "warren/muxer/yamux/keepalive.hpp"

#include <algorithm>

namespace warren::yamux {

Keepalive::Keepalive(const Limits& limits, Instant now) : limits_(limits), ping_at_(now), heard_at_(now) {}

Keepalive::Action Keepalive::tick(Instant now) {
  if (now < deadline()) return Action::kNone;
  if (waiting_) return Action::kDead;
  waiting_ = true;
  ping_at_ = now;
  ++value_;
  return Action::kPing;
}

Instant Keepalive::deadline() const {
  if (!waiting_) return ping_at_;
  // While data comes in, the answer may be queued behind it.
  return std::min(ping_at_ + limits_.pong_max, std::max(ping_at_, heard_at_) + limits_.silence_max);
}

void Keepalive::pong(std::uint32_t value, Instant now) {
  if (!waiting_ || value != value_) return;
  const Duration sample = now - ping_at_;
  round_trip_ = round_trip_ == Duration{} ? sample : (round_trip_ + sample) / 2;
  waiting_ = false;
  ping_at_ += limits_.ping_interval;
}

}  // namespace warren::yamux
