#include "warren/broadcast/deliveries.hpp"

#include <algorithm>

#include "warren/async/as_result.hpp"
#include "warren/base/log.hpp"

namespace warren {
namespace {

// Stored in one go on the pool, so that the disk's pace is not the loop's.
constexpr std::size_t kBatch = 256;

void log_handler_error(const TopicEntry& topic, std::error_code error) {
  log::warning("broadcast", "a subscriber of " + topic.wire + " failed: " + error.message());
}

Task<void> call(std::shared_ptr<const TopicSubscriber> subscriber, const TopicMessage& message) {
  subscriber->handler.on_message(message);
  co_return;
}

Task<void> call(std::shared_ptr<const TopicSubscriber> subscriber, const TopicGap& gap) {
  if (subscriber->handler.on_gap) subscriber->handler.on_gap(gap);
  co_return;
}

// Calls all who are subscribed now and still are when their turn comes. Whether anybody was.
template <class What>
Task<bool> call_all(TopicPtr topic, const What& what) {
  bool is_heard = false;
  std::vector<std::uint64_t> ids;
  for (const auto& [id, subscriber] : topic->subscribers) ids.push_back(id);
  for (const std::uint64_t id : ids) {
    const auto found = topic->subscribers.find(id);
    if (found == topic->subscribers.end()) continue;
    is_heard = true;
    const auto called = co_await as_result(call(found->second, what));
    if (!called) log_handler_error(*topic, called.error());
  }
  co_return is_heard;
}

}  // namespace

Task<void> Deliveries::wait_for_room(TopicPtr topic) {
  while (topic->waiting.size() >= limits_.waiting_messages_max ||
         topic->waiting_bytes >= limits_.waiting_bytes_max) {
    co_await topic->delivered_some.wait();
  }
}

void Deliveries::push(const TopicPtr& topic, Delivery delivery) {
  topic->waiting_bytes += delivery.bytes();
  topic->waiting.push_back(std::move(delivery));
  if (!std::exchange(topic->is_delivering, true)) tasks_.spawn(drain(topic));
}

Task<void> Deliveries::drain(TopicPtr topic) {
  while (!topic->waiting.empty()) {
    std::vector<Delivery> batch;
    while (!topic->waiting.empty() && batch.size() < kBatch) {
      topic->waiting_bytes -= topic->waiting.front().bytes();
      batch.push_back(std::move(topic->waiting.front()));
      topic->waiting.pop_front();
    }
    co_await store_and_deliver(topic, std::move(batch));
    topic->delivered_some.notify_all();
  }
  topic->is_delivering = false;
  topic->delivered_some.notify_all();
}

Task<void> Deliveries::finish(TopicPtr topic) {
  while (topic->is_delivering) co_await topic->delivered_some.wait();
}

Task<void> Deliveries::store_and_deliver(TopicPtr topic, std::vector<Delivery> batch) {
  // What nobody is here for must not be remembered as delivered.
  if (topic->subscribers.empty()) co_return;
  const auto is_kept = [](const Delivery& delivery) { return delivery.keep.has_value(); };
  std::vector<std::error_code> errors(batch.size());
  if (std::ranges::any_of(batch, is_kept)) {
    auto work = [this, &batch, &errors] {
      for (std::size_t i = 0; i < batch.size(); ++i) {
        if (!batch[i].keep) continue;
        if (const auto stored = store_.put(*batch[i].keep); !stored) errors[i] = stored.error();
      }
    };
    co_await env_.offload.run(std::move(work));
  }
  std::vector<StoredBroadcast> unheard;
  for (std::size_t i = 0; i < batch.size(); ++i) {
    if (errors[i] == Errc::kExists) continue;
    // Better twice, after the next start, than never.
    if (errors[i]) {
      log::error("broadcast", "a message of " + topic->wire +
                                  " could not be kept for a restart or others: " + errors[i].message());
    }
    const bool is_heard = co_await deliver(topic, std::move(batch[i].message));
    if (!is_heard && batch[i].keep && !errors[i]) unheard.push_back(std::move(*batch[i].keep));
  }
  if (!unheard.empty()) co_await take_back(topic, std::move(unheard));
}

// Who was subscribed went away meanwhile: who comes next must not be told that it was had.
Task<void> Deliveries::take_back(TopicPtr topic, std::vector<StoredBroadcast> unheard) {
  auto work = [this, &unheard]() -> Result<> {
    for (const StoredBroadcast& each : unheard) {
      if (const auto gone = store_.forget(each.topic, each.origin, each.seq); !gone) return gone;
    }
    return {};
  };
  const auto gone = co_await env_.offload.run(std::move(work));
  if (!gone) {
    log::error("broadcast", "messages of " + topic->wire +
                                " that nobody heard count as delivered: " + gone.error().message());
  }
}

Task<bool> Deliveries::deliver(TopicPtr topic, TopicMessage message) {
  const bool is_heard = co_await call_all(topic, message);
  if (!is_heard) co_return false;
  ++topic->delivered;
  topic->fetched += message.fetched;
  topic->rate.add(env_.clock.now());
  co_return true;
}

void Deliveries::tell(const TopicPtr& topic, const std::vector<GapReport>& reports) {
  std::vector<TopicGap> gaps;
  for (const auto& [range, state] : reports) {
    gaps.push_back({topic->name, range.origin.node, range.first, range.last, state});
    if (state == TopicGap::State::kLost) topic->lost += range.last - range.first + 1;
  }
  if (!gaps.empty()) tasks_.spawn(tell_all(topic, std::move(gaps)));
}

Task<void> Deliveries::tell_all(TopicPtr topic, std::vector<TopicGap> gaps) {
  for (const TopicGap& gap : gaps) co_await call_all(topic, gap);
}

}  // namespace warren
