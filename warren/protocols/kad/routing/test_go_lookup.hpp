// For tests and measurements only: the frontier by go-libp2p-kad-dht's rules, behind Lookup's methods. Ten
// questions under way, the slow included; the walk ends when the three nearest that are not known to be dead
// have answered; then all of the nearest k that have not answered are asked at once, and each of them is
// waited for. What go asks a second time after the walk, because it canceled the question, goes on here,
// which is in its favour.
// https://github.com/libp2p/go-libp2p-kad-dht/blob/master/query.go
#pragma once

#include <algorithm>
#include <optional>
#include <vector>

#include "warren/protocols/kad/routing/lookup.hpp"

namespace warren::kad::test {

class GoLookup {
 public:
  GoLookup(Key target, std::vector<PeerInfo> seeds, LookupLimits limits = {})
      : target_(target), limits_(limits) {
    for (PeerInfo& seed : seeds) insert(std::move(seed), 0);
    if (peers_.size() > limits_.closest) peers_.resize(limits_.closest);
  }

  std::optional<PeerInfo> next(Instant now) {
    if (!following_up_ && walk_is_over()) {
      following_up_ = true;
      result_ = nearest(limits_.closest);
    }
    if (!following_up_ && waiting() >= limits_.concurrency) return std::nullopt;
    for (Peer& peer : peers_) {
      if (peer.state != State::kHeard || (following_up_ && !in_result(peer))) continue;
      peer.state = State::kWaiting;
      peer.step = steps_.size();
      LookupStep step;
      step.peer = peer.info.id;
      step.hop = peer.hop;
      step.asked = now;
      step.common_prefix = peer.distance.leading_zeros();
      steps_.push_back(step);
      return peer.info;
    }
    return std::nullopt;
  }

  void answered(const PeerId& id, std::vector<PeerInfo> closer, Instant now) {
    Peer* const peer = end(id, State::kAnswered, LookupStep::State::kAnswered, now);
    if (!peer || following_up_) return;
    const std::size_t hop = peer->hop + 1;
    if (closer.size() > 2 * limits_.closest) closer.resize(2 * limits_.closest);
    for (PeerInfo& info : closer) insert(std::move(info), hop);
  }

  void failed(const PeerId& id, Instant now) { end(id, State::kFailed, LookupStep::State::kFailed, now); }

  std::optional<Instant> wake_at() const { return std::nullopt; }

  bool done(Instant) const {
    if (!following_up_) return walk_is_over() && unanswered(nearest(limits_.closest)) == 0;
    return unanswered(result_) == 0;
  }

  const Key& target() const { return target_; }
  // As go returns them: those that the follow-up found dead too.
  std::vector<PeerInfo> closest() const {
    std::vector<PeerInfo> infos;
    for (const PeerId& id : following_up_ ? result_ : nearest(limits_.closest))
      infos.push_back(find(id)->info);
    return infos;
  }
  std::vector<PeerInfo> nearest_known() const {
    std::vector<PeerInfo> infos;
    for (const PeerId& id : nearest(limits_.closest)) infos.push_back(find(id)->info);
    return infos;
  }
  const std::vector<LookupStep>& steps() const { return steps_; }
  std::size_t hops() const {
    std::size_t most = 0;
    for (const LookupStep& step : steps_) {
      if (step.state == LookupStep::State::kAnswered) most = std::max(most, step.hop);
    }
    return most;
  }

 private:
  enum class State { kHeard, kWaiting, kAnswered, kFailed };
  struct Peer {
    PeerInfo info;
    Distance distance;
    std::size_t hop = 0;
    State state = State::kHeard;
    std::size_t step = 0;
  };

  static constexpr std::size_t kBeta = 3;

  void insert(PeerInfo info, std::size_t hop) {
    const Distance distance = target_.distance(Key::of(info.id));
    const auto at = std::ranges::lower_bound(peers_, distance, {}, &Peer::distance);
    if (at != peers_.end() && at->distance == distance) return;
    peers_.insert(at, Peer{std::move(info), distance, hop, State::kHeard, 0});
  }

  const Peer* find(const PeerId& id) const {
    const auto found = std::ranges::find_if(peers_, [&](const Peer& peer) { return peer.info.id == id; });
    return found == peers_.end() ? nullptr : &*found;
  }

  Peer* end(const PeerId& id, State state, LookupStep::State step, Instant now) {
    auto* const peer = const_cast<Peer*>(find(id));
    if (!peer || peer->state != State::kWaiting) return nullptr;
    peer->state = state;
    steps_[peer->step].state = step;
    steps_[peer->step].ended = now;
    return peer;
  }

  std::vector<PeerId> nearest(std::size_t count) const {
    std::vector<PeerId> ids;
    for (const Peer& peer : peers_) {
      if (peer.state != State::kFailed && ids.size() < count) ids.push_back(peer.info.id);
    }
    return ids;
  }

  bool in_result(const Peer& peer) const { return std::ranges::find(result_, peer.info.id) != result_.end(); }

  std::size_t waiting() const { return count(State::kWaiting); }
  std::size_t count(State state) const {
    return static_cast<std::size_t>(std::ranges::count(peers_, state, &Peer::state));
  }

  // Of these, those that are still to be heard of.
  std::size_t unanswered(const std::vector<PeerId>& ids) const {
    return static_cast<std::size_t>(std::ranges::count_if(ids, [&](const PeerId& id) {
      const State state = find(id)->state;
      return state == State::kHeard || state == State::kWaiting;
    }));
  }

  bool walk_is_over() const {
    if (count(State::kHeard) == 0 && waiting() == 0) return true;
    return std::ranges::all_of(nearest(kBeta),
                               [&](const PeerId& id) { return find(id)->state == State::kAnswered; });
  }

  Key target_;
  LookupLimits limits_;
  std::vector<Peer> peers_;  // nearest first
  std::vector<LookupStep> steps_;
  std::vector<PeerId> result_;
  bool following_up_ = false;
};

}  // namespace warren::kad::test
