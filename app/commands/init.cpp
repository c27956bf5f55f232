#include <fmt/format.h>

#include "app/commands/commands.hpp"
#include "app/config_file.hpp"
#include "app/data_dir.hpp"
#include "app/json.hpp"
#include "app/keys.hpp"
#include "app/swarm_key.hpp"

namespace warren::app {

ExitStatus run_init(const InitOptions& options) {
  const DataDir dir = DataDir::choose(options.data_dir);
  require_network_name(options.network);
  const auto identity = parse_identity_mode(options.identity);
  if (!identity) throw Failure(ExitStatus::kUsage, "--identity knows only bound and sm2; choose one");
  const Profile profile = value_or_throw(parse_profile(options.profile));
  std::optional<pnet::PreSharedKey> swarm_key;  // read before anything is made
  if (!options.psk_file.empty()) swarm_key = read_swarm_key(options.psk_file);
  dir.create();
  if (swarm_key) save_swarm_key(dir, *swarm_key);
  const Keys keys = create_keys(dir, *identity);
  // Last, so that a folder with a configuration is a whole one.
  write_config_file(dir.config(), options.network, *identity, profile);
  if (options.json) {
    const JsonObject line = JsonObject()
                                .text("node_id", keys.node_id().to_string())
                                .text("peer_id", keys.peer_id().to_string())
                                .text("network", options.network)
                                .text("mode", std::string(name_of(*identity)))
                                .text("data_dir", dir.path().string());
    fmt::print("{}\n", line.to_string());
  } else {
    fmt::print("NodeID  {}\nPeerID  {}\n", keys.node_id().to_string(), keys.peer_id().to_string());
    fmt::print("The node is in {}. Back up node.key; start it with `{}`.\n", dir.path().string(),
               dir.command("up"));
  }
  return ExitStatus::kDone;
}

}  // namespace warren::app
