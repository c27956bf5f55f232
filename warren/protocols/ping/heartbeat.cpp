#include "warren/protocols/ping/heartbeat.hpp"

#include <algorithm>

namespace warren::ping {
namespace {

// Without an answer no more are sent; what is older has long been lost.
constexpr std::size_t kUnansweredMax = 12;
constexpr std::size_t kHistoryMax = 40;
// Between beats that somebody asks for.
constexpr Duration kAskedInterval = 500ms;
// The two beats of a check, so that one lost packet is not the end; and how long one lasts.
constexpr Duration kCheckInterval = 400ms;
constexpr Duration kCheckFor = 5s;
constexpr int kSilentBeatsMin = 2;
// Above these, silence may be bad luck more than once in a row: what is lost is sent again, later and later.
constexpr double kLossy = 0.02;
constexpr Duration kSteadySpread = 50ms;
constexpr double kIdleSpread = 0.2;

}  // namespace

Heartbeat::Heartbeat(Instant now, Duration guess, HeartbeatTimes times)
    : times_(times), heard_at_(now), idle_interval_(times.idle_interval) {
  if (guess > Duration::zero()) {
    smoothed_ = guess;
    spread_ = guess / 2;
  }
}

void Heartbeat::use(Instant now) {
  used_at_ = now;
}

void Heartbeat::hear(Instant now) {
  heard_at_ = std::max(heard_at_, now);
  end_silence(now);
}

// What is still awaited is awaited from now on.
void Heartbeat::end_silence(Instant now) {
  for (; missed_ > 0; --missed_) note(false);
  const bool awaits = std::ranges::any_of(sent_, [](const Sent& sent) { return !sent.late; });
  silent_beats_ = awaits ? 1 : 0;
  silent_since_ = awaits ? std::optional(now) : std::nullopt;
  checked_at_.reset();
}

void Heartbeat::check(Instant now) {
  resume(now);
  checked_at_ = now;
  wanted_ = true;
}

void Heartbeat::resume(Instant now) {
  sent_.clear();
  missed_ = 0;
  silent_beats_ = 0;
  silent_since_.reset();
  wanted_ = true;
  last_sent_.reset();
  if (checked_at_) checked_at_ = now;
}

Heartbeat::Beat Heartbeat::send(Instant now, double chance) {
  if (sent_.size() >= kUnansweredMax) sent_.pop_front();
  sent_.push_back({.beat = ++last_, .at = now});
  last_sent_ = now;
  wanted_ = false;
  idle_interval_ = times_.idle_interval -
                   std::chrono::duration_cast<Duration>(times_.idle_interval * (kIdleSpread * chance));
  if (!silent_since_) silent_since_ = now;
  ++silent_beats_;
  return last_;
}

void Heartbeat::answer(Beat beat, Instant now) {
  const auto found = std::ranges::find(sent_, beat, &Sent::beat);
  if (found != sent_.end()) {
    const Duration measured = now - found->at;
    if (!found->late) note(true);
    sent_.erase(found);
    if (smoothed_ == Duration::zero()) {
      smoothed_ = measured;
      spread_ = measured / 2;
    } else {  // as RFC 6298 does
      const Duration off = measured > smoothed_ ? measured - smoothed_ : smoothed_ - measured;
      spread_ += (off - spread_) / 4;
      smoothed_ += (measured - smoothed_) / 8;
    }
  }
  hear(now);
}

void Heartbeat::take_back(Beat beat) {
  std::erase_if(sent_, [beat](const Sent& sent) { return sent.beat == beat; });
  if (silent_beats_ > 0 && --silent_beats_ == 0) silent_since_.reset();
}

void Heartbeat::look(Instant now) {
  for (Sent& sent : sent_) {
    if (sent.late || now - sent.at < deadline()) continue;
    sent.late = true;
    ++missed_;
  }
  if (checked_at_ && now - *checked_at_ >= kCheckFor) checked_at_.reset();
}

void Heartbeat::note(bool in_time) {
  history_.push_back(in_time);
  if (history_.size() > kHistoryMax) history_.pop_front();
}

double Heartbeat::loss() const {
  if (history_.empty()) return 0;
  return static_cast<double>(std::ranges::count(history_, false)) / static_cast<double>(history_.size());
}

Duration Heartbeat::deadline() const {
  if (smoothed_ == Duration::zero()) return times_.deadline_at_first;
  const Duration slack = std::max<Duration>(4 * spread_, 1s);
  return std::clamp(std::min(4 * smoothed_, smoothed_ + slack), times_.deadline_min, times_.deadline_max);
}

Duration Heartbeat::dead_after() const {
  const bool unsteady = loss() > kLossy || (spread_ > smoothed_ / 4 && spread_ > kSteadySpread);
  return unsteady ? 3 * deadline() + 4 * spread_ : 2 * deadline();
}

Instant Heartbeat::due_at(Instant now) const {
  if (!last_sent_) return now;
  const Instant last = *last_sent_;
  if (silent_beats_ >= static_cast<int>(kUnansweredMax)) return last + times_.idle_interval;
  Instant due = last + (is_busy(now) ? times_.busy_interval : idle_interval_);
  if (wanted_) due = std::min(due, last + kAskedInterval);
  if (checked_at_ && silent_beats_ < kSilentBeatsMin) due = std::min(due, last + kCheckInterval);
  if (silent_since_ && now - *silent_since_ >= deadline()) {
    const Duration probing = std::max<Duration>(deadline() / 2, kAskedInterval);
    due = std::min(due, last + (is_busy(now) ? probing : times_.idle_probe_interval));
  }
  return due;
}

Duration Heartbeat::patience(Instant now, bool another_answers) const {
  if (checked_at_) return std::max<Duration>(times_.deadline_min, 3 * smoothed_);
  const Duration alone = another_answers ? Duration::zero() : times_.patience_alone;
  if (is_busy(now)) return dead_after() + alone;
  return std::max(dead_after() + alone, another_answers ? times_.patience_idle : times_.patience_idle_alone);
}

PathVerdict Heartbeat::verdict(Instant now, bool another_answers) const {
  if (!silent_since_) return PathVerdict::kGood;
  const Duration silent = now - *silent_since_;
  if (silent >= patience(now, another_answers) && silent_beats_ >= kSilentBeatsMin) return PathVerdict::kDead;
  return silent >= deadline() ? PathVerdict::kSuspect : PathVerdict::kGood;
}

Instant Heartbeat::next(Instant now) const {
  Instant next = due_at(now);
  if (next <= now) return now;
  const auto consider = [&](Instant when) {
    if (when > now) next = std::min(next, when);
  };
  for (const Sent& sent : sent_) {
    if (!sent.late) consider(sent.at + deadline());
  }
  if (silent_since_) {
    consider(*silent_since_ + deadline());
    for (const bool another_answers : {true, false}) {
      consider(*silent_since_ + patience(now, another_answers));
    }
  }
  return next;
}

PathHealth Heartbeat::health(Instant now) const {
  return {
      .round_trip_time = smoothed_, .loss = loss(), .is_suspect = verdict(now, false) != PathVerdict::kGood};
}

}  // namespace warren::ping
