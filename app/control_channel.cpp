#include "app/control_channel.hpp"

#include <grpcpp/create_channel.h>
#include <grpcpp/security/credentials.h>

#include "app/control_limits.hpp"
#include "app/grpc_error.hpp"
#include "app/grpc_library.hpp"

namespace warren::app {
namespace {

constexpr auto kChannelLimit = std::chrono::seconds(5);

// gRPC goes on trying to connect; one attempt is enough for a socket on this machine.
bool is_reachable(grpc::Channel& channel) {
  const auto deadline = std::chrono::system_clock::now() + kChannelLimit;
  grpc_connectivity_state state = channel.GetState(true);
  while (state != GRPC_CHANNEL_READY) {
    if (state == GRPC_CHANNEL_TRANSIENT_FAILURE || !channel.WaitForStateChange(state, deadline)) return false;
    state = channel.GetState(true);
  }
  return true;
}

}  // namespace

std::shared_ptr<grpc::Channel> find_control_channel(const DataDir& dir) {
  dir.require_initialized(ExitStatus::kNoDaemon);
  keep_grpc_up();
  grpc::ChannelArguments arguments;
  arguments.SetMaxReceiveMessageSize(kControlMessageMax);
  arguments.SetInt(GRPC_ARG_ENABLE_HTTP_PROXY, 0);
  auto channel =
      grpc::CreateCustomChannel(dir.control_address(), grpc::InsecureChannelCredentials(), arguments);
  return is_reachable(*channel) ? channel : nullptr;
}

std::shared_ptr<grpc::Channel> open_control_channel(const DataDir& dir) {
  auto channel = find_control_channel(dir);
  if (channel == nullptr) {
    throw Failure(ExitStatus::kNoDaemon,
                  "no daemon runs on " + dir.path().string() + "; start it with `" + dir.command("up") + "`");
  }
  return channel;
}

void set_limit(grpc::ClientContext& context, Duration limit) {
  context.set_deadline(std::chrono::system_clock::now() +
                       std::chrono::ceil<std::chrono::milliseconds>(limit));
}

void throw_unless_ok(const grpc::ClientContext& context, const grpc::Status& status) {
  if (!status.ok()) throw to_failure(context, status);
}

}  // namespace warren::app
