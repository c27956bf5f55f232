#include <fmt/format.h>

#include "app/commands/commands.hpp"
#include "app/control_client.hpp"
#include "app/json.hpp"
#include "app/path_policy.hpp"
#include "app/payload.hpp"
#include "app/seconds.hpp"
#include "app/text.hpp"

namespace warren::app {

ExitStatus run_send(const SendOptions& options) {
  ControlClient client(DataDir::choose(options.data_dir));
  v1::SendRequest request;
  request.set_target(options.target);
  request.set_payload(read_payload(options));
  request.set_path(policy_of(options));
  client.send(request, seconds(options.timeout_seconds));
  const std::size_t size = request.payload().size();
  if (options.json) {
    const auto bytes = static_cast<std::int64_t>(size);
    fmt::print("{}\n", JsonObject().flag("delivered", true).number("bytes", bytes).to_string());
  } else {
    fmt::print("Delivered: {}, verified by the receiver and on its disk\n", size_text(size));
  }
  return ExitStatus::kDone;
}

}  // namespace warren::app
