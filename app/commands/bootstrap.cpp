// Whom the node begins with: bootstrap add, rm, ls, zone.
#include <fmt/format.h>

#include <algorithm>

#include "app/bootstrap_list.hpp"
#include "app/commands/discovery_commands.hpp"
#include "app/config_file.hpp"
#include "app/control_client.hpp"
#include "app/discovery_client.hpp"
#include "app/json.hpp"
#include "app/keys.hpp"
#include "app/lock_file.hpp"
#include "app/text.hpp"
#include "warren/node/bootstrap_dns.hpp"

namespace warren::app {
namespace {

BootstrapList list_of(const DataDir& dir) {
  return {dir.bootstrap(), read_config_file(dir.config()).bootstrap};
}

// As the daemon does it. The lock keeps one from starting meanwhile.
v1::ChangeBootstrapReply change_file(const DataDir& dir, const Multiaddr& address, bool remove) {
  const LockFile lock(dir.lock());
  BootstrapList list = list_of(dir);
  const Result<bool> changed = remove ? list.remove(address) : list.add(address);
  if (!changed) {
    throw Failure(ExitStatus::kFailed,
                  fmt::format("{} cannot be written; check who owns it", list.file().string()));
  }
  v1::ChangeBootstrapReply reply;
  reply.set_changed(*changed);
  reply.set_source(std::string(list.source_of(address)));
  return reply;
}

ExitStatus change_bootstrap(const BootstrapChangeOptions& options, bool remove) {
  const DataDir dir = DataDir::choose(options.data_dir);
  dir.require_initialized(ExitStatus::kFailed);
  const Multiaddr address = parse_bootstrap(options.address, "ADDRESS");
  const auto client = DiscoveryClient::if_running(dir);
  v1::ChangeBootstrapRequest request;
  request.set_address(address.to_string());
  request.set_remove(remove);
  const v1::ChangeBootstrapReply reply =
      client == nullptr ? change_file(dir, address, remove) : client->change_bootstrap(request);
  const bool configured = reply.source() == BootstrapList::kConfigured;
  if (remove && !reply.changed()) {
    const char* why = configured ? "comes from warren.toml or --bootstrap; take it out there"
                                 : "is not on the list; `warren bootstrap ls` shows it";
    throw Failure(ExitStatus::kFailed, fmt::format("{} {}", address.to_string(), why));
  }
  if (options.json) {
    const JsonObject line = JsonObject()
                                .text("address", address.to_string())
                                .flag("changed", reply.changed())
                                .flag("daemon", client != nullptr);
    fmt::print("{}\n", line.to_string());
    return ExitStatus::kDone;
  }
  if (!reply.changed()) {
    fmt::print("It was on the list already.\n");
  } else if (remove) {
    fmt::print("It is no longer on the list{}.\n", configured ? ", but still in warren.toml" : "");
  } else {
    fmt::print("{}\n", client == nullptr ? "The node connects to it from its next start on."
                                         : "The node connects to it from now on.");
  }
  return ExitStatus::kDone;
}

// What there is to tell without a daemon.
v1::BootstrapPeers peers_in_files(const DataDir& dir) {
  v1::BootstrapPeers peers;
  const BootstrapList list = list_of(dir);
  for (const Multiaddr& address : list.all()) {
    v1::BootstrapPeers::Entry& entry = *peers.add_entries();
    entry.set_address(address.to_string());
    entry.set_source(std::string(list.source_of(address)));
  }
  return peers;
}

std::string state_of(const v1::BootstrapPeers::Entry& entry, bool running) {
  if (!running) return "no daemon";
  if (entry.connected()) return "connected";
  return entry.error().empty() ? "not connected" : "failed";
}

}  // namespace

ExitStatus run_bootstrap_add(const BootstrapChangeOptions& options) {
  return change_bootstrap(options, false);
}

ExitStatus run_bootstrap_rm(const BootstrapChangeOptions& options) {
  return change_bootstrap(options, true);
}

ExitStatus run_bootstrap_ls(const CommonOptions& options) {
  const DataDir dir = DataDir::choose(options.data_dir);
  dir.require_initialized(ExitStatus::kFailed);
  const auto client = DiscoveryClient::if_running(dir);
  const bool running = client != nullptr;
  const v1::BootstrapPeers peers = running ? client->bootstrap() : peers_in_files(dir);
  std::vector<JsonObject> list;
  for (const auto& entry : peers.entries()) {
    const std::string state = state_of(entry, running);
    if (!options.json) {
      fmt::print("{:<13}  {}  ({}){}\n", state, entry.address(), printable(entry.source()),
                 entry.error().empty() ? "" : ": " + printable(entry.error()));
    }
    JsonObject line;
    line.text("address", entry.address()).text("source", entry.source());
    if (running) {
      line.flag("connected", entry.connected());
    } else {
      line.null("connected");
    }
    list.push_back(line.text_or_null("error", entry.error()));
  }
  if (options.json) {
    fmt::print("{}\n", JsonObject().objects("bootstrap", list).to_string());
  } else if (list.empty()) {
    fmt::print("There is nobody to begin with; `warren bootstrap add ADDRESS` changes that.\n");
  }
  return ExitStatus::kDone;
}

ExitStatus run_bootstrap_zone(const BootstrapZoneOptions& options) {
  const DataDir dir = DataDir::choose(options.data_dir);
  dir.require_initialized(ExitStatus::kFailed);
  if (!is_domain(options.domain)) {
    throw Failure(ExitStatus::kUsage, fmt::format("\"{}\" is no name of a domain; write one like example.com",
                                                  printable(options.domain)));
  }
  std::vector<Multiaddr> addresses;
  for (const std::string& text : options.addresses) addresses.push_back(parse_address(text, "--address"));
  if (addresses.empty()) {
    const v1::Addresses listening = ControlClient(dir).addresses();
    for (const std::string& text : listening.addresses())
      addresses.push_back(parse_address(text, "the daemon's address"));
  }
  const Keys keys = load_keys(dir, read_config_file(dir.config()).identity);
  const std::vector<std::string> lines =
      bootstrap_zone(options.domain, keys.peer_id(), addresses, keys.node_id());
  if (lines.empty()) {
    throw Failure(ExitStatus::kFailed,
                  "none of the addresses is of use to others; give the public one with --address");
  }
  if (options.json) {
    fmt::print("{}\n", JsonObject().text("domain", options.domain).texts("lines", lines).to_string());
    return ExitStatus::kDone;
  }
  for (const std::string& line : lines) fmt::print("{}\n", line);
  return ExitStatus::kDone;
}

}  // namespace warren::app
