// When one path is beaten, when an answer is overdue, and when the path is dead: the policy of heartbeats.
// No I/O; times come as arguments. The pump is heartbeats.hpp. docs/nat.md, "Heartbeats".
#pragma once

#include <cstdint>
#include <deque>
#include <optional>

#include "warren/base/time.hpp"
#include "warren/core/path_health.hpp"

namespace warren::ping {

struct HeartbeatTimes {
  // Of a path that was used lately, and what "lately" means: whoever waits for an answer says so again and
  // again.
  Duration busy_interval = 1s;
  Duration busy_for = 3s;
  // Of one that nobody uses, minus up to a fifth by chance. NATs forget UDP mappings after 30 s, at best.
  Duration idle_interval = 15s;
  // An answer is due after four round trips, but not sooner than that; with the usual spread of round trips
  // it may take longer. Before the first answer the round trip is a guess.
  Duration deadline_min = 1s;
  Duration deadline_max = 10s;
  Duration deadline_at_first = 2s;
  // A used path that is silent for two deadlines is dead, or some more when answers are lost or late on it,
  // if another one to the same peer answers. If none does, it may be the peer or we ourselves that are busy.
  Duration patience_alone = 3s;
  // The same when nobody uses it.
  Duration patience_idle = 8s;
  Duration patience_idle_alone = 20s;
  // Between beats on a silent path that nobody uses.
  Duration idle_probe_interval = 3s;
};

enum class PathVerdict { kGood, kSuspect, kDead };

class Heartbeat {
 public:
  using Beat = std::uint64_t;

  // Due at once. `guess`: of the round trip; zero: none.
  Heartbeat(Instant now, Duration guess, HeartbeatTimes times = {});

  // --- what happens ---
  // Somebody uses the path, or waits for something on it.
  void use(Instant now);
  // A beat is wanted now, at most two a second.
  void ask() { wanted_ = true; }
  // Bytes from the peer arrived, other than an answer.
  void hear(Instant now);
  // After a change of the network: beats at once, and a second to answer.
  void check(Instant now);
  // This machine has slept, or was too busy to look: what happened before says nothing.
  void resume(Instant now);
  // A beat is sent now. `chance`, from 0 to 1, varies the time of the next one.
  Beat send(Instant now, double chance);
  void answer(Beat beat, Instant now);
  // It never left.
  void take_back(Beat beat);
  // Counts what has become overdue.
  void look(Instant now);

  // --- what follows ---
  bool is_due(Instant now) const { return due_at(now) <= now; }
  // `another_answers`: another path to this peer has answered since silent_since().
  PathVerdict verdict(Instant now, bool another_answers) const;
  // When to look again, if nothing happens before. Later than now unless a beat is due.
  Instant next(Instant now) const;
  PathHealth health(Instant now) const;
  Instant heard_at() const { return heard_at_; }
  // The first beat since the last sign of life; now, when nothing is awaited.
  Instant silent_since(Instant now) const { return silent_since_.value_or(now); }
  bool is_busy(Instant now) const { return used_at_ && now - *used_at_ < times_.busy_for; }
  Duration deadline() const;

 private:
  struct Sent {
    Beat beat;
    Instant at;
    bool late = false;
  };

  Instant due_at(Instant now) const;
  Duration patience(Instant now, bool another_answers) const;
  Duration dead_after() const;
  double loss() const;
  void note(bool in_time);
  void end_silence(Instant now);

  HeartbeatTimes times_;
  Duration smoothed_{};  // round trip; zero: unknown
  Duration spread_{};
  std::deque<Sent> sent_;     // that nobody has answered
  std::deque<bool> history_;  // of the last beats, whether the answer came in time
  int missed_ = 0;            // in this silence: to be told as loss when it was no more than that
  Beat last_ = 0;
  Instant heard_at_;
  std::optional<Instant> last_sent_;
  std::optional<Instant> used_at_;
  std::optional<Instant> silent_since_;
  std::optional<Instant> checked_at_;
  int silent_beats_ = 0;
  bool wanted_ = false;
  Duration idle_interval_;  // with this time's chance
};

}  // namespace warren::ping
