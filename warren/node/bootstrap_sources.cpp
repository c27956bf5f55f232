#include "warren/node/bootstrap_sources.hpp"

#include <algorithm>

namespace warren {

bool BootstrapSources::add(const PeerInfo& peer, const std::string& source, bool keep, Instant now) {
  if (peer.id.empty() || peer.addresses.empty()) return false;
  PeerInfo told{peer.id, {}};
  for (const Multiaddr& address : peer.addresses) {
    const bool twice = std::ranges::find(told.addresses, address) != told.addresses.end();
    if (!twice && told.addresses.size() < limits_.addresses_max) told.addresses.push_back(address);
  }
  const Row* known = find(peer.id, source);
  if (known != nullptr && known->peer.addresses == told.addresses && known->keep == keep) return false;
  if (!states_.contains(peer.id) && !make_room(keep)) return false;
  const auto [state, fresh] = states_.try_emplace(peer.id);
  Row row{source, std::move(told), keep};
  if (known != nullptr) {
    rows_[static_cast<std::size_t>(known - rows_.data())] = std::move(row);
  } else {
    rows_.push_back(std::move(row));
  }
  // Other addresses are another chance.
  if (fresh || !state->second.connected) {
    state->second.next = now;
    state->second.tried = false;
  }
  return true;
}

bool BootstrapSources::replace(const std::string& source, const std::vector<PeerInfo>& peers, bool keep,
                               Instant now) {
  std::vector<PeerId> gone;
  for (const Row& row : rows_) {
    const bool named = std::ranges::any_of(peers, [&](const PeerInfo& p) { return p.id == row.peer.id; });
    if (row.source == source && !named) gone.push_back(row.peer.id);
  }
  for (const PeerId& peer : gone) remove(peer, source, std::nullopt);
  bool changed = !gone.empty();
  for (const PeerInfo& peer : peers) changed = add(peer, source, keep, now) || changed;
  return changed;
}

bool BootstrapSources::remove(const PeerId& peer, const std::string& source,
                              const std::optional<Multiaddr>& address) {
  const Row* found = find(peer, source);
  if (found == nullptr) return false;
  const auto row = rows_.begin() + (found - rows_.data());
  if (address && std::erase(row->peer.addresses, *address) == 0) return false;
  if (!address || row->peer.addresses.empty()) rows_.erase(row);
  forget_if_nobody_tells(peer);
  return true;
}

std::vector<PeerInfo> BootstrapSources::take_due(Instant now, std::size_t connected) {
  std::vector<PeerInfo> due;
  std::size_t places = free_places(now);
  for (const Row& row : rows_) {
    State& state = states_.at(row.peer.id);
    if (state.next > now || !may_dial(row.peer.id, state, connected)) continue;
    if (!keeps(row.peer.id)) {
      if (places == 0) continue;
      --places;
    }
    state.dialing = true;
    state.changed = now;
    due.push_back(addresses_of(row.peer.id));
  }
  return due;
}

std::optional<Instant> BootstrapSources::next_due(Instant now, std::size_t connected) const {
  std::optional<Instant> next;
  const auto at = [&next](Instant instant) { next = next ? std::min(*next, instant) : instant; };
  const bool full = free_places(now) == 0;
  bool waiting = false;
  for (const auto& [peer, state] : states_) {
    if (!may_dial(peer, state, connected)) continue;
    const bool waits = full && !keeps(peer);
    waiting = waiting || waits;
    if (!waits) at(std::max(state.next, now));
  }
  if (!waiting) return next;
  for (const auto& [peer, state] : states_) {
    if (state.dialing && !keeps(peer) && state.changed + limits_.slow > now) at(state.changed + limits_.slow);
  }
  return next;
}

void BootstrapSources::dialed(const PeerId& peer, std::error_code error, Instant now) {
  const auto found = states_.find(peer);
  if (found == states_.end()) return;
  State& state = found->second;
  state.dialing = false;
  state.tried = true;
  state.error = error;
  if (!error || state.connected) return;
  const bool kept = keeps(peer);
  pause(state, kept ? limits_.backoff_min : limits_.offer_backoff_min,
        kept ? limits_.backoff_max : limits_.offer_backoff_max, now);
}

void BootstrapSources::connected(const PeerId& peer, Instant now) {
  const auto found = states_.find(peer);
  if (found == states_.end() || found->second.connected) return;
  found->second.connected = true;
  found->second.tried = true;
  found->second.changed = now;
  found->second.error.clear();
}

void BootstrapSources::disconnected(const PeerId& peer, Instant now) {
  const auto found = states_.find(peer);
  if (found == states_.end() || !found->second.connected) return;
  State& state = found->second;
  state.connected = false;
  if (now - state.changed >= limits_.steady) state.backoff = Duration::zero();
  pause(state, limits_.backoff_min, limits_.backoff_max, now);
}

void BootstrapSources::network_changed(Instant now) {
  for (auto& [peer, state] : states_) {
    state.backoff = Duration::zero();
    state.next = std::min(state.next, now);
    state.tried = state.tried && state.connected;
  }
}

bool BootstrapSources::keeps(const PeerId& peer) const {
  return std::ranges::any_of(rows_, [&](const Row& row) { return row.keep && row.peer.id == peer; });
}

std::vector<PeerId> BootstrapSources::kept() const {
  std::vector<PeerId> peers;
  for (const Row& row : rows_) {
    if (row.keep) peers.push_back(row.peer.id);
  }
  return peers;
}

std::vector<Multiaddr> BootstrapSources::addresses(const PeerId& peer, const std::string& source) const {
  const Row* row = find(peer, source);
  return row == nullptr ? std::vector<Multiaddr>() : row->peer.addresses;
}

std::vector<std::string> BootstrapSources::sources(const PeerId& peer) const {
  std::vector<std::string> sources;
  for (const Row& row : rows_) {
    if (row.peer.id == peer) sources.push_back(row.source);
  }
  return sources;
}

std::vector<BootstrapPeer> BootstrapSources::list() const {
  std::vector<BootstrapPeer> list;
  for (const Row& row : rows_) {
    const State& state = states_.at(row.peer.id);
    for (const Multiaddr& address : row.peer.addresses) {
      list.push_back({.address = address.with(Protocol::kP2p, row.peer.id.bytes()),
                      .source = row.source,
                      .connected = state.connected,
                      .error = state.error ? state.error.message() : ""});
    }
  }
  return list;
}

const BootstrapSources::Row* BootstrapSources::find(const PeerId& peer, const std::string& source) const {
  const auto row =
      std::ranges::find_if(rows_, [&](const Row& r) { return r.source == source && r.peer.id == peer; });
  return row == rows_.end() ? nullptr : &*row;
}

// The oldest offered peer that is neither connected nor being dialed has had its chance.
bool BootstrapSources::make_room(bool keep) {
  if (states_.size() < limits_.peers_max) return true;
  const auto idle = std::ranges::find_if(rows_, [&](const Row& row) {
    const State& state = states_.at(row.peer.id);
    return !state.connected && !state.dialing && (keep || state.tried) && !keeps(row.peer.id);
  });
  if (idle == rows_.end()) return false;
  const PeerId peer = idle->peer.id;
  std::erase_if(rows_, [&](const Row& row) { return row.peer.id == peer; });
  states_.erase(peer);
  return true;
}

void BootstrapSources::forget_if_nobody_tells(const PeerId& peer) {
  const bool told = std::ranges::any_of(rows_, [&](const Row& row) { return row.peer.id == peer; });
  if (!told) states_.erase(peer);
}

PeerInfo BootstrapSources::addresses_of(const PeerId& peer) const {
  PeerInfo info{peer, {}};
  for (const Row& row : rows_) {
    if (row.peer.id != peer) continue;
    for (const Multiaddr& address : row.peer.addresses) {
      if (std::ranges::find(info.addresses, address) == info.addresses.end())
        info.addresses.push_back(address);
    }
  }
  return info;
}

bool BootstrapSources::may_dial(const PeerId& peer, const State& state, std::size_t connected) const {
  if (state.connected || state.dialing) return false;
  if (keeps(peer)) return true;
  return state.tried ? connected == 0 : connected < limits_.connected_enough;
}

std::size_t BootstrapSources::free_places(Instant now) const {
  std::size_t fast = 0;
  std::size_t all = 0;
  for (const auto& [peer, state] : states_) {
    if (!state.dialing || keeps(peer)) continue;
    ++all;
    if (state.changed + limits_.slow > now) ++fast;
  }
  if (all >= limits_.offers_slow_max || fast >= limits_.offers_at_once_max) return 0;
  return std::min(limits_.offers_slow_max - all, limits_.offers_at_once_max - fast);
}

void BootstrapSources::pause(State& state, Duration least, Duration most, Instant now) {
  state.backoff = std::clamp(state.backoff * 2, least, most);
  const auto half = static_cast<std::uint64_t>(state.backoff.count() / 2);
  state.next = now + state.backoff / 2 + Duration(random_.below(half + 1));
}

}  // namespace warren
