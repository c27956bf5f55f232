#include <fmt/format.h>

#include <algorithm>

#include "app/commands/commands.hpp"
#include "app/control_client.hpp"
#include "app/path_text.hpp"
#include "app/text.hpp"

namespace warren::app {
namespace {

JsonObject json_of(const v1::Peer& peer) {
  JsonObject line;
  line.text("peer_id", peer.peer_id())
      .text_or_null("node_id", peer.node_id())
      .text("path", peer.path())
      .text("transport", peer.transport())
      .flag("relayed", peer.relayed())
      .text_or_null("relay", peer.relay());
  if (peer.has_budget()) {
    line.object("budget", budget_json(peer.budget()));
  } else {
    line.null("budget");
  }
  return line.text("direction", peer.inbound() ? "inbound" : "outbound")
      .real("rtt_ms", peer.rtt_ms())
      .number("connected_ms", peer.connected_ms())
      .text("version", peer.version());
}

const std::string& peer_name(const v1::Peer& peer) {
  return peer.node_id().empty() ? peer.peer_id() : peer.node_id();
}

void sort_peers(v1::Peers& peers, const std::string& by) {
  const auto before = [&by](const v1::Peer& a, const v1::Peer& b) {
    if (by == "name") return peer_name(a) < peer_name(b);
    if (by == "time") return a.connected_ms() > b.connected_ms();
    // Those that are not measured yet come last.
    const bool measured = a.rtt_ms() > 0;
    return measured == (b.rtt_ms() > 0) ? a.rtt_ms() < b.rtt_ms() : measured;
  };
  if (!by.empty()) std::ranges::stable_sort(*peers.mutable_peers(), before);
}

}  // namespace

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
    fmt::print("  path  {}, {}\n", path_text(peer), peer.inbound() ? "they dialed" : "we dialed");
    if (peer.has_budget()) fmt::print("  {}\n", budget_text(peer.budget()));
    const std::string rtt = peer.rtt_ms() > 0 ? fmt::format("round trip {:.2f} ms, ", peer.rtt_ms()) : "";
    fmt::print("  {}connected for {}\n", rtt, duration_text(peer.connected_ms()));
  }
  return ExitStatus::kDone;
}

}  // namespace warren::app
