// The control API's server side (app/proto/control.proto). gRPC calls each method on a thread of its own; all
// that touches the node happens in the loop.
#pragma once

#include <filesystem>
#include <map>
#include <memory>
#include <mutex>
#include <string>

#include "app/api_calls.hpp"
#include "app/event_feed.hpp"
#include "app/inbox_feed.hpp"
#include "app/metrics_source.hpp"
#include "app/proto/control.grpc.pb.h"
#include "app/served_name.hpp"

namespace warren::app {

namespace v1 = control::v1;

class ControlService final : public v1::Control::Service {
 public:
  // All outlive this object, which lives and dies in the loop. Changes of the access list go to the file; the
  // time limit is that of requests which name none.
  ControlService(real::Loop& loop, Node& node, const MetricsSource& metrics,
                 std::filesystem::path access_file, Duration request_timeout);

  // In the loop: ends all calls, and waits until none of their work is left there.
  Task<void> close();

  grpc::Status GetIdentity(grpc::ServerContext* context, const v1::GetIdentityRequest* request,
                           v1::Identity* reply) override;
  grpc::Status GetStatus(grpc::ServerContext* context, const v1::GetStatusRequest* request,
                         v1::Status* reply) override;
  grpc::Status ListAddresses(grpc::ServerContext* context, const v1::ListAddressesRequest* request,
                             v1::Addresses* reply) override;
  grpc::Status ListPeers(grpc::ServerContext* context, const v1::ListPeersRequest* request,
                         v1::Peers* reply) override;
  grpc::Status Send(grpc::ServerContext* context, const v1::SendRequest* request,
                    v1::SendReply* reply) override;
  grpc::Status Inbox(grpc::ServerContext* context, const v1::InboxRequest* request,
                     grpc::ServerWriter<v1::InboxMessage>* messages) override;
  grpc::Status Acknowledge(grpc::ServerContext* context, const v1::AcknowledgeRequest* request,
                           v1::AcknowledgeReply* reply) override;
  grpc::Status Request(grpc::ServerContext* context, const v1::ServiceRequest* request,
                       v1::ServiceReply* reply) override;
  grpc::Status Serve(grpc::ServerContext* context,
                     grpc::ServerReaderWriter<v1::ServeOutput, v1::ServeInput>* stream) override;

  // Those that reach other nodes: reach_calls.cpp, bench_call.cpp.
  grpc::Status Connect(grpc::ServerContext* context, const v1::ConnectRequest* request,
                       v1::Peer* reply) override;
  grpc::Status Dial(grpc::ServerContext* context, const v1::ConnectRequest* request,
                    grpc::ServerWriter<v1::DialReply>* replies) override;
  grpc::Status Ping(grpc::ServerContext* context, const v1::PingRequest* request,
                    grpc::ServerWriter<v1::PingReply>* replies) override;
  grpc::Status Bench(grpc::ServerContext* context, const v1::BenchRequest* request,
                     grpc::ServerWriter<v1::BenchReply>* replies) override;

  // Those for the node's operator: operator_calls.cpp.
  grpc::Status Events(grpc::ServerContext* context, const v1::EventsRequest* request,
                      grpc::ServerWriter<v1::Event>* events) override;
  grpc::Status ListLimits(grpc::ServerContext* context, const v1::ListLimitsRequest* request,
                          v1::Limits* reply) override;
  grpc::Status GetMetrics(grpc::ServerContext* context, const v1::GetMetricsRequest* request,
                          v1::Metrics* reply) override;
  grpc::Status SetAccess(grpc::ServerContext* context, const v1::SetAccessRequest* request,
                         v1::SetAccessReply* reply) override;
  grpc::Status ListAccess(grpc::ServerContext* context, const v1::ListAccessRequest* request,
                          v1::AccessList* reply) override;

 private:
  using ServeStream = grpc::ServerReaderWriter<v1::ServeOutput, v1::ServeInput>;
  using ServedNamePtr = std::shared_ptr<ServedName>;

  // In the loop. Null when another client serves this name.
  Task<ServedNamePtr> begin_serving(std::string name);
  void end_serving(const std::string& name, ServedName& served);
  void read_answers(ServeStream& stream, const ServedNamePtr& served);
  grpc::Status write_calls(grpc::ServerContext& context, ServeStream& stream, const ServedNamePtr& served);

  real::Loop& loop_;
  Node& node_;
  const MetricsSource& metrics_;
  Instant started_at_;
  ApiCalls calls_;
  InboxFeed inbox_;
  EventFeed events_;
  std::map<std::string, ServedNamePtr> served_;  // in the loop
  std::filesystem::path access_file_;
  std::mutex changing_access_;  // the file is written in the order of the changes
  Duration request_timeout_;
};

}  // namespace warren::app
