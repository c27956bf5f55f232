#include "app/topics_service.hpp"

#include <thread>

#include "app/control_values.hpp"
#include "app/grpc_error.hpp"
#include "app/topics_values.hpp"
#include "warren/async/as_result.hpp"
#include "warren/base/log.hpp"

namespace warren::app {
namespace {

// Above what the caller waits for: a signature, and its turn in the loop.
constexpr Duration kBroadcastLimit = 10s;

// When the daemon stops: for readers to take what is there, and to take the news that it was too much.
constexpr Duration kLastReads = 2s;
constexpr Duration kLastWords = 200ms;

WantedBroadcast wanted_by(const v1::BroadcastRequest& request) {
  return {request.topic(), bytes_of(request.payload()), options_of(request)};
}

}  // namespace

TopicsService::TopicsService(real::Loop& loop, Node& node)
    : loop_(loop), node_(node), calls_(loop), broadcasts_(loop.env().executor, "control.broadcasts") {}

Task<void> TopicsService::close() {
  Clock& clock = loop_.env().clock;
  for (const FeedPtr& feed : feeds_) feed->end();
  co_await as_result(with_timeout(clock, kLastReads, until_all_is_read()));
  for (const FeedPtr& feed : feeds_) feed->give_up();
  co_await as_result(with_timeout(clock, kLastWords, until_all_is_read()));
  co_await calls_.close();
  co_await broadcasts_.close();
}

Task<void> TopicsService::until_all_is_read() {
  while (!feeds_.empty()) co_await feed_ended_.wait();
}

Task<BroadcastReport> TopicsService::broadcast(WantedBroadcast wanted) {
  co_return co_await node_.broadcast(std::move(wanted.topic), std::move(wanted.payload), wanted.options);
}

grpc::Status TopicsService::Broadcast(grpc::ServerContext* context, const v1::BroadcastRequest* request,
                                      v1::BroadcastReply* reply) {
  const auto report = calls_.in_loop<BroadcastReport>(
      *context, [&] { return broadcast(wanted_by(*request)); },
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
    failed =
        !calls_
             .in_loop<bool>(
                 context, [&] { return BroadcastWindow::begin(window, wanted_by(request)); }, kNoCallLimit)
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
  loop_.post([this, ended = *feed, topic = request->topic()] { end_feed(ended, topic); });
  return status;
}

void TopicsService::end_feed(const FeedPtr& feed, const std::string& topic) {
  feed->end();
  if (feed->waiting() > 0) {
    log::warning("control", "a reader of " + topic + " left without " + std::to_string(feed->waiting()) +
                                " of what had come for it");
  }
  feeds_.erase(feed);
  feed_ended_.notify_all();
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
    if (batch->is_last) return to_status(context, CallError{Errc::kCanceled, "the daemon stops"});
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
