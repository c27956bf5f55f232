// When to ping, how long the round trip is, and when the peer counts as dead. Pure policy; time comes in as
// an argument.
#pragma once

#include <cstdint>

#include "warren/muxer/yamux/limits.hpp"

namespace warren::yamux {

class Keepalive {
 public:
  // The first ping is due at once, because windows are tuned by the round trip. `limits` outlives it.
  Keepalive(const Limits& limits, Instant now);

  enum class Action { kNone, kPing, kDead };

  // What is due. kPing: the caller sends a ping with value().
  Action tick(Instant now);
  // When tick() has something to do, if nothing is heard until then.
  Instant deadline() const;

  // Bytes came from the peer.
  void heard(Instant now) { heard_at_ = now; }
  // An answer to a ping; others than to the last one are ignored.
  void pong(std::uint32_t value, Instant now);

  std::uint32_t value() const { return value_; }
  // Smoothed; zero when unknown yet.
  Duration round_trip() const { return round_trip_; }

 private:
  const Limits& limits_;
  bool waiting_ = false;  // for an answer
  std::uint32_t value_ = 0;
  Instant ping_at_;  // the last one; when none is waited for, the next one
  Instant heard_at_;
  Duration round_trip_{};
};

}  // namespace warren::yamux
