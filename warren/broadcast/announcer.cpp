#include "warren/broadcast/announcer.hpp"

#include <algorithm>

#include "warren/async/as_result.hpp"

namespace warren {
namespace {

// Others take only so many messages of one origin, and ignore the rest.
constexpr double kPaceShare = 0.9;
constexpr double kBurstShare = 0.5;

}  // namespace

Announcer::Announcer(Needs needs)
    : host_(needs.host),
      gossip_(needs.gossip),
      store_(needs.store),
      sealer_(needs.sealer),
      intake_(needs.intake),
      tasks_(needs.tasks),
      pace_(needs.limits.origin_messages_per_second * kPaceShare,
            std::max(1.0, needs.limits.origin_messages_burst * kBurstShare), host_.env().clock.now()) {}

Task<BroadcastReport> Announcer::announce(TopicPtr topic, Bytes payload, BroadcastOptions options) {
  if (tasks_.closed()) throw_error(Errc::kClosed);
  const auto job = std::make_shared<Job>();
  job->payload = std::move(payload);
  job->options = options;
  const auto [queue, is_first] = queues_.try_emplace(topic.get());
  queue->second.push_back(job);
  if (is_first) tasks_.spawn(work_off(topic));

  // Set when this call is canceled and its frame goes.
  struct Interest {
    JobPtr job;
    ~Interest() { job->is_given_up = true; }
  } interest{job};
  while (!job->outcome) co_await job->done.wait();
  if (!*job->outcome) throw job->outcome->error();
  co_return **job->outcome;
}

Task<void> Announcer::work_off(TopicPtr topic) {
  std::deque<JobPtr>& queue = queues_[topic.get()];
  while (!queue.empty()) {
    const JobPtr job = std::move(queue.front());
    queue.pop_front();
    co_await take_turn(job);
    if (!job->is_given_up) co_await finish(job, send(topic, job));
  }
  queues_.erase(topic.get());
}

Task<void> Announcer::take_turn(JobPtr job) {
  Clock& clock = host_.env().clock;
  while (!job->is_given_up && !pace_.take(clock.now())) {
    co_await clock.sleep_for(pace_.time_to_next(clock.now()));
  }
}

// Tells whoever waits what the work ended with, if that was an error.
Task<void> Announcer::finish(JobPtr job, Task<void> work) {
  const auto outcome = co_await as_outcome(std::move(work));
  if (outcome) co_return;
  job->outcome = std::unexpected(outcome.error());
  job->done.notify_all();
}

Task<TopicSealer::Sealed> Announcer::seal_and_store(TopicPtr topic, Bytes payload, WallTime now,
                                                    BroadcastOptions options) {
  const auto ttl = options.reliable ? options.ttl : std::chrono::milliseconds(0);
  TopicSealer::Draft draft{topic->name, now, ttl, std::move(payload)};
  TopicSealer::Sealed sealed = co_await sealer_.seal(std::move(draft));
  if (options.reliable) {
    const StoredBroadcast stored{topic->wire, sealer_.origin(), sealed.seq,
                                 sealed.id,   now + ttl,        sealed.wire};
    auto work = [this, &stored] { return store_.put(stored); };
    const auto kept = co_await host_.env().offload.run(std::move(work));
    if (!kept) throw_error(kept.error() == Errc::kExists ? Errc::kStorage : kept.error());
    topic->published_reliably = true;
  }
  co_return sealed;
}

Task<void> Announcer::send(TopicPtr topic, JobPtr job) {
  const WallTime now = host_.env().clock.wall_now();
  TopicMessage own{.topic = topic->name,
                   .kind = TopicKind::kWarren,
                   .from_node = sealer_.origin().node,
                   .from_peer = host_.peer_id(),
                   .id = {},
                   .sent_at = now,
                   .received_at = now,
                   .seq = 0,
                   .fetched = false,
                   .payload = job->payload};
  TopicSealer::Sealed sealed = co_await seal_and_store(topic, std::move(job->payload), now, job->options);
  // From here to publish() nothing waits and nothing fails: the number is used.
  sealer_.use(topic->name);
  ++topic->published;
  BroadcastReport report{.id = to_bytes(sealed.id), .seq = sealed.seq};
  own.id = report.id;
  own.seq = report.seq;
  intake_.take_own(topic, sealer_.origin(), std::move(own));
  tasks_.spawn(finish(job, publish(topic, job, std::move(sealed.wire), std::move(report))));
}

Task<void> Announcer::publish(TopicPtr topic, JobPtr job, Bytes wire, BroadcastReport report) {
  const pubsub::PublishReport sent =
      co_await gossip_.publish(topic->wire, std::move(wire), job->options.patience);
  report.queued = sent.queued;
  report.sent = sent.sent;
  report.spared = sent.spared;
  report.dropped = sent.dropped;
  job->outcome = std::move(report);
  job->done.notify_all();
}

}  // namespace warren
