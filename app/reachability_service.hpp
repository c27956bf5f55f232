// The server side of the control API's reachability part (app/proto/reachability.proto). gRPC calls each
// method on a thread of its own; all that touches the node happens in the loop.
#pragma once

#include "app/api_calls.hpp"
#include "app/proto/reachability.grpc.pb.h"
#include "warren/node/node.hpp"

namespace warren::app {

namespace v1 = control::v1;

class ReachabilityService final : public v1::Reachability::Service {
 public:
  // Both outlive this object, which lives and dies in the loop, between start() and stop() of the node.
  ReachabilityService(real::Loop& loop, Node& node) : node_(node), calls_(loop) {}

  // In the loop: ends all calls, and waits until none of their work is left there.
  Task<void> close() { return calls_.close(); }

  grpc::Status GetReachability(grpc::ServerContext* context, const v1::GetReachabilityRequest* request,
                               v1::ReachabilityReply* reply) override;
  grpc::Status ListOwnAddresses(grpc::ServerContext* context, const v1::ListOwnAddressesRequest* request,
                                v1::OwnAddresses* reply) override;
  grpc::Status Netcheck(grpc::ServerContext* context, const v1::NetcheckRequest* request,
                        v1::NetcheckReply* reply) override;
  grpc::Status ListRelays(grpc::ServerContext* context, const v1::ListRelaysRequest* request,
                          v1::Relays* reply) override;

 private:
  Node& node_;
  ApiCalls calls_;
};

}  // namespace warren::app
