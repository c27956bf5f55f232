// Which of the last 1,024 sequence numbers were used: streams run in parallel, so messages arrive out of
// order, and each number counts once (like the window of RFC 4303 section 3.4.3).
#pragma once

#include <bitset>
#include <cstdint>

namespace warren {

class SequenceWindow {
 public:
  static constexpr std::size_t kSize = 1024;

  // False when it was used, or is so far behind the highest one that nobody can tell.
  bool is_fresh(std::uint64_t number) const {
    if (number > highest_) return true;
    return highest_ - number < kSize && !used_[number % kSize];
  }

  // Precondition: is_fresh(number).
  void use(std::uint64_t number) {
    if (number > highest_) {
      const std::uint64_t steps = number - highest_;
      if (steps >= kSize) {
        used_.reset();
      } else {
        for (std::uint64_t i = highest_ + 1; i < number; ++i) used_.reset(i % kSize);
      }
      highest_ = number;
    }
    used_.set(number % kSize);
  }

 private:
  std::uint64_t highest_ = 0;  // numbers count from 1
  std::bitset<kSize> used_;
};

}  // namespace warren
