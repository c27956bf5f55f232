// How many there were in the last minute, by the second. Pure.
#pragma once

#include <array>
#include <cstdint>

#include "warren/base/time.hpp"

namespace warren {

class RateRing {
 public:
  static constexpr std::int64_t kSeconds = 60;

  // `now` never goes back.
  void add(Instant now, std::uint64_t count = 1) {
    move_to(now);
    cells_[static_cast<std::size_t>(second_ % kSeconds)] += count;
    total_ += count;
  }

  // A second, over the last minute.
  double rate(Instant now) const {
    RateRing later = *this;
    later.move_to(now);
    return static_cast<double>(later.total_) / kSeconds;
  }

 private:
  void move_to(Instant now) {
    const std::int64_t second =
        std::chrono::duration_cast<std::chrono::seconds>(now.time_since_epoch()).count();
    if (second - second_ >= kSeconds) {
      cells_ = {};
      total_ = 0;
      second_ = second;
    }
    while (second_ < second) {
      std::uint64_t& oldest = cells_[static_cast<std::size_t>(++second_ % kSeconds)];
      total_ -= oldest;
      oldest = 0;
    }
  }

  std::array<std::uint64_t, kSeconds> cells_{};
  std::int64_t second_ = 0;
  std::uint64_t total_ = 0;
};

}  // namespace warren
