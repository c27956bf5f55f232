#include <unistd.h>

#include <cstdio>

#include "app/commands/commands.hpp"
#include "app/control_client.hpp"
#include "app/path_policy.hpp"
#include "app/payload.hpp"
#include "app/seconds.hpp"

namespace warren::app {
namespace {

// The daemon's own limit, when none is given, is in its configuration: this is only above it.
constexpr Duration kLimit = std::chrono::hours(1);

}  // namespace

ExitStatus run_request(const RequestOptions& options) {
  require_service_name(options.service);
  ControlClient client(DataDir::choose(options.data_dir));
  v1::ServiceRequest request;
  request.set_target(options.target);
  request.set_service(options.service);
  request.set_payload(read_payload(options));
  request.set_path(policy_of(options));
  request.set_timeout_ms(static_cast<std::uint32_t>(to_milliseconds(options.timeout_seconds).count()));
  const bool limited = options.timeout_seconds > 0;
  const std::string answer =
      client.request(request, limited ? seconds(options.timeout_seconds) + std::chrono::seconds(5) : kLimit);
  const bool ends_line = answer.empty() || answer.ends_with('\n');
  if (std::fwrite(answer.data(), 1, answer.size(), stdout) != answer.size() || std::fflush(stdout) != 0) {
    throw Failure(ExitStatus::kFailed, "the answer could not be written to standard output");
  }
  // The shell's prompt goes on a line of its own; who reads the bytes gets no other than were sent.
  if (!ends_line && isatty(STDOUT_FILENO) != 0) std::puts("");
  return ExitStatus::kDone;
}

}  // namespace warren::app
