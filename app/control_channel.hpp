// The commands' connection to the control socket, and single calls over it. For the clients of the control
// API alone (control_client, discovery_client): it brings gRPC's headers.
#pragma once

#include <grpcpp/channel.h>
#include <grpcpp/client_context.h>

#include <memory>

#include "app/data_dir.hpp"
#include "warren/base/time.hpp"

namespace warren::app {

// For what the daemon knows itself.
inline constexpr Duration kAnswerLimit = 15s;

// Throws Failure (kNoDaemon) when nobody answers, and says what to do.
std::shared_ptr<grpc::Channel> open_control_channel(const DataDir& dir);

// The same; null when nobody answers. What else is wrong is thrown.
std::shared_ptr<grpc::Channel> find_control_channel(const DataDir& dir);

void set_limit(grpc::ClientContext& context, Duration limit);

// Throws the Failure that fits (grpc_error.hpp).
void throw_unless_ok(const grpc::ClientContext& context, const grpc::Status& status);

// One request and its reply. Throws Failure.
template <class Stub, class Request, class Reply>
Reply call(Stub& stub, grpc::Status (Stub::*method)(grpc::ClientContext*, const Request&, Reply*),
           const Request& request, Duration limit) {
  grpc::ClientContext context;
  set_limit(context, limit);
  Reply reply;
  throw_unless_ok(context, (stub.*method)(&context, request, &reply));
  return reply;
}

}  // namespace warren::app
