#include "warren/node/punch_schedule.hpp"

#include <algorithm>

namespace warren {

namespace {

// Two nodes that fail together do not try together for ever.
Duration with_jitter(Duration pause, Random& random) {
  const auto fifth = static_cast<std::uint64_t>((pause / 5).count());
  return pause - pause / 10 + Duration(random.below(fifth));
}

}  // namespace

void PunchSchedule::end(bool direct, Instant now, Random& random) {
  trying_ = false;
  if (direct) failures_ = 0;
  if (!direct && failures_ < 16) ++failures_;
  Duration pause = kBackoffMin;
  for (int i = 1; i < failures_ && pause < kBackoffMax; ++i) pause *= 2;
  next_ = now + with_jitter(std::min(pause, kBackoffMax), random);
  if (again_) next_ = std::max(now, *std::exchange(again_, std::nullopt));
}

void PunchSchedule::note_news(Instant now) {
  if (now - news_at_ < kNewsInterval) return try_by(news_at_ + kNewsInterval);
  news_at_ = now;
  failures_ = 0;
  try_by(now);
}

void PunchSchedule::hurry(Instant now) {
  try_by(now);
}

void PunchSchedule::try_by(Instant when) {
  if (trying_) again_ = std::min(again_.value_or(when), when);
  next_ = std::min(next_, when);
}

}  // namespace warren
