#include "app/control_server.hpp"

#include <grpcpp/resource_quota.h>
#include <grpcpp/security/server_credentials.h>
#include <grpcpp/server.h>
#include <grpcpp/server_builder.h>
#include <sys/stat.h>

#include "app/control_limits.hpp"
#include "app/control_service.hpp"
#include "app/discovery_service.hpp"
#include "app/exit_status.hpp"
#include "app/grpc_library.hpp"
#include "app/paths_service.hpp"
#include "app/reachability_service.hpp"
#include "app/topics_service.hpp"

namespace warren::app {
namespace {

// Each call holds a thread while it lasts; more are refused with RESOURCE_EXHAUSTED.
constexpr int kThreadsMax = 128;

void shut_down(grpc::Server& server) {
  server.Shutdown(std::chrono::system_clock::now() + std::chrono::seconds(1));
  server.Wait();
}

}  // namespace

struct ControlServer::State {
  real::Loop& loop;
  ControlService control;
  DiscoveryService discovery;
  ReachabilityService reachability;
  PathsService paths;
  TopicsService topics;
  std::unique_ptr<grpc::Server> server = {};
};

ControlServer::ControlServer(real::Loop& loop, Node& node, const MetricsSource& metrics,
                             ControlOptions options)
    : state_(new State{.loop = loop,
                       .control{loop, node, metrics, std::move(options.access_file), options.request_timeout},
                       .discovery{loop, node, std::move(options.bootstrap)},
                       .reachability{loop, node},
                       .paths{loop, node},
                       .topics{loop, node}}) {
  keep_grpc_up();
}

ControlServer::~ControlServer() = default;

void ControlServer::start(const std::string& address) {
  grpc::ServerBuilder builder;
  int listening = 0;
  grpc::ResourceQuota quota("control");
  quota.SetMaxThreads(kThreadsMax);
  builder.SetResourceQuota(quota);
  builder.SetMaxReceiveMessageSize(kControlMessageMax);
  builder.AddListeningPort(address, grpc::InsecureServerCredentials(), &listening);
  builder.RegisterService(&state_->control);
  builder.RegisterService(&state_->discovery);
  builder.RegisterService(&state_->reachability);
  builder.RegisterService(&state_->paths);
  builder.RegisterService(&state_->topics);
  const mode_t mask = umask(0177);  // the socket is born with mode 0600
  state_->server = builder.BuildAndStart();
  umask(mask);
  if (state_->server == nullptr || listening == 0) {
    throw Failure(ExitStatus::kFailed,
                  "the control socket " + address + " cannot be made; check who owns the data directory");
  }
}

Task<void> ControlServer::close() {
  co_await state_->control.close();
  co_await state_->discovery.close();
  co_await state_->reachability.close();
  co_await state_->paths.close();
  co_await state_->topics.close();
  if (state_->server == nullptr) co_return;
  // Its threads may still post into the loop, which goes on meanwhile.
  grpc::Server* server = state_->server.get();
  const auto wait = [server] { shut_down(*server); };
  co_await state_->loop.env().offload.run(wait);
  state_->server.reset();
}

}  // namespace warren::app
