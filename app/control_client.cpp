#include "app/control_client.hpp"

#include "app/control_channel.hpp"
#include "app/grpc_error.hpp"
#include "app/grpc_stream.hpp"
#include "app/interruption.hpp"
#include "app/proto/control.grpc.pb.h"

namespace warren::app {
namespace {

class GrpcServeStream final
    : public GrpcStream<ServeStream, grpc::ClientReaderWriter<v1::ServeInput, v1::ServeOutput>> {
 public:
  explicit GrpcServeStream(v1::Control::Stub& stub) { calls_ = stub.Serve(&context_); }

  bool read(v1::ServeOutput& output) override { return calls_->Read(&output); }
  void write(const v1::ServeInput& input) override { calls_->Write(input); }
};

class GrpcBenchStream final : public GrpcStream<BenchStream, grpc::ClientReader<v1::BenchReply>> {
 public:
  GrpcBenchStream(v1::Control::Stub& stub, const v1::BenchRequest& request) {
    calls_ = stub.Bench(&context_, request);
  }

  bool read(v1::BenchReply& reply) override { return calls_->Read(&reply); }
};

struct Canceling {
  grpc::ClientContext& context;
  void cancel() { context.TryCancel(); }
};

// Calls `each` until the replies end, or a signal ends them. Throws Failure when they end otherwise.
template <class Reply>
void read_all(grpc::ClientContext& context, grpc::ClientReader<Reply>& replies, const StopFlag& stop,
              const std::function<void(const Reply&)>& each) {
  Canceling canceling{context};
  Interruption interruption(stop, canceling);
  Reply next;
  while (replies.Read(&next)) each(next);
  const bool interrupted = interruption.end();
  const grpc::Status status = replies.Finish();
  if (!interrupted) throw_unless_ok(context, status);
}

}  // namespace

struct ControlClient::State {
  std::unique_ptr<v1::Control::Stub> stub;
};

ControlClient::ControlClient(const DataDir& dir)
    : ControlClient(std::make_unique<State>(v1::Control::NewStub(open_control_channel(dir)))) {}

ControlClient::ControlClient(std::unique_ptr<State> state) : state_(std::move(state)) {}

std::unique_ptr<ControlClient> ControlClient::if_running(const DataDir& dir) {
  const auto channel = find_control_channel(dir);
  if (channel == nullptr) return nullptr;
  auto state = std::make_unique<State>(v1::Control::NewStub(channel));
  return std::unique_ptr<ControlClient>(new ControlClient(std::move(state)));
}

ControlClient::~ControlClient() = default;

v1::Status ControlClient::status() {
  return call(*state_->stub, &v1::Control::Stub::GetStatus, v1::GetStatusRequest(), kAnswerLimit);
}

v1::Addresses ControlClient::addresses() {
  return call(*state_->stub, &v1::Control::Stub::ListAddresses, v1::ListAddressesRequest(), kAnswerLimit);
}

v1::Peers ControlClient::peers() {
  return call(*state_->stub, &v1::Control::Stub::ListPeers, v1::ListPeersRequest(), kAnswerLimit);
}

v1::Peer ControlClient::connect(const v1::ConnectRequest& request, Duration timeout) {
  return call(*state_->stub, &v1::Control::Stub::Connect, request, timeout);
}

DialResult ControlClient::dial(const v1::ConnectRequest& request, Duration timeout) {
  grpc::ClientContext context;
  set_limit(context, timeout);
  const auto replies = state_->stub->Dial(&context, request);
  DialResult result;
  v1::DialReply next;
  while (replies->Read(&next)) {
    if (next.has_attempt()) result.attempts.push_back(next.attempt());
    if (next.has_peer()) result.peer = next.peer();
  }
  const grpc::Status status = replies->Finish();
  if (!status.ok()) result.failure = to_failure(context, status);
  return result;
}

std::unique_ptr<BenchStream> ControlClient::bench(const v1::BenchRequest& request) {
  return std::make_unique<GrpcBenchStream>(*state_->stub, request);
}

void ControlClient::ping(const v1::PingRequest& request, const StopFlag& stop,
                         const std::function<void(const v1::PingReply&)>& reply) {
  grpc::ClientContext context;
  const auto replies = state_->stub->Ping(&context, request);
  read_all(context, *replies, stop, reply);
}

PingResult ControlClient::ping_once(const v1::PingRequest& request, Duration timeout) {
  grpc::ClientContext context;
  set_limit(context, timeout);
  const auto replies = state_->stub->Ping(&context, request);
  PingResult result;
  v1::PingReply next;
  while (replies->Read(&next)) result.reply = next;
  const grpc::Status status = replies->Finish();
  if (!status.ok()) result.failure = to_failure(context, status);
  return result;
}

void ControlClient::send(const v1::SendRequest& request, Duration timeout) {
  call(*state_->stub, &v1::Control::Stub::Send, request, timeout);
}

void ControlClient::inbox(const v1::InboxRequest& request, const StopFlag& stop,
                          const std::function<void(const v1::InboxMessage&)>& message) {
  grpc::ClientContext context;
  const auto messages = state_->stub->Inbox(&context, request);
  read_all(context, *messages, stop, message);
}

void ControlClient::acknowledge(std::uint64_t through) {
  v1::AcknowledgeRequest request;
  request.set_through(through);
  call(*state_->stub, &v1::Control::Stub::Acknowledge, request, kAnswerLimit);
}

std::string ControlClient::request(const v1::ServiceRequest& request, Duration timeout) {
  v1::ServiceReply reply = call(*state_->stub, &v1::Control::Stub::Request, request, timeout);
  return std::move(*reply.mutable_payload());
}

void ControlClient::events(bool follow, const StopFlag& stop,
                           const std::function<void(const v1::Event&)>& event) {
  grpc::ClientContext context;
  v1::EventsRequest request;
  request.set_follow(follow);
  const auto events = state_->stub->Events(&context, request);
  read_all(context, *events, stop, event);
}

v1::Limits ControlClient::limits() {
  return call(*state_->stub, &v1::Control::Stub::ListLimits, v1::ListLimitsRequest(), kAnswerLimit);
}

std::string ControlClient::metrics() {
  v1::Metrics metrics =
      call(*state_->stub, &v1::Control::Stub::GetMetrics, v1::GetMetricsRequest(), kAnswerLimit);
  return std::move(*metrics.mutable_text());
}

v1::SetAccessReply ControlClient::set_access(const v1::SetAccessRequest& request) {
  return call(*state_->stub, &v1::Control::Stub::SetAccess, request, kAnswerLimit);
}

v1::AccessList ControlClient::access() {
  return call(*state_->stub, &v1::Control::Stub::ListAccess, v1::ListAccessRequest(), kAnswerLimit);
}

std::unique_ptr<ServeStream> ControlClient::serve(const std::string& service) {
  auto stream = std::make_unique<GrpcServeStream>(*state_->stub);
  v1::ServeInput start;
  start.mutable_start()->set_service(service);
  stream->write(start);
  v1::ServeOutput output;
  if (!stream->read(output)) stream->finish();
  if (!output.has_started())
    throw Failure(ExitStatus::kFailed, "the daemon is of another version; restart it");
  return stream;
}

}  // namespace warren::app
