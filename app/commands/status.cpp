// How the node is doing: where it is in its life, who reaches it, and what would help.
#include <fmt/format.h>

#include <algorithm>

#include "app/commands/commands.hpp"
#include "app/control_client.hpp"
#include "app/json.hpp"
#include "app/lock_file.hpp"
#include "app/reachability_client.hpp"
#include "app/reachability_text.hpp"
#include "app/text.hpp"

namespace warren::app {
namespace {

JsonObject service_json(const v1::ReachabilityReply::RelayService& service) {
  return JsonObject()
      .flag("offered", service.offered())
      .number("reservations", service.reservations())
      .number("circuits", service.circuits())
      .number("reservations_made", static_cast<std::int64_t>(service.reservations_made()))
      .number("reservations_refused", static_cast<std::int64_t>(service.reservations_refused()))
      .number("circuits_opened", static_cast<std::int64_t>(service.circuits_opened()))
      .number("circuits_refused", static_cast<std::int64_t>(service.circuits_refused()))
      .number("circuits_ended_by_limit", static_cast<std::int64_t>(service.circuits_ended_by_limit()))
      .number("bytes", static_cast<std::int64_t>(service.bytes()));
}

std::string json_line(const v1::Status& status, const v1::ReachabilityReply& reach) {
  const v1::Identity& identity = status.identity();
  return JsonObject()
      .flag("running", true)
      .text("stage", reach.stage())
      .text("node_id", identity.node_id())
      .text("peer_id", identity.peer_id())
      .text("network", identity.network())
      .text("mode", identity.mode())
      .text("version", status.version())
      .number("process_id", status.process_id())
      .number("uptime_ms", status.uptime_ms())
      .number("addresses", status.addresses())
      .text("reachability", name_of(reach.reachability()))
      .flag("behind_nat", reach.behind_nat())
      .objects("relays", relays_json(reach.relays()))
      .object("relay_service", service_json(reach.relay_service()))
      .number("peers", status.peers())
      .texts("services", {status.services().begin(), status.services().end()})
      .texts("advice", {reach.advice().begin(), reach.advice().end()})
      .to_string();
}

const char* stage_text(const std::string& stage) {
  if (stage == "starting") return "starting: opens its stores and loads its keys";
  if (stage == "listening") return "listening: takes connections";
  if (stage == "bootstrapping") return "bootstrapping: looks for a first peer";
  if (stage == "joined") return "joined: it has peers";
  if (stage == "announced") return "announced: others find it by its IDs";
  return "leaving: says goodbye";
}

std::string reachability_text(const v1::ReachabilityReply& reach) {
  const std::string nat = reach.behind_nat() ? ", behind a NAT" : "";
  switch (reach.reachability()) {
    case v1::VERDICT_REACHABLE: return "directly" + nat;
    case v1::VERDICT_UNREACHABLE: return "not directly" + nat;
    default: return "not known yet" + nat;
  }
}

std::string relays_text(const v1::ReachabilityReply& reach) {
  if (reach.relays().empty()) return "none";
  // A reservation that is being renewed is still held.
  const auto held = std::ranges::count_if(reach.relays(), [](const v1::Relay& relay) {
    return relay.state() == "held" || relay.state() == "renewing";
  });
  return fmt::format("{} of {} held (`warren relays`)", held, reach.relays_size());
}

std::string service_text(const v1::ReachabilityReply::RelayService& service) {
  if (!service.offered()) return "not for others";
  return fmt::format("for others: reservations {}, connections {}; {} so far", service.reservations(),
                     service.circuits(), size_text(service.bytes()));
}

void print_text(const v1::Status& status, const v1::ReachabilityReply& reach) {
  const v1::Identity& identity = status.identity();
  fmt::print("Running for {} (Warren {}, process {})\n", duration_text(status.uptime_ms()), status.version(),
             status.process_id());
  fmt::print("Stage      {}\n", stage_text(reach.stage()));
  fmt::print("NodeID     {}\nPeerID     {}\nNetwork    {}\n", identity.node_id(), identity.peer_id(),
             identity.network());
  fmt::print("Addresses  {} (`warren addrs`)\n", status.addresses());
  fmt::print("Reachable  {} (`warren netcheck`)\n", reachability_text(reach));
  fmt::print("Relays     {}\n", relays_text(reach));
  fmt::print("Relaying   {}\n", service_text(reach.relay_service()));
  fmt::print("Peers      {} connected (`warren peers`)\n", status.peers());
  std::string names;
  for (const std::string& name : status.services()) names += (names.empty() ? "" : ", ") + printable(name);
  fmt::print("Services   {}\n", names.empty() ? "none (`warren serve NAME --exec CMD`)" : names);
  const char* label = "Advice";
  for (const std::string& sentence : reach.advice()) {
    fmt::print("{:<9}  {}\n", label, sentence);
    label = "";
  }
}

// No daemon answers: there is none, or it is on its way.
Failure without_daemon(const DataDir& dir, bool json) {
  const auto holder = LockFile::find_holder(dir.lock());
  const bool on_its_way = holder && !holder->stage.empty();
  if (json) {
    const JsonObject line =
        JsonObject()
            .flag("running", false)
            .text("stage", on_its_way ? holder->stage : "stopped")
            .number_or_null("process_id", on_its_way ? std::optional(holder->process) : std::nullopt);
    fmt::print("{}\n", line.to_string());
    std::fflush(stdout);
  }
  if (on_its_way) {
    return {ExitStatus::kNoDaemon, fmt::format("the daemon on {} (process {}) is {}; ask again in a moment",
                                               dir.path().string(), holder->process, holder->stage)};
  }
  return {ExitStatus::kNoDaemon,
          "no daemon runs on " + dir.path().string() + "; start it with `" + dir.command("up") + "`"};
}

}  // namespace

ExitStatus run_status(const CommonOptions& options) {
  const DataDir dir = DataDir::choose(options.data_dir);
  const auto control = ControlClient::if_running(dir);
  if (control == nullptr) throw without_daemon(dir, options.json);
  const v1::Status status = control->status();
  const v1::ReachabilityReply reach = ReachabilityClient(dir).status();
  if (options.json) {
    fmt::print("{}\n", json_line(status, reach));
  } else {
    print_text(status, reach);
  }
  return ExitStatus::kDone;
}

}  // namespace warren::app
