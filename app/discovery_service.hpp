// The server side of the control API's discovery part (app/proto/discovery.proto). gRPC calls each method on
// a thread of its own; all that touches the node happens in the loop.
#pragma once

#include <mutex>
#include <string>

#include "app/api_calls.hpp"
#include "app/bootstrap_list.hpp"
#include "app/proto/discovery.grpc.pb.h"
#include "warren/node/node.hpp"

namespace warren::app {

namespace v1 = control::v1;

class DiscoveryService final : public v1::Discovery::Service {
 public:
  // Both outlive this object, which lives and dies in the loop, between start() and stop() of the node.
  DiscoveryService(real::Loop& loop, Node& node, BootstrapList bootstrap)
      : loop_(loop), node_(node), calls_(loop), bootstrap_(std::move(bootstrap)) {}

  // In the loop: ends all calls, and waits until none of their work is left there.
  Task<void> close() { return calls_.close(); }

  // find_calls.cpp
  grpc::Status Find(grpc::ServerContext* context, const v1::FindRequest* request,
                    grpc::ServerWriter<v1::FindReply>* replies) override;

  // dht_calls.cpp
  grpc::Status DhtPut(grpc::ServerContext* context, const v1::DhtPutRequest* request,
                      v1::DhtStored* reply) override;
  grpc::Status DhtGet(grpc::ServerContext* context, const v1::DhtGetRequest* request,
                      v1::DhtValue* reply) override;
  grpc::Status DhtProvide(grpc::ServerContext* context, const v1::DhtProvideRequest* request,
                          v1::DhtStored* reply) override;
  grpc::Status DhtProviders(grpc::ServerContext* context, const v1::DhtProvidersRequest* request,
                            v1::DhtProvidersReply* reply) override;
  grpc::Status DhtStats(grpc::ServerContext* context, const v1::DhtStatsRequest* request,
                        v1::DhtStatsReply* reply) override;

  // bootstrap_calls.cpp
  grpc::Status ListBootstrap(grpc::ServerContext* context, const v1::ListBootstrapRequest* request,
                             v1::BootstrapPeers* reply) override;
  grpc::Status ChangeBootstrap(grpc::ServerContext* context, const v1::ChangeBootstrapRequest* request,
                               v1::ChangeBootstrapReply* reply) override;

 private:
  // Never null. The error's sentence says how to join it.
  CallResult<kad::Kad*> dht(grpc::ServerContext& context, const std::string& name);

  real::Loop& loop_;
  Node& node_;
  ApiCalls calls_;
  std::mutex changing_bootstrap_;  // the file is written in the order of the changes
  BootstrapList bootstrap_;
};

}  // namespace warren::app
