#include "warren/protocols/dcutr/turns.hpp"

namespace warren::dcutr {

namespace {

constexpr std::size_t kRatedPeersMax = 256;

}  // namespace

Turns::Turn::~Turn() {
  turns_.punches_.give();
  const auto found = turns_.under_way_.find(peer_);
  if (found != turns_.under_way_.end() && found->second == this) turns_.under_way_.erase(found);
}

ByteStream& Turns::Turn::speak_on(StreamPtr stream) {
  if (displaced_) throw_error(Errc::kRoleConflict, "the peer began at the same time");
  stream_ = std::move(stream);
  return *stream_;
}

void Turns::Turn::displace() {
  displaced_ = true;
  displacing_.notify_all();
  if (stream_) stream_->reset();
}

Task<void> Turns::Turn::wait_until_displaced() {
  while (!displaced_) co_await displacing_.wait();
}

Result<Turns::TurnPtr> Turns::begin(const PeerId& peer) {
  if (under_way_.contains(peer)) return fail(Errc::kRoleConflict);
  return enter(peer, true);
}

Result<Turns::TurnPtr> Turns::take(const PeerId& peer, Instant now) {
  const auto found = under_way_.find(peer);
  if (found != under_way_.end() && !found->second->yields_to(self_)) return fail(Errc::kRoleConflict);
  if (!within_rate(peer, now)) return fail(Errc::kRateLimited);
  auto turn = enter(peer, false);
  if (turn && found != under_way_.end()) found->second->displace();
  if (turn) under_way_[peer] = turn->get();
  return turn;
}

bool Turns::within_rate(const PeerId& peer, Instant now) {
  if (!rates_.contains(peer) && rates_.size() >= kRatedPeersMax) {
    std::erase_if(rates_, [now](const auto& entry) { return entry.second.is_full(now); });
    if (rates_.size() >= kRatedPeersMax) return false;
  }
  return rates_.try_emplace(peer, kRoundsPerSecond, kRoundsBurst, now).first->second.take(now);
}

Result<Turns::TurnPtr> Turns::enter(const PeerId& peer, bool ours) {
  if (!punches_.take()) return fail(Errc::kLimitedByBudget);
  auto turn = std::make_unique<Turn>(*this, peer, ours);
  under_way_.try_emplace(peer, turn.get());
  return turn;
}

}  // namespace warren::dcutr
