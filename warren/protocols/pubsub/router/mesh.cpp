#include "warren/protocols/pubsub/router/mesh.hpp"

#include <algorithm>

#include "warren/protocols/pubsub/router/shuffle.hpp"

namespace warren::pubsub {
namespace {

using Peers = std::vector<MeshPeer>;

std::size_t count_outbound(const Peers& peers) {
  return static_cast<std::size_t>(std::ranges::count(peers, true, &MeshPeer::outbound));
}

double median_score(const Peers& mesh) {
  std::vector<double> scores;
  for (const MeshPeer& peer : mesh) scores.push_back(peer.score);
  const auto middle = scores.begin() + static_cast<std::ptrdiff_t>(scores.size() / 2);
  std::ranges::nth_element(scores, middle);
  return *middle;
}

class Mender {
 public:
  Mender(const GossipParams& params, Peers mesh, Peers candidates, Random& random)
      : params_(params), random_(random), mesh_(std::move(mesh)), candidates_(std::move(candidates)) {
    shuffle(candidates_, random_);
  }

  void drop_negative() {
    for (const MeshPeer& peer : mesh_) {
      if (peer.score < 0) change_.prune.push_back(peer.index);
    }
    std::erase_if(mesh_, [](const MeshPeer& peer) { return peer.score < 0; });
  }

  void fill() {
    if (mesh_.size() >= params_.d_low) return;
    graft(params_.d - mesh_.size(), [](const MeshPeer& peer) { return peer.score >= 0; });
  }

  // The best d_score stay, the others by chance, with d_out outbound ones among all.
  void cut() {
    if (mesh_.size() <= params_.d_high) return;
    shuffle(mesh_, random_);
    std::ranges::sort(mesh_, std::ranges::greater(), &MeshPeer::score);
    Peers by_chance(mesh_.begin() + static_cast<std::ptrdiff_t>(params_.d_score), mesh_.end());
    shuffle(by_chance, random_);
    std::ranges::copy(by_chance, mesh_.begin() + static_cast<std::ptrdiff_t>(params_.d_score));
    keep_outbound();
    for (std::size_t i = params_.d; i < mesh_.size(); ++i) change_.prune.push_back(mesh_[i].index);
    mesh_.resize(params_.d);
  }

  void add_outbound() {
    const std::size_t outbound = count_outbound(mesh_);
    if (mesh_.size() < params_.d_low || outbound >= params_.d_out) return;
    graft(params_.d_out - outbound, [](const MeshPeer& peer) { return peer.outbound && peer.score >= 0; });
  }

  void add_better() {
    if (mesh_.size() < 2) return;
    const double median = median_score(mesh_);
    if (median >= params_.score.thresholds.opportunistic_graft) return;
    graft(params_.opportunistic_graft_peers,
          [&](const MeshPeer& peer) { return peer.score >= 0 && peer.score > median; });
  }

  MeshChange take() { return std::move(change_); }

 private:
  // Outbound ones that would go change places with others that would stay, the worst placed first.
  void keep_outbound() {
    auto place = params_.d;
    auto missing = params_.d_out;
    for (std::size_t i = 0; i < params_.d && missing > 0; ++i) missing -= mesh_[i].outbound ? 1 : 0;
    for (std::size_t i = params_.d; i < mesh_.size() && missing > 0; ++i) {
      if (!mesh_[i].outbound) continue;
      while (place > 0 && mesh_[place - 1].outbound) --place;
      if (place == 0) return;
      std::swap(mesh_[i], mesh_[--place]);
      --missing;
    }
  }

  template <class Condition>
  void graft(std::size_t count, Condition condition) {
    for (auto peer = candidates_.begin(); peer != candidates_.end() && count > 0;) {
      if (!condition(*peer)) {
        ++peer;
        continue;
      }
      change_.graft.push_back(peer->index);
      mesh_.push_back(*peer);
      peer = candidates_.erase(peer);
      --count;
    }
  }

  const GossipParams& params_;
  Random& random_;
  Peers mesh_;
  Peers candidates_;
  MeshChange change_;
};

}  // namespace

bool mesh_needs_mending(const GossipParams& params, const std::vector<MeshPeer>& mesh, bool opportunistic) {
  if (mesh.size() < params.d_low || mesh.size() > params.d_high) return true;
  if (std::ranges::any_of(mesh, [](const MeshPeer& peer) { return peer.score < 0; })) return true;
  if (count_outbound(mesh) < params.d_out) return true;
  return opportunistic && mesh.size() > 1 && median_score(mesh) < params.score.thresholds.opportunistic_graft;
}

MeshChange mend_mesh(const GossipParams& params, std::vector<MeshPeer> mesh, std::vector<MeshPeer> candidates,
                     bool opportunistic, Random& random) {
  Mender mender(params, std::move(mesh), std::move(candidates), random);
  mender.drop_negative();
  mender.fill();
  mender.cut();
  mender.add_outbound();
  if (opportunistic) mender.add_better();
  return mender.take();
}

}  // namespace warren::pubsub
