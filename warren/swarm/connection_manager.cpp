#include "warren/swarm/connection_manager.hpp"

#include <algorithm>
#include <bit>
#include <tuple>

namespace warren {

namespace {

// What makes a connection worth keeping, the most telling first; the least worthy is closed first.
auto worth(const ConnectionUse& use) {
  return std::tuple(
      // Something is in progress on it, which closing would break.
      use.streams_open > 0,
      // We chose the peer. Inbound ones are chosen by others: to surround a node costs an attacker nothing
      // but dials, so they must not be able to replace ours.
      use.direction == Direction::kOutbound,
      // How much it was used; only the order of magnitude, because a few streams more say little, and a peer
      // that wants to look useful should have to work for it.
      std::bit_width(use.streams_so_far),
      // A relayed one serves less, costs a third node its bandwidth, and will end by itself.
      !use.relayed,
      // A peer that was heard of lately is likelier to be heard of again.
      use.active_at);
}

}  // namespace

ConnectionManager::ConnectionManager(const SwarmLimits& limits)
    : high_(limits.connections_high), low_(limits.connections_low), grace_(limits.connection_grace) {}

Result<> ConnectionManager::protect(const PeerId& peer, std::string_view tag) {
  const auto known = protected_.find(peer);
  if (known == protected_.end()) {
    if (protected_.size() >= kProtectedPeersMax) return fail(Errc::kLimitReached);
    protected_[peer].emplace(tag, 1);
    return {};
  }
  Tags& tags = known->second;
  if (const auto found = tags.find(tag); found != tags.end()) {
    ++found->second;
  } else if (tags.size() >= kTagsPerPeerMax) {
    return fail(Errc::kLimitReached);
  } else {
    tags.emplace(tag, 1);
  }
  return {};
}

bool ConnectionManager::unprotect(const PeerId& peer, std::string_view tag) {
  const auto known = protected_.find(peer);
  if (known == protected_.end()) return false;
  Tags& tags = known->second;
  if (const auto found = tags.find(tag); found != tags.end() && --found->second == 0) tags.erase(found);
  if (!tags.empty()) return true;
  protected_.erase(known);
  return false;
}

std::vector<std::size_t> ConnectionManager::to_close(std::span<const ConnectionUse> open, Instant now) const {
  std::size_t counted = 0;
  std::vector<std::size_t> closable;
  for (std::size_t i = 0; i < open.size(); ++i) {
    const bool kept = open[i].allowed || is_protected(open[i].peer);
    const bool in_grace = now - open[i].opened_at < grace_;
    if (kept || !in_grace) ++counted;
    if (!kept && !in_grace) closable.push_back(i);
  }
  if (counted <= high_) return {};

  // Where all else is equal the youngest goes first: what has lasted longest lasts longest, and who comes now
  // cannot push out who was here before.
  const auto less_useful = [&](std::size_t left, std::size_t right) {
    const auto left_worth = worth(open[left]);
    const auto right_worth = worth(open[right]);
    if (left_worth != right_worth) return left_worth < right_worth;
    return open[left].opened_at > open[right].opened_at;
  };
  std::ranges::stable_sort(closable, less_useful);
  closable.resize(std::min(closable.size(), counted - std::min(low_, counted)));
  return closable;
}

}  // namespace warren
