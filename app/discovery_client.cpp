#include "app/discovery_client.hpp"

#include "app/control_channel.hpp"
#include "app/proto/discovery.grpc.pb.h"

namespace warren::app {

using DiscoveryStub = v1::Discovery::Stub;

struct DiscoveryClient::State {
  std::unique_ptr<DiscoveryStub> stub;
};

DiscoveryClient::DiscoveryClient(const DataDir& dir)
    : DiscoveryClient(std::make_unique<State>(v1::Discovery::NewStub(open_control_channel(dir)))) {}

DiscoveryClient::DiscoveryClient(std::unique_ptr<State> state) : state_(std::move(state)) {}

std::unique_ptr<DiscoveryClient> DiscoveryClient::if_running(const DataDir& dir) {
  const auto channel = find_control_channel(dir);
  if (channel == nullptr) return nullptr;
  auto state = std::make_unique<State>(v1::Discovery::NewStub(channel));
  return std::unique_ptr<DiscoveryClient>(new DiscoveryClient(std::move(state)));
}

DiscoveryClient::~DiscoveryClient() = default;

void DiscoveryClient::find(const v1::FindRequest& request, Duration timeout,
                           const std::function<void(const v1::FindReply&)>& reply) {
  grpc::ClientContext context;
  set_limit(context, timeout);
  const auto replies = state_->stub->Find(&context, request);
  v1::FindReply next;
  while (replies->Read(&next)) reply(next);
  throw_unless_ok(context, replies->Finish());
}

v1::DhtStored DiscoveryClient::put(const v1::DhtPutRequest& request, Duration timeout) {
  return call(*state_->stub, &DiscoveryStub::DhtPut, request, timeout);
}

v1::DhtValue DiscoveryClient::get(const v1::DhtGetRequest& request, Duration timeout) {
  return call(*state_->stub, &DiscoveryStub::DhtGet, request, timeout);
}

v1::DhtStored DiscoveryClient::provide(const v1::DhtProvideRequest& request, Duration timeout) {
  return call(*state_->stub, &DiscoveryStub::DhtProvide, request, timeout);
}

v1::DhtProvidersReply DiscoveryClient::providers(const v1::DhtProvidersRequest& request, Duration timeout) {
  return call(*state_->stub, &DiscoveryStub::DhtProviders, request, timeout);
}

v1::DhtStatsReply DiscoveryClient::stats(const v1::DhtStatsRequest& request) {
  return call(*state_->stub, &DiscoveryStub::DhtStats, request, kAnswerLimit);
}

v1::BootstrapPeers DiscoveryClient::bootstrap() {
  return call(*state_->stub, &DiscoveryStub::ListBootstrap, v1::ListBootstrapRequest(), kAnswerLimit);
}

v1::ChangeBootstrapReply DiscoveryClient::change_bootstrap(const v1::ChangeBootstrapRequest& request) {
  return call(*state_->stub, &DiscoveryStub::ChangeBootstrap, request, kAnswerLimit);
}

}  // namespace warren::app
