#include "warren/muxer/yamux/heartbeat.hpp"

#include "warren/async/race.hpp"

namespace warren::yamux {

void Heartbeat::watch(Watched& watched, Instant due) {
  const bool first = schedule_.empty() || due < schedule_.begin()->first;
  watched.place_ = schedule_.emplace(due, &watched);
  if (first) earlier_.notify_all();
  if (!task_) task_ = std::make_unique<TaskGroup>(executor_, "yamux.heartbeat");
  if (!std::exchange(running_, true)) task_->spawn(run());
}

Task<void> Heartbeat::run() {
  while (!schedule_.empty()) {
    const Instant next = schedule_.begin()->first;
    const Instant now = clock_.now();
    if (now < next) {
      co_await race(clock_.sleep_until(next), earlier_.wait());
      continue;
    }
    Watched& watched = *schedule_.begin()->second;
    schedule_.erase(schedule_.begin());
    watched.place_.reset();
    if (const auto due = watched.beat(now)) watched.place_ = schedule_.emplace(*due, &watched);
  }
  running_ = false;
}

Task<void> Heartbeat::leave(Watched& watched) {
  if (watched.place_) schedule_.erase(*watched.place_);
  watched.place_.reset();
  if (!schedule_.empty() || !task_) co_return;
  const std::unique_ptr<TaskGroup> task = std::move(task_);
  running_ = false;
  co_await task->close();
}

}  // namespace warren::yamux
