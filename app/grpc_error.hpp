// A failed call on its way over the control socket: a gRPC status, the reason as one word in the trailing
// metadata, and back.
#pragma once

#include <grpcpp/client_context.h>
#include <grpcpp/server_context.h>

#include "app/errors.hpp"
#include "app/loop_calls.hpp"

namespace warren::app {

grpc::Status to_status(grpc::ServerContext& context, const CallError& error);

// The reason as one word and its sentence, as the command's end.
Failure to_failure(std::string_view name, const std::string& message);

// What the daemon said, as the command's end. `status` is not OK.
Failure to_failure(const grpc::ClientContext& context, const grpc::Status& status);

}  // namespace warren::app
