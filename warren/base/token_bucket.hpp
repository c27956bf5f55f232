// A rate limit: a bucket that fills steadily and that each message or attempt takes a token from.
#pragma once

#include <algorithm>

#include "warren/base/time.hpp"

namespace warren {

class TokenBucket {
 public:
  // Full at first. Both are above 0.
  TokenBucket(double per_second, double burst, Instant now)
      : per_second_(per_second), burst_(burst), tokens_(burst), filled_at_(now) {}

  // Takes `tokens` if that many are there.
  bool take(Instant now, double tokens = 1) {
    fill(now);
    if (tokens_ < tokens) return false;
    tokens_ -= tokens;
    return true;
  }

  // For who can wait: takes a token in advance and returns how long it takes to come, after those that were
  // taken in advance before. give_back() when it is not used after all.
  Duration take_in_advance(Instant now) {
    const Duration wait = time_to_next(now);
    tokens_ -= 1;
    return wait;
  }
  void give_back() { tokens_ += 1; }

  // What take_in_advance() would return.
  Duration time_to_next(Instant now) {
    fill(now);
    if (tokens_ >= 1) return Duration::zero();
    return std::chrono::ceil<Duration>(std::chrono::duration<double>((1 - tokens_) / per_second_));
  }

  // How many tokens are missing, rounded up: what has been taken and has not filled up again.
  std::size_t missing(Instant now) {
    fill(now);
    return static_cast<std::size_t>(burst_ - tokens_ + 0.999);
  }

  bool is_full(Instant now) const {
    TokenBucket later = *this;
    later.fill(now);
    return later.tokens_ >= burst_;
  }

 private:
  void fill(Instant now) {
    if (now <= filled_at_) return;
    const double seconds = std::chrono::duration<double>(now - filled_at_).count();
    tokens_ = std::min(burst_, tokens_ + seconds * per_second_);
    filled_at_ = now;
  }

  double per_second_;
  double burst_;
  double tokens_;
  Instant filled_at_;
};

}  // namespace warren
