#include "app/grpc_error.hpp"

#include "app/text.hpp"

namespace warren::app {
namespace {

constexpr const char* kErrorKey = "warren-errc";

grpc::StatusCode status_code(const ErrorDescription& error) {
  switch (error.code) {
    case Errc::kTimedOut: return grpc::StatusCode::DEADLINE_EXCEEDED;
    case Errc::kCanceled: return grpc::StatusCode::CANCELLED;
    case Errc::kExists: return grpc::StatusCode::ALREADY_EXISTS;
    case Errc::kNotFound:
    case Errc::kNoSuchService: return grpc::StatusCode::NOT_FOUND;
    case Errc::kLimitReached:
    case Errc::kRateLimited:
    case Errc::kInboxFull: return grpc::StatusCode::RESOURCE_EXHAUSTED;
    default: break;
  }
  switch (error.exit_status) {
    case ExitStatus::kUsage: return grpc::StatusCode::INVALID_ARGUMENT;
    case ExitStatus::kRefused: return grpc::StatusCode::PERMISSION_DENIED;
    // Not UNAVAILABLE: that means that the daemon itself is not there.
    case ExitStatus::kUnreachable: return grpc::StatusCode::ABORTED;
    default: return grpc::StatusCode::UNKNOWN;
  }
}

}  // namespace

grpc::Status to_status(grpc::ServerContext& context, const CallError& error) {
  const ErrorDescription& description = describe(error.code);
  context.AddTrailingMetadata(kErrorKey, std::string(description.name));
  return {status_code(description), error.message};
}

Failure to_failure(std::string_view name, const std::string& message) {
  const ErrorDescription& error = describe(name);
  std::string sentence = printable(message);
  if (!error.advice.empty()) sentence += "; " + std::string(error.advice);
  return {error.exit_status, sentence};
}

Failure to_failure(const grpc::ClientContext& context, const grpc::Status& status) {
  const auto& trailer = context.GetServerTrailingMetadata();
  const auto name = trailer.find(kErrorKey);
  if (name != trailer.end())
    return to_failure({name->second.data(), name->second.size()}, status.error_message());
  switch (status.error_code()) {
    case grpc::StatusCode::UNAVAILABLE:
      return {ExitStatus::kNoDaemon, "the daemon ended during the call; start it again with `warren up`"};
    case grpc::StatusCode::DEADLINE_EXCEEDED:
      return {ExitStatus::kUnreachable,
              "no answer within the time limit; try again, or give a longer --timeout"};
    case grpc::StatusCode::RESOURCE_EXHAUSTED:
      return {ExitStatus::kFailed, "the daemon is busy with other commands; try again later"};
    case grpc::StatusCode::UNIMPLEMENTED:
      return {ExitStatus::kFailed, "the daemon is of another version; restart it with `warren up`"};
    case grpc::StatusCode::CANCELLED:
      return {ExitStatus::kNoDaemon, "the daemon is stopping; start it again with `warren up`"};
    default:
      return {ExitStatus::kFailed,
              "the daemon did not answer as expected: " + printable(status.error_message())};
  }
}

}  // namespace warren::app
