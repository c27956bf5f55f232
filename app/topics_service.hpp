// The server side of the control API's part about topics (app/proto/topics.proto). gRPC calls each method on
// a thread of its own; all that touches the node happens in the loop.
#pragma once

#include <memory>
#include <set>

#include "app/api_calls.hpp"
#include "app/broadcast_window.hpp"
#include "app/proto/topics.grpc.pb.h"
#include "app/topic_feed.hpp"

namespace warren::app {

namespace v1 = control::v1;

class TopicsService final : public v1::Topics::Service {
 public:
  // Both outlive this object, which lives and dies in the loop, between start() and stop() of the node.
  TopicsService(real::Loop& loop, Node& node);

  // In the loop: ends all calls and subscriptions, and waits until none of their work is left there. Readers
  // have a moment to take what has come for them, and are told how much they did not take.
  Task<void> close();

  grpc::Status Broadcast(grpc::ServerContext* context, const v1::BroadcastRequest* request,
                         v1::BroadcastReply* reply) override;
  grpc::Status BroadcastAll(
      grpc::ServerContext* context,
      grpc::ServerReaderWriter<v1::BroadcastReply, v1::BroadcastRequest>* stream) override;
  grpc::Status Subscribe(grpc::ServerContext* context, const v1::SubscribeRequest* request,
                         grpc::ServerWriter<v1::SubscribeReply>* replies) override;
  grpc::Status ListTopics(grpc::ServerContext* context, const v1::ListTopicsRequest* request,
                          v1::TopicList* reply) override;

 private:
  using FeedPtr = std::shared_ptr<TopicFeed>;
  using WindowPtr = std::shared_ptr<BroadcastWindow>;
  using BroadcastStream = grpc::ServerReaderWriter<v1::BroadcastReply, v1::BroadcastRequest>;

  // In the loop.
  Task<BroadcastReport> broadcast(WantedBroadcast wanted);

  void read_requests(grpc::ServerContext& context, BroadcastStream& stream, const WindowPtr& window);
  void write_reports(grpc::ServerContext& context, BroadcastStream& stream, const WindowPtr& window);

  Task<FeedPtr> begin_feed(const v1::SubscribeRequest* request);
  void end_feed(const FeedPtr& feed, const std::string& topic);
  Task<void> until_all_is_read();
  grpc::Status write_items(grpc::ServerContext& context, TopicFeed& feed,
                           grpc::ServerWriter<v1::SubscribeReply>& replies);

  real::Loop& loop_;
  Node& node_;
  ApiCalls calls_;
  // In the loop.
  TaskGroup broadcasts_;
  std::set<FeedPtr> feeds_;
  Event feed_ended_;
};

}  // namespace warren::app
