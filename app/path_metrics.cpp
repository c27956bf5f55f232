#include "app/path_metrics.hpp"

#include "app/transport_name.hpp"

namespace warren::app {
namespace {

using namespace std::string_view_literals;

// As transport_name has it.
constexpr std::string_view kRelayedName = "p2p-circuit";

// The transport of each peer's path: a relayed one beside a direct one only stands by.
std::map<PeerId, std::string_view> transports_taken(const std::vector<PeerStatus>& connections) {
  std::map<PeerId, std::string_view> taken;
  for (const PeerStatus& connection : connections) {
    const std::string_view name = transport_name(connection.address);
    const auto [found, is_first] = taken.try_emplace(connection.peer_id, name);
    if (!is_first && found->second == kRelayedName) found->second = name;
  }
  return taken;
}

}  // namespace

void add_peers(const std::vector<PeerStatus>& connections, MetricFamilies& to) {
  std::map<std::string_view, std::uint64_t> counts;
  for (const std::string_view name : {kRelayedName, "quic-v1"sv, "tcp"sv, "ws"sv, "wss"sv}) counts[name] = 0;
  for (const auto& [peer, transport] : transports_taken(connections)) ++counts[transport];
  to.gauge("warren_peers", "Connected peers, by the path that is taken to them.");
  for (const auto& [transport, number] : counts) {
    const bool is_relayed = transport == kRelayedName;
    to.count(number, {{"path", is_relayed ? "relayed" : "direct"}, {"transport", std::string(transport)}});
  }
}

void add_paths(const PathCounters& paths, MetricFamilies& to) {
  using enum PathState;
  to.counter("warren_path_moves_total",
             "Changes of the path to a peer; from none: it is the first, to none: the peer is gone.");
  for (const PathState from : {kNone, kRelayed, kDirect}) {
    for (const PathState next : {kNone, kRelayed, kDirect}) {
      if (from == kNone && next == kNone) continue;
      const auto found = paths.moves.find({from, next});
      to.count(found == paths.moves.end() ? 0 : found->second,
               {{"from", std::string(to_string(from))}, {"to", std::string(to_string(next))}});
    }
  }
  to.counter("warren_punch_rounds_total",
             "Rounds in which both sides tried for a direct path, or found that none can be had.");
  std::map<PunchEnd, std::uint64_t> rounds = paths.rounds;
  for (const PathMeans means : {PathMeans::kPunch, PathMeans::kPredict, PathMeans::kSpray})
    rounds.try_emplace({.means = means, .is_direct = true, .reason = std::nullopt}, 0);
  for (const auto& [end, number] : rounds) {
    to.count(number, {{"means", std::string(to_string(end.means))},
                      {"result", end.is_direct ? "direct" : "failed"},
                      {"reason", end.reason ? std::string(to_string(*end.reason)) : ""}});
  }
  to.histogram("warren_time_to_direct_seconds",
               "From a peer's first relayed path, or the loss of its direct one, to a direct one.")
      .durations(paths.times_to_direct);
}

}  // namespace warren::app
