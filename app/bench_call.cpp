// The part of the control API that measures peers.
#include <future>
#include <mutex>

#include "app/control_service.hpp"
#include "app/control_values.hpp"
#include "app/grpc_error.hpp"
#include "app/transport_name.hpp"

namespace warren::app {
namespace {

constexpr auto kProgressInterval = std::chrono::milliseconds(200);

perf::Bounds bounds_of(const v1::BenchRequest::Bounds& from) {
  perf::Bounds bounds;
  if (from.bytes() > 0 || from.time_ms() == 0) bounds.bytes = from.bytes();
  if (from.time_ms() > 0) bounds.time = std::chrono::milliseconds(from.time_ms());
  return bounds;
}

perf::MeasurePlan plan_of(const v1::BenchRequest& request) {
  perf::MeasurePlan plan{.streams = request.streams()};
  if (request.has_download()) plan.download = bounds_of(request.download());
  if (request.has_upload()) plan.upload = bounds_of(request.upload());
  return plan;
}

void describe_transfer(const perf::Transfer& transfer, v1::BenchReply::Transfer& to) {
  to.set_bytes(transfer.bytes);
  to.set_seconds(std::chrono::duration<double>(transfer.time).count());
  to.set_bits_per_second(transfer.bits_per_second());
}

v1::BenchReply describe_report(const BenchReport& report) {
  v1::BenchReply reply;
  reply.set_peer_id(report.peer_id.to_string());
  reply.set_path(report.path.to_string());
  reply.set_transport(std::string(transport_name(report.path)));
  reply.set_relayed(is_circuit(report.path));
  reply.set_relay(relay_of(report.path));
  reply.set_rtt_ms(to_ms(report.measured.round_trip_time));
  if (report.measured.download) describe_transfer(*report.measured.download, *reply.mutable_download());
  if (report.measured.upload) describe_transfer(*report.measured.upload, *reply.mutable_upload());
  return reply;
}

CallError explained(CallError error, const Node& node) {
  if (error.code == Errc::kProtocolNotSupported) {
    error.message =
        "the peer does not serve /perf/1.0.0 to this node: set perf = \"anyone\" in its warren.toml, or "
        "`warren allow " +
        node.peer_id().to_string() + "` over there";
  }
  return error;
}

// What the loop measures and a thread of gRPC tells.
class Latest {
 public:
  void set(const BenchReport& report) {
    const std::lock_guard lock(mutex_);
    report_ = report;
  }
  std::optional<BenchReport> get() const {
    const std::lock_guard lock(mutex_);
    return report_;
  }

 private:
  mutable std::mutex mutex_;
  std::optional<BenchReport> report_;
};

}  // namespace

// Another thread waits for the end, while gRPC's own tells the progress.
grpc::Status ControlService::Bench(grpc::ServerContext* context, const v1::BenchRequest* request,
                                   grpc::ServerWriter<v1::BenchReply>* replies) {
  const auto target = parse_target(request->target());
  if (!target) return to_status(*context, target.error());
  Latest latest;
  const std::function<Task<BenchReport>()> work = [&] {
    return node_.bench(*target, plan_of(*request), [&](const BenchReport& report) { latest.set(report); });
  };
  auto ended = std::async(std::launch::async,
                          [&] { return calls_.in_loop<BenchReport>(*context, work, kNoCallLimit); });
  while (ended.wait_for(kProgressInterval) != std::future_status::ready) {
    // A client that is gone ends the work, too.
    if (const auto report = latest.get()) replies->Write(describe_report(*report));
  }
  const CallResult<BenchReport> report = ended.get();
  if (!report) return to_status(*context, explained(report.error(), node_));
  v1::BenchReply last = describe_report(*report);
  last.set_done(true);
  return replies->Write(last) ? grpc::Status::OK : grpc::Status::CANCELLED;
}

}  // namespace warren::app
