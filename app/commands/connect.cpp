#include <fmt/format.h>

#include "app/commands/commands.hpp"
#include "app/control_client.hpp"
#include "app/json.hpp"
#include "app/seconds.hpp"

namespace warren::app {

ExitStatus run_connect(const ConnectOptions& options) {
  ControlClient client(DataDir::choose(options.data_dir));
  const v1::Peer peer = client.connect(options.target, seconds(options.timeout_seconds));
  if (options.json) {
    const JsonObject line = JsonObject()
                                .text("peer_id", peer.peer_id())
                                .text_or_null("node_id", peer.node_id())
                                .text("path", peer.path())
                                .flag("relayed", peer.relayed());
    fmt::print("{}\n", line.to_string());
  } else {
    fmt::print("Connected to {} ({}) over {}\n",
               peer.node_id().empty() ? "a peer that is no Warren node" : peer.node_id(), peer.peer_id(),
               peer.path());
  }
  return options.direct && peer.relayed() ? ExitStatus::kRelayedOnly : ExitStatus::kDone;
}

}  // namespace warren::app
