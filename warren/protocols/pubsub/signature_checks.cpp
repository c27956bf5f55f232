#include "warren/protocols/pubsub/signature_checks.hpp"

#include <algorithm>

namespace warren::pubsub {

namespace {

// About a millisecond of work (Ed25519).
constexpr std::size_t kBatchMax = 16;
// So many threads of the pool can work for us.
constexpr std::size_t kThreadsMax = 4;

}  // namespace

void SignatureChecks::add(Arrival arrival, Instant now) {
  waiting_.push_back({.arrival = std::move(arrival), .arrived = now, .outcome = {}});
  // Those that run and have ended their batch come back for the next one.
  if (running_ >= kThreadsMax || waiting_.size() <= running_ * kBatchMax) return;
  ++running_;
  tasks_.spawn(check_waiting());
}

std::vector<SignatureChecks::Checked> SignatureChecks::take_batch() {
  const auto end = waiting_.begin() + static_cast<std::ptrdiff_t>(std::min(waiting_.size(), kBatchMax));
  std::vector<Checked> batch(std::make_move_iterator(waiting_.begin()), std::make_move_iterator(end));
  waiting_.erase(waiting_.begin(), end);
  return batch;
}

Task<void> SignatureChecks::check_waiting() {
  while (!waiting_.empty()) {
    std::vector<Checked> batch = take_batch();
    const auto work = [&batch, &clock = env_.clock] {
      const Instant began = clock.now();
      for (Checked& checked : batch) {
        const auto message = read_message(checked.arrival.message);
        checked.outcome = message ? verify_message(*message) : fail(message.error());
      }
      return clock.now() - began;
    };
    counters_.took += co_await env_.offload.run(work);
    counters_.done += batch.size();
    counters_.failed +=
        static_cast<std::uint64_t>(std::ranges::count_if(batch, [](const auto& c) { return !c.outcome; }));
    done_(std::move(batch));
  }
  --running_;
}

}  // namespace warren::pubsub
