#include "app/topics_client.hpp"

#include "app/grpc_error.hpp"
#include "app/grpc_stream.hpp"
#include "app/proto/topics.grpc.pb.h"

namespace warren::app {
namespace {

using Stub = v1::Topics::Stub;

class GrpcBroadcastStream final
    : public GrpcStream<BroadcastStream, grpc::ClientReaderWriter<v1::BroadcastRequest, v1::BroadcastReply>> {
 public:
  explicit GrpcBroadcastStream(Stub& stub) { calls_ = stub.BroadcastAll(&context_); }

  bool write(const v1::BroadcastRequest& request) override { return calls_->Write(request); }
  void no_more() override { calls_->WritesDone(); }
  bool read(v1::BroadcastReply& reply) override {
    if (failure_ || !calls_->Read(&reply)) return false;
    if (reply.error().empty()) return true;
    failure_ = to_failure(reply.error(), reply.message());
    return false;
  }
  void finish() override {
    if (failure_) throw Failure(*failure_);
    GrpcStream::finish();
  }

 private:
  std::optional<Failure> failure_;
};

class GrpcTopicStream final : public GrpcStream<TopicStream, grpc::ClientReader<v1::SubscribeReply>> {
 public:
  GrpcTopicStream(Stub& stub, const v1::SubscribeRequest& request) {
    calls_ = stub.Subscribe(&context_, request);
  }

  bool read(v1::SubscribeReply& reply) override { return calls_->Read(&reply); }
};

}  // namespace

struct TopicsClient::State {
  std::unique_ptr<Stub> stub;
};

TopicsClient::TopicsClient(const DataDir& dir)
    : state_(std::make_unique<State>(v1::Topics::NewStub(open_control_channel(dir)))) {}

TopicsClient::~TopicsClient() = default;

v1::BroadcastReply TopicsClient::broadcast(const v1::BroadcastRequest& request) {
  return call(*state_->stub, &Stub::Broadcast, request,
              kAnswerLimit + std::chrono::milliseconds(request.patience_ms()));
}

std::unique_ptr<BroadcastStream> TopicsClient::broadcast_all() {
  return std::make_unique<GrpcBroadcastStream>(*state_->stub);
}

std::unique_ptr<TopicStream> TopicsClient::subscribe(const v1::SubscribeRequest& request) {
  return std::make_unique<GrpcTopicStream>(*state_->stub, request);
}

v1::TopicList TopicsClient::topics() {
  return call(*state_->stub, &Stub::ListTopics, v1::ListTopicsRequest(), kAnswerLimit);
}

}  // namespace warren::app
