// When a node tries for a direct path to one relayed peer: at once, then with a back-off from 5 s to 5 min,
// and afresh whenever something is new, for what failed before may work now. Pure.
#pragma once

#include <optional>

#include "warren/base/time.hpp"
#include "warren/env/random.hpp"

namespace warren {

class PunchSchedule {
 public:
  static constexpr Duration kBackoffMin = 5s;
  static constexpr Duration kBackoffMax = std::chrono::minutes(5);
  // A peer that has not said yet who it is, and what it speaks, is waited for.
  static constexpr Duration kIdentifyGrace = 1s;
  // News count once in this time: who moves its addresses about does not make us punch all the time.
  static constexpr Duration kNewsInterval = 2s;

  // There is a relayed path.
  explicit PunchSchedule(Instant now) : next_(now + kIdentifyGrace), news_at_(now - kNewsInterval) {}

  // The next try; nothing while one is under way.
  std::optional<Instant> next_try() const { return trying_ ? std::nullopt : std::optional(next_); }
  bool is_due(Instant now) const { return !trying_ && next_ <= now; }
  // Tries that failed, since the last news.
  int failures() const { return failures_; }

  void begin() { trying_ = true; }
  void end(bool direct, Instant now, Random& random);
  // Addresses or protocols of either side have changed, or the network has: at once, and from the beginning;
  // where a try is under way, after it.
  void note_news(Instant now);
  // Somebody asks for it: at once, the back-off stays.
  void hurry(Instant now);

 private:
  void try_by(Instant when);

  Instant next_;
  Instant news_at_;  // the last that counted
  int failures_ = 0;
  bool trying_ = false;
  std::optional<Instant> again_;  // what came during the try asks for another one, then or later
};

}  // namespace warren
