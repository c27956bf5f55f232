#include "app/reachability_client.hpp"

#include "app/control_channel.hpp"
#include "app/proto/reachability.grpc.pb.h"

namespace warren::app {
namespace {

using ReachabilityStub = v1::Reachability::Stub;

// The daemon itself gives up before.
constexpr Duration kNetcheckAnswerLimit = 35s;

}  // namespace

struct ReachabilityClient::State {
  std::unique_ptr<ReachabilityStub> stub;
};

ReachabilityClient::ReachabilityClient(const DataDir& dir)
    : state_(std::make_unique<State>(v1::Reachability::NewStub(open_control_channel(dir)))) {}

ReachabilityClient::~ReachabilityClient() = default;

v1::ReachabilityReply ReachabilityClient::status() {
  return call(*state_->stub, &ReachabilityStub::GetReachability, v1::GetReachabilityRequest(), kAnswerLimit);
}

v1::OwnAddresses ReachabilityClient::addresses() {
  return call(*state_->stub, &ReachabilityStub::ListOwnAddresses, v1::ListOwnAddressesRequest(),
              kAnswerLimit);
}

v1::NetcheckReply ReachabilityClient::netcheck(bool afresh) {
  v1::NetcheckRequest request;
  request.set_afresh(afresh);
  return call(*state_->stub, &ReachabilityStub::Netcheck, request, kNetcheckAnswerLimit);
}

v1::Relays ReachabilityClient::relays() {
  return call(*state_->stub, &ReachabilityStub::ListRelays, v1::ListRelaysRequest(), kAnswerLimit);
}

}  // namespace warren::app
