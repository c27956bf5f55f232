// The one spray of a node at a time: its place in the budgets, for as long as somebody holds this.
#pragma once

#include <functional>
#include <memory>
#include <optional>

#include "warren/async/event.hpp"
#include "warren/core/punch.hpp"
#include "warren/env/clock.hpp"
#include "warren/protocols/spray/spray_budget.hpp"
#include "warren/protocols/spray/sprayer.hpp"

namespace warren::spray {

class Sprayer::Turn {
 public:
  // Null: a budget refuses.
  static std::shared_ptr<Turn> begin(SprayBudget& budget, Limit& punches, Clock& clock, const PeerId& peer,
                                     std::function<void()> on_end) {
    if (!punches.take()) return nullptr;
    if (budget.begin(clock.now())) {
      return std::make_shared<Turn>(budget, punches, clock, peer, std::move(on_end));
    }
    punches.give();
    return nullptr;
  }
  // begin() makes them.
  Turn(SprayBudget& budget, Limit& punches, Clock& clock, const PeerId& peer, std::function<void()> on_end)
      : budget_(budget), punches_(punches), clock_(clock), peer_(peer), on_end_(std::move(on_end)) {}
  Turn(const Turn&) = delete;
  Turn& operator=(const Turn&) = delete;
  ~Turn() {
    budget_.end(clock_.now());
    punches_.give();
    on_end_();
  }

  const PeerId& peer() const { return peer_; }
  // We have asked the peer, and it has not answered.
  bool asking() const { return asking_; }
  void asked() { asking_ = false; }

  // The peer asked at the same time, and its spray has our place.
  void take_over() {
    asking_ = false;
    taken_over_ = true;
  }
  bool taken_over() const { return taken_over_; }
  // What came of that.
  const std::optional<PunchRound>& ended() const { return ended_; }
  void end(const PunchRound& round) {
    ended_ = round;
    changed_.notify_all();
  }
  Task<void> wait() { return changed_.wait(); }

 private:
  SprayBudget& budget_;
  Limit& punches_;
  Clock& clock_;
  PeerId peer_;
  std::function<void()> on_end_;
  bool asking_ = true;
  bool taken_over_ = false;
  std::optional<PunchRound> ended_;
  Event changed_;
};

}  // namespace warren::spray
