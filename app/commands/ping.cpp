#include <fmt/format.h>

#include <algorithm>
#include <cstdio>

#include "app/commands/commands.hpp"
#include "app/control_client.hpp"
#include "app/path_policy.hpp"
#include "app/path_text.hpp"
#include "app/seconds.hpp"

namespace warren::app {

ExitStatus run_ping(const PingOptions& options) {
  ControlClient client(DataDir::choose(options.data_dir));
  v1::PingRequest request;
  request.set_target(options.target);
  request.set_count(options.count);
  request.set_interval_ms(static_cast<std::uint32_t>(to_milliseconds(options.interval_seconds).count()));
  request.set_path(policy_of(options));
  bool direct = false;
  double least = 0;
  double sum = 0;
  std::uint32_t count = 0;
  client.ping(request, [&](const v1::PingReply& reply) {
    direct = !reply.relayed();
    least = count == 0 ? reply.rtt_ms() : std::min(least, reply.rtt_ms());
    sum += reply.rtt_ms();
    ++count;
    if (options.json) {
      const JsonObject line = JsonObject()
                                  .number("number", reply.number())
                                  .real("rtt_ms", reply.rtt_ms())
                                  .object("path", path_json(reply))
                                  .flag("relayed", reply.relayed());
      fmt::print("{}\n", line.to_string());
    } else {
      fmt::print("{}: {:.2f} ms over {}\n", reply.number(), reply.rtt_ms(), path_text(reply));
    }
    std::fflush(stdout);
  });
  if (!options.json && count > 1)
    fmt::print("{} replies: least {:.2f} ms, mean {:.2f} ms\n", count, least, sum / count);
  return options.direct && !direct ? ExitStatus::kRelayedOnly : ExitStatus::kDone;
}

}  // namespace warren::app
