// The part of a Scenario that looks at what came of it.
#include "test/sim/gossip/scenario.hpp"

namespace warren::gossip_sim {

namespace {

constexpr std::size_t kSampled = 200;  // nodes

}  // namespace

MeshSample Scenario::sample() const {
  MeshSample sum;
  double meshes = 0, honest_peers = 0, sybil_peers = 0;
  const auto look_at = [&](NodeIndex node) {
    const pubsub::Router* router = nodes_[node]->router();
    if (router == nullptr) return;
    for (const pubsub::TopicView& view : router->topics(network_.now())) {
      ++meshes;
      for (const pubsub::TopicPeer& peer : view.peers) {
        const bool is_honest = ledger_.is_honest(network_.find(peer.peer));
        (is_honest ? sum.honest : sum.sybil) += peer.in_mesh ? 1 : 0;
        (is_honest ? sum.honest_below : sum.sybil_below) += peer.score < 0 ? 1 : 0;
        (is_honest ? honest_peers : sybil_peers) += 1;
      }
    }
  };
  if (victims_.empty()) {
    const std::size_t stride = honest() / kSampled + 1;
    for (std::size_t node = 0; node < honest(); node += stride) look_at(static_cast<NodeIndex>(node));
  } else {
    for (const NodeIndex victim : victims_) look_at(victim);
  }
  const auto average = [](double& value, double count) { value = count > 0 ? value / count : 0; };
  average(sum.honest, meshes);
  average(sum.sybil, meshes);
  average(sum.honest_below, honest_peers);
  average(sum.sybil_below, sybil_peers);
  return sum;
}

void Scenario::summarize(Outcome& outcome) const {
  outcome.phases = phases_;
  const auto deadline =
      std::chrono::duration_cast<Duration>(std::chrono::duration<double>(options_.deadline));
  for (Phase& phase : outcome.phases) {
    phase.deliveries = ledger_.deliveries(
        phase.from, phase.to, deadline,
        [this](NodeIndex publisher, NodeIndex receiver) { return counts(publisher, receiver); });
  }
  Cost all;
  for (const Cost& cost : ledger_.costs()) {
    all.copies += cost.copies;
    all.unique += cost.unique;
    all.bytes_in += cost.bytes_in;
    all.bytes_out += cost.bytes_out;
    all.control_out += cost.control_out;
  }
  const auto ratio = [](std::uint64_t part, std::uint64_t whole) {
    return whole == 0 ? 0 : static_cast<double>(part) / static_cast<double>(whole);
  };
  outcome.copies = ratio(all.copies, all.unique);
  outcome.bytes_in = ratio(all.bytes_in, honest());
  outcome.bytes_out = ratio(all.bytes_out, honest());
  outcome.control = ratio(all.control_out, all.bytes_out);
  outcome.seconds = to_ms(phases_.front().to - phases_.front().from) / 1000;
  outcome.dropped = network_.dropped();
  outcome.left = left_;
  outcome.events = network_.queue().popped();
  outcome.fingerprint = network_.queue().fingerprint();
}

}  // namespace warren::gossip_sim
