#include "app/topics_service.hpp"

#include <thread>

#include "app/control_values.hpp"
#include "app/grpc_error.hpp"
#include "app/topics_values.hpp"
#include "warren/broadcast/limits.hpp"

namespace warren::app {
namespace {

// Above what the caller waits for: a signature, and its turn in the loop.
constexpr Duration kBroadcastLimit = 10s;

// Others take only so many messages of one origin, and ignore the rest (BroadcastLimits): a program that has
// more of them waits here.
constexpr double kPaceShare = 0.9;
constexpr double kBurstShare = 0.5;

TokenBucket pace_of(const BroadcastLimits& limits, Instant now) {
  return {limits.origin_messages_per_second * kPaceShare, limits.origin_messages_burst * kBurstShare, now};
}

WantedBroadcast wanted_by(const v1::BroadcastRequest& request) {
  return {request.topic(), bytes_of(request.payload()), options_of(request)};
}

}  // namespace

TopicsService::TopicsService(real::Loop& loop, Node& node)
    : loop_(loop),
      node_(node),
      calls_(loop),
      broadcasts_(loop.env().executor, "control.broadcasts"),
      pace_(pace_of(BroadcastLimits(), loop.env().clock.now())),
      stays_(loop.env(), node) {}

Task<void> TopicsService::close() {
  for (const FeedPtr& feed : feeds_) feed->end();
  co_await calls_.close();
  co_await broadcasts_.close();
  co_await stays_.close();
}

Task<void> TopicsService::take_turn(TopicKind kind) {
  if (kind == TopicKind::kPlain) co_return;
  Clock& clock = loop_.env().clock;
  const Duration wait = pace_.take_in_advance(clock.now());
  if (wait > Duration::zero()) co_await clock.sleep_for(wait);
}

Task<BroadcastReport> TopicsService::broadcast(WantedBroadcast wanted) {
  BroadcastReport report = co_await node_.broadcast(wanted.topic, std::move(wanted.payload), wanted.options);
  if (wanted.options.reliable) co_await stays_.stay(std::move(wanted.topic), wanted.options.ttl);
  co_return report;
}

Task<BroadcastReport> TopicsService::broadcast_in_turn(WantedBroadcast wanted) {
  co_await take_turn(wanted.options.kind);
  co_return co_await broadcast(std::move(wanted));
}

Task<bool> TopicsService::begin_in_turn(WindowPtr window, WantedBroadcast wanted) {
  co_await take_turn(wanted.options.kind);
  co_return co_await BroadcastWindow::begin(std::move(window), std::move(wanted));
}

grpc::Status TopicsService::Broadcast(grpc::ServerContext* context, const v1::BroadcastRequest* request,
                                      v1::BroadcastReply* reply) {
  const auto report = calls_.in_loop<BroadcastReport>(
      *context, [&] { return broadcast_in_turn(wanted_by(*request)); },
      options_of(*request).patience + kBroadcastLimit);
  if (!report) return to_status(*context, report.error());
  describe_broadcast(*report, *reply);
  return grpc::Status::OK;
}

// Two threads for one stream: gRPC's own writes the reports, and another one reads the requests meanwhile.
// What a client may send ahead is bounded by gRPC's window. A failure is a reply: a status would have to wait
// until the client sends no more, which it would not know of.
grpc::Status TopicsService::BroadcastAll(grpc::ServerContext* context, BroadcastStream* stream) {
  const auto send = [this](WantedBroadcast wanted) { return broadcast(std::move(wanted)); };
  const auto window = std::make_shared<BroadcastWindow>(send, broadcasts_);
  std::thread reader([&] { read_requests(*context, *stream, window); });
  write_reports(*context, *stream, window);
  reader.join();
  return grpc::Status::OK;
}

void TopicsService::read_requests(grpc::ServerContext& context, BroadcastStream& stream,
                                  const WindowPtr& window) {
  v1::BroadcastRequest request;
  bool failed = false;
  while (stream.Read(&request)) {
    if (failed) continue;
    failed = !calls_
                  .in_loop<bool>(
                      context, [&] { return begin_in_turn(window, wanted_by(request)); }, kNoCallLimit)
                  .value_or(false);
  }
  loop_.post([window] { window->no_more(); });
}

void TopicsService::write_reports(grpc::ServerContext& context, BroadcastStream& stream,
                                  const WindowPtr& window) {
  while (true) {
    const auto report = calls_.in_loop<std::optional<BroadcastReport>>(
        context, [&window] { return window->next(); }, kNoCallLimit);
    if (report && !*report) return;
    v1::BroadcastReply reply;
    if (report) {
      describe_broadcast(**report, reply);
    } else {
      reply.set_error(std::string(describe(report.error().code).name));
      reply.set_message(report.error().message);
    }
    if (!stream.Write(reply) || !report) break;
  }
  loop_.post([window] { window->give_up(); });
}

Task<TopicsService::FeedPtr> TopicsService::begin_feed(const v1::SubscribeRequest* request) {
  TopicOptions options{.kind = kind_of(request->plain()), .reliable = request->reliable(), .validator = {}};
  auto feed = std::make_shared<TopicFeed>(node_, request->topic(), std::move(options));
  feeds_.insert(feed);
  co_return feed;
}

grpc::Status TopicsService::Subscribe(grpc::ServerContext* context, const v1::SubscribeRequest* request,
                                      grpc::ServerWriter<v1::SubscribeReply>* replies) {
  const auto feed = calls_.in_loop<FeedPtr>(*context, [&] { return begin_feed(request); }, kOwnLimit);
  if (!feed) return to_status(*context, feed.error());
  v1::SubscribeReply first;
  first.mutable_subscribed();
  const bool told = replies->Write(first);
  const grpc::Status status = told ? write_items(*context, **feed, *replies) : grpc::Status::CANCELLED;
  loop_.post([this, ended = *feed] {
    ended->end();
    feeds_.erase(ended);
  });
  return status;
}

// The feed is the queue: a reader that is slow blocks this thread only, and misses what the feed drops
// meanwhile.
grpc::Status TopicsService::write_items(grpc::ServerContext& context, TopicFeed& feed,
                                        grpc::ServerWriter<v1::SubscribeReply>& replies) {
  while (true) {
    const auto batch =
        calls_.in_loop<TopicFeed::Batch>(context, [&feed] { return feed.read(); }, kNoCallLimit);
    if (!batch) return to_status(context, batch.error());
    if (batch->dropped > 0) {
      v1::SubscribeReply gone;
      gone.set_dropped(batch->dropped);
      if (!replies.Write(gone)) return grpc::Status::CANCELLED;
    }
    for (const TopicFeed::Item& item : batch->items) {
      if (!replies.Write(describe_item(item))) return grpc::Status::CANCELLED;
    }
  }
}

grpc::Status TopicsService::ListTopics(grpc::ServerContext* context, const v1::ListTopicsRequest*,
                                       v1::TopicList* reply) {
  const auto listed = calls_.ask(*context, [&] {
    for (const TopicStatus& topic : node_.topics()) describe_topic(topic, *reply->add_topics());
  });
  return listed ? grpc::Status::OK : to_status(*context, listed.error());
}

}  // namespace warren::app
