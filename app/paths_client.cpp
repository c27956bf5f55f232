#include "app/paths_client.hpp"

#include <future>

#include "app/control_channel.hpp"
#include "app/proto/paths.grpc.pb.h"

namespace warren::app {
namespace {

using PathsStub = v1::Paths::Stub;

class GrpcSeeking final : public Seeking {
 public:
  GrpcSeeking(PathsStub& stub, const std::string& target) {
    request_.set_target(target);
    const auto promise = std::make_shared<std::promise<void>>();
    ended_ = promise->get_future();
    stub.async()->SeekDirect(&context_, &request_, &reply_,
                             [promise](const grpc::Status&) { promise->set_value(); });
  }

  ~GrpcSeeking() override {
    context_.TryCancel();
    ended_.wait();  // gRPC's thread refers to what is here
  }

  bool has_ended_within(Duration time) override { return ended_.wait_for(time) == std::future_status::ready; }

 private:
  grpc::ClientContext context_;
  v1::SeekDirectRequest request_;
  v1::SeekDirectReply reply_;
  std::future<void> ended_;
};

}  // namespace

struct PathsClient::State {
  std::unique_ptr<PathsStub> stub;
};

PathsClient::PathsClient(const DataDir& dir)
    : state_(std::make_unique<State>(v1::Paths::NewStub(open_control_channel(dir)))) {}

PathsClient::~PathsClient() = default;

v1::WhyReply PathsClient::why(const std::string& target) {
  v1::WhyRequest request;
  request.set_target(target);
  return call(*state_->stub, &PathsStub::Why, request, kAnswerLimit);
}

std::unique_ptr<Seeking> PathsClient::seek_direct(const std::string& target) {
  return std::make_unique<GrpcSeeking>(*state_->stub, target);
}

}  // namespace warren::app
