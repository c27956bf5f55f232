// The server side of the control API's part about paths (app/proto/paths.proto). gRPC calls each method on a
// thread of its own; all that touches the node happens in the loop.
#pragma once

#include "app/api_calls.hpp"
#include "app/proto/paths.grpc.pb.h"
#include "warren/node/node.hpp"

namespace warren::app {

namespace v1 = control::v1;

class PathsService final : public v1::Paths::Service {
 public:
  // Both outlive this object, which lives and dies in the loop, between start() and stop() of the node.
  PathsService(real::Loop& loop, Node& node) : node_(node), calls_(loop) {}

  // In the loop: ends all calls, and waits until none of their work is left there.
  Task<void> close() { return calls_.close(); }

  grpc::Status Why(grpc::ServerContext* context, const v1::WhyRequest* request, v1::WhyReply* reply) override;
  grpc::Status SeekDirect(grpc::ServerContext* context, const v1::SeekDirectRequest* request,
                          v1::SeekDirectReply* reply) override;

 private:
  Node& node_;
  ApiCalls calls_;
};

}  // namespace warren::app
