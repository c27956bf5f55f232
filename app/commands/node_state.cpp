// The commands that only look: status, addrs, peers.
#include <fmt/format.h>

#include <algorithm>

#include "app/commands/commands.hpp"
#include "app/control_client.hpp"
#include "app/json.hpp"
#include "app/text.hpp"

namespace warren::app {
namespace {

template <class Strings>
std::vector<std::string> list_of(const Strings& strings) {
  return {strings.begin(), strings.end()};
}

JsonObject json_of(const v1::Peer& peer) {
  return JsonObject()
      .text("peer_id", peer.peer_id())
      .text_or_null("node_id", peer.node_id())
      .text("path", peer.path())
      .text("transport", peer.transport())
      .flag("relayed", peer.relayed())
      .text("direction", peer.inbound() ? "inbound" : "outbound")
      .real("rtt_ms", peer.rtt_ms())
      .number("connected_ms", peer.connected_ms())
      .text("version", peer.version());
}

const std::string& name_of(const v1::Peer& peer) {
  return peer.node_id().empty() ? peer.peer_id() : peer.node_id();
}

void sort_peers(v1::Peers& peers, const std::string& by) {
  const auto before = [&by](const v1::Peer& a, const v1::Peer& b) {
    if (by == "name") return name_of(a) < name_of(b);
    if (by == "time") return a.connected_ms() > b.connected_ms();
    // Those that are not measured yet come last.
    const bool measured = a.rtt_ms() > 0;
    return measured == (b.rtt_ms() > 0) ? a.rtt_ms() < b.rtt_ms() : measured;
  };
  if (!by.empty()) std::ranges::stable_sort(*peers.mutable_peers(), before);
}

}  // namespace

ExitStatus run_status(const CommonOptions& options) {
  ControlClient client(DataDir::choose(options.data_dir));
  const v1::Status status = client.status();
  const v1::Identity& identity = status.identity();
  const std::vector<std::string> services = list_of(status.services());
  if (options.json) {
    const JsonObject line = JsonObject()
                                .text("node_id", identity.node_id())
                                .text("peer_id", identity.peer_id())
                                .text("network", identity.network())
                                .text("mode", identity.mode())
                                .text("version", status.version())
                                .number("process_id", status.process_id())
                                .number("uptime_ms", status.uptime_ms())
                                .number("addresses", status.addresses())
                                .number("peers", status.peers())
                                .texts("services", services);
    fmt::print("{}\n", line.to_string());
    return ExitStatus::kDone;
  }
  fmt::print("Running for {} (Warren {}, process {})\n", duration_text(status.uptime_ms()), status.version(),
             status.process_id());
  fmt::print("NodeID     {}\nPeerID     {}\nNetwork    {}\n", identity.node_id(), identity.peer_id(),
             identity.network());
  fmt::print("Listening  on {} addresses (`warren addrs`)\n", status.addresses());
  fmt::print("Peers      {} connected (`warren peers`)\n", status.peers());
  std::string names;
  for (const std::string& name : services) names += (names.empty() ? "" : ", ") + printable(name);
  fmt::print("Services   {}\n", names.empty() ? "none (`warren serve NAME --exec CMD`)" : names);
  return ExitStatus::kDone;
}

ExitStatus run_addrs(const CommonOptions& options) {
  ControlClient client(DataDir::choose(options.data_dir));
  const std::vector<std::string> addresses = list_of(client.addresses().addresses());
  if (options.json) {
    fmt::print("{}\n", JsonObject().texts("addresses", addresses).to_string());
  } else {
    for (const std::string& address : addresses) fmt::print("{}\n", address);
  }
  return ExitStatus::kDone;
}

ExitStatus run_peers(const PeersOptions& options) {
  ControlClient client(DataDir::choose(options.data_dir));
  v1::Peers peers = client.peers();
  sort_peers(peers, options.sort);
  if (options.json) {
    std::vector<JsonObject> list;
    for (const v1::Peer& peer : peers.peers()) list.push_back(json_of(peer));
    fmt::print("{}\n", JsonObject().objects("peers", list).to_string());
    return ExitStatus::kDone;
  }
  if (peers.peers_size() == 0)
    fmt::print("No peer is connected; `warren connect MULTIADDR` connects to one.\n");
  for (const v1::Peer& peer : peers.peers()) {
    fmt::print("{}\n", peer.node_id().empty() ? "(no NodeID: not a Warren node, or of another network)"
                                              : peer.node_id());
    fmt::print("  peer  {}{}\n", peer.peer_id(),
               peer.version().empty() ? "" : " (" + printable(peer.version()) + ")");
    fmt::print("  path  {}, {}, {}\n", peer.path(), peer.relayed() ? "relayed" : "direct",
               peer.inbound() ? "they dialed" : "we dialed");
    const std::string rtt = peer.rtt_ms() > 0 ? fmt::format("round trip {:.2f} ms, ", peer.rtt_ms()) : "";
    fmt::print("  {}connected for {}\n", rtt, duration_text(peer.connected_ms()));
  }
  return ExitStatus::kDone;
}

}  // namespace warren::app
