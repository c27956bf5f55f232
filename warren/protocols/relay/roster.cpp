#include "warren/protocols/relay/roster.hpp"

#include <algorithm>

#include "warren/base/error.hpp"

namespace warren::relay {

namespace {

// Who broke so often lately is the first to go when there are too many.
constexpr double kFlapping = 2.5;

RelayRanking::Event event_of(std::error_code error) {
  if (is_forgery(error)) return RelayRanking::Event::kForged;
  const bool refused = error == Errc::kReservationRefused || error == Errc::kRelayFull ||
                       error == Errc::kRelayDenied || error == Errc::kNoReservation;
  return refused ? RelayRanking::Event::kRefused : RelayRanking::Event::kFailed;
}

bool is_idle(const ReservationLife& life, Instant now) {
  return !life.is_configured() && !life.is_trying() && !life.is_held(now);
}

}  // namespace

Roster::Roster(std::vector<PeerInfo> configured, std::size_t wanted_max) : wanted_max_(wanted_max) {
  for (PeerInfo& info : configured) {
    if (candidates_.contains(info.id)) continue;
    configured_.push_back(info.id);
    const PeerId id = info.id;
    RelayNetwork network = info.addresses.empty() ? std::nullopt : network_of(info.addresses.front());
    candidates_[id] = {.info = std::move(info), .network = network, .configured = true};
  }
}

void Roster::want(bool wanted, Instant now) {
  if (wanted == wanted_) return;
  wanted_ = wanted;
  if (!wanted) {
    release_at_ = now + kReleaseGrace;
    return;
  }
  release_at_.reset();
  if (!lives_.empty()) return;  // still there
  for (const PeerId& relay : configured_) lives_.emplace_back(relay, true, now);
}

void Roster::offer(PeerInfo candidate, RelayNetwork network, Instant now) {
  if (!network && !candidate.addresses.empty()) network = network_of(candidate.addresses.front());
  const auto known = candidates_.find(candidate.id);
  if (known != candidates_.end()) {
    known->second.offered = now;
    if (network) known->second.network = network;
    if (!candidate.addresses.empty() && !known->second.configured)
      known->second.info.addresses = std::move(candidate.addresses);
    return;
  }
  if (candidates_.size() >= kCandidatesMax + configured_.size()) {
    auto oldest = candidates_.end();
    for (auto it = candidates_.begin(); it != candidates_.end(); ++it) {
      if (it->second.configured || find(it->first) != nullptr) continue;
      if (oldest == candidates_.end() || it->second.offered < oldest->second.offered) oldest = it;
    }
    if (oldest == candidates_.end()) return;
    candidates_.erase(oldest);
  }
  const PeerId id = candidate.id;
  candidates_[id] = {.info = std::move(candidate), .network = network, .offered = now};
}

void Roster::forget(const PeerId& candidate) {
  const auto known = candidates_.find(candidate);
  if (known == candidates_.end() || known->second.configured) return;
  std::erase_if(lives_, [&](const ReservationLife& life) {
    return life.relay() == candidate && !life.was_ever_held() && !life.is_trying();
  });
  if (find(candidate) == nullptr) candidates_.erase(known);
}

ReservationLife* Roster::find(const PeerId& relay) {
  const auto found = std::ranges::find(lives_, relay, &ReservationLife::relay);
  return found == lives_.end() ? nullptr : &*found;
}
const ReservationLife* Roster::find(const PeerId& relay) const {
  const auto found = std::ranges::find(lives_, relay, &ReservationLife::relay);
  return found == lives_.end() ? nullptr : &*found;
}

std::size_t Roster::held(Instant now) const {
  return static_cast<std::size_t>(
      std::ranges::count_if(lives_, [now](const ReservationLife& life) { return life.is_held(now); }));
}

bool Roster::lacks_diversity(Instant now) const {
  if (!wanted_ || held(now) != wanted_max_) return false;
  std::vector<RelayNetwork> networks;
  for (const ReservationLife& life : lives_) {
    if (life.is_held(now)) networks.push_back(network(life.relay()));
  }
  std::ranges::sort(networks);
  return std::ranges::adjacent_find(networks) != networks.end();
}

std::size_t Roster::trying() const {
  return static_cast<std::size_t>(
      std::ranges::count(lives_, ReservationState::kReserving, &ReservationLife::state));
}

std::size_t Roster::hopeful(Instant now) const {
  return static_cast<std::size_t>(std::ranges::count_if(lives_, [now](const ReservationLife& life) {
    return life.state() == ReservationState::kReserving && now - life.tried_at() < kPatience;
  }));
}

std::vector<RelayCandidate> Roster::untried() const {
  std::vector<RelayCandidate> untried;
  for (const auto& [relay, candidate] : candidates_) {
    if (find(relay) == nullptr) untried.push_back({relay, candidate.network});
  }
  return untried;
}

RelayNetwork Roster::network(const PeerId& relay) const {
  const auto found = candidates_.find(relay);
  return found == candidates_.end() ? std::nullopt : found->second.network;
}

// Those that are held, or will be in a moment.
std::vector<RelayNetwork> Roster::networks_in_use() const {
  std::vector<RelayNetwork> networks;
  for (const ReservationLife& life : lives_) {
    if (life.state() != ReservationState::kBackoff) networks.push_back(network(life.relay()));
  }
  return networks;
}

std::vector<PeerInfo> Roster::begin(Instant now) {
  std::erase_if(retired_, [now](const auto& entry) { return entry.second <= now; });
  for (ReservationLife& life : lives_) life.tick(now);
  if (!wanted_) {
    if (release_at_ && *release_at_ <= now) release(now);
    return {};
  }
  trim(now);
  const ReservationLife* const only = sole(now);
  if (only != nullptr && now - only->tried_at() >= kSoleRenewal) find(only->relay())->doubt(now);
  std::vector<PeerInfo> begun;
  for (ReservationLife& life : lives_) {
    if (life.is_trying() || life.due() > now) continue;
    life.begin(now);
    begun.push_back(candidates_.at(life.relay()).info);
  }
  ask_more(now, begun);
  ask_elsewhere(now, begun);
  return begun;
}

const ReservationLife* Roster::sole(Instant now) const {
  if (held(now) != 1) return nullptr;
  const auto only =
      std::ranges::find_if(lives_, [now](const ReservationLife& life) { return life.is_held(now); });
  return only->state() == ReservationState::kHeld ? &*only : nullptr;
}

void Roster::ask_more(Instant now, std::vector<PeerInfo>& begun) {
  while (held(now) + hopeful(now) < wanted_max_ && trying() < kTriesMax) {
    const auto chosen = ranking_.choose(untried(), networks_in_use(), 1, now);
    if (chosen.empty() || !make_room()) return;
    ask_new(chosen.front(), now, begun);
  }
}

// The first relays that were found may have been neighbours. Who is held too much then, goes.
void Roster::ask_elsewhere(Instant now, std::vector<PeerInfo>& begun) {
  if (!lacks_diversity(now) || trying() > 0) return;
  if (asked_elsewhere_ && now - *asked_elsewhere_ < kElsewhereInterval) return;
  const auto used = networks_in_use();
  auto elsewhere = untried();
  std::erase_if(elsewhere, [&](const RelayCandidate& candidate) {
    return !candidate.network || std::ranges::find(used, candidate.network) != used.end();
  });
  const auto chosen = ranking_.choose(elsewhere, used, 1, now);
  if (chosen.empty() || !make_room()) return;
  asked_elsewhere_ = now;
  ask_new(chosen.front(), now, begun);
}

void Roster::ask_new(const PeerId& relay, Instant now, std::vector<PeerInfo>& begun) {
  lives_.emplace_back(relay, false, now);
  lives_.back().begin(now);
  begun.push_back(candidates_.at(relay).info);
}

// Who never granted anything goes first, then who is missed longest.
bool Roster::make_room() {
  if (lives_.size() < kSupervisedMax + configured_.size()) return true;
  auto victim = lives_.end();
  for (auto it = lives_.begin(); it != lives_.end(); ++it) {
    if (it->is_configured() || it->is_trying() || !it->missed_since()) continue;
    const auto rank = [](const ReservationLife& life) {
      return std::pair(life.was_ever_held(), life.missed_since());
    };
    if (victim == lives_.end() || rank(*it) < rank(*victim)) victim = it;
  }
  if (victim == lives_.end()) return false;
  candidates_.erase(victim->relay());  // offered again, it is as good as others
  lives_.erase(victim);
  return true;
}

void Roster::trim(Instant now) {
  std::erase_if(lives_, [&](const ReservationLife& life) {
    return is_idle(life, now) && life.was_ever_held() && now - *life.missed_since() >= kLostLife;
  });
  if (held(now) >= wanted_max_) {
    std::erase_if(lives_,
                  [&](const ReservationLife& life) { return is_idle(life, now) && !life.was_ever_held(); });
  }
  trim_surplus(now);
}

void Roster::watch_surplus(Instant now) {
  const bool has_surplus = held(now) > wanted_max_;
  if (!has_surplus) surplus_since_.reset();
  if (has_surplus && !surplus_since_) surplus_since_ = now;
}

void Roster::trim_surplus(Instant now) {
  watch_surplus(now);
  if (!surplus_since_ || now - *surplus_since_ < kSurplusTime) return;
  while (held(now) > wanted_max_) {
    const auto life = surplus(now);
    if (life == lives_.end()) {  // all of them configured, or being renewed
      surplus_since_ = now;
      return;
    }
    retire(life, now);
  }
}

// Who is the least use: who breaks often, who shares a network with another one, who came last.
std::vector<ReservationLife>::iterator Roster::surplus(Instant now) {
  const auto shares = [&](const ReservationLife& life) {
    return std::ranges::count_if(lives_, [&](const ReservationLife& other) {
             return other.is_held(now) && network(other.relay()) == network(life.relay());
           }) > 1;
  };
  const auto rank = [&](const ReservationLife& life) {
    return std::pair(ranking_.broken_lately(life.relay(), now) > kFlapping, shares(life));
  };
  auto worst = lives_.end();
  for (auto it = lives_.begin(); it != lives_.end(); ++it) {
    if (it->is_configured() || it->state() != ReservationState::kHeld || !it->is_held(now)) continue;
    if (worst == lives_.end() || rank(*it) >= rank(*worst)) worst = it;
  }
  return worst;
}

void Roster::retire(std::vector<ReservationLife>::iterator life, Instant now) {
  retired_[life->relay()] = std::min(life->grant().expires, now + kRetiredLife);
  lives_.erase(life);
}

void Roster::release(Instant now) {
  release_at_.reset();
  for (const ReservationLife& life : lives_) {
    if (life.is_held(now)) retired_[life.relay()] = std::min(life.grant().expires, now + kRetiredLife);
  }
  lives_.clear();
  surplus_since_.reset();
}

Instant Roster::next(Instant now) const {
  if (!wanted_) return release_at_.value_or(Instant::max());
  Instant next = Instant::max();
  for (const ReservationLife& life : lives_) {
    // One that expires while it is being renewed has to wait for the answer.
    if (!life.is_trying() || life.due() > now) next = std::min(next, life.due());
    const Instant impatient = life.tried_at() + kPatience;
    if (life.state() == ReservationState::kReserving && impatient > now) next = std::min(next, impatient);
  }
  if (surplus_since_) next = std::min(next, *surplus_since_ + kSurplusTime);
  if (const auto* const only = sole(now)) next = std::min(next, only->tried_at() + kSoleRenewal);
  return std::max(next, now);
}

void Roster::granted(const PeerId& relay, Grant grant, Instant now) {
  ReservationLife* const life = find(relay);
  if (life == nullptr || !life->is_trying()) return;
  const bool first = held(now) == 0;
  life->granted(std::move(grant), now);
  retired_.erase(relay);
  ranking_.note(relay, RelayRanking::Event::kGranted, now);
  watch_surplus(now);
  if (!first) return;
  // The network seems to be back.
  for (ReservationLife& other : lives_) other.hope(now);
}

void Roster::failed(const PeerId& relay, std::error_code error, Instant now, double jitter) {
  ReservationLife* const life = find(relay);
  if (life == nullptr || !life->is_trying()) return;
  const RelayRanking::Event event = event_of(error);
  // A renewal fails just before its connection is found to have ended, which counts.
  const bool is_renewal = life->state() == ReservationState::kRenewing;
  const bool in_grace = shaken_at_ && now - *shaken_at_ < kShakeGrace;
  const bool forgiven =
      event == RelayRanking::Event::kFailed && (is_renewal ? in_grace : forgives(relay, now));
  if (!forgiven) ranking_.note(relay, event, now);
  life->failed(error, now, jitter, backoff_max(now));
  if (forgiven) life->hope(now);
  if (error == Errc::kProtocolNotSupported) forget(relay);
}

void Roster::lost(const PeerId& relay, Instant now, double jitter) {
  retired_.erase(relay);
  ReservationLife* const life = find(relay);
  if (life == nullptr || !life->is_held(now)) return;
  const bool forgiven = forgives(relay, now);
  if (!forgiven) ranking_.note(relay, RelayRanking::Event::kBroken, now);
  life->lost(now, jitter, backoff_max(now));
  if (forgiven) life->hope(now);
}

void Roster::hope(const PeerId& relay, Instant now) {
  if (ReservationLife* const life = find(relay)) life->hope(now);
}

void Roster::doubt(const PeerId& relay, Instant now) {
  if (ReservationLife* const life = find(relay)) life->doubt(now);
}

void Roster::shake(Instant now) {
  shaken_at_ = now;
  forgiven_.clear();
  for (ReservationLife& life : lives_) {
    life.hope(now);
    life.doubt(now);
  }
}

bool Roster::forgives(const PeerId& relay, Instant now) {
  return shaken_at_ && now - *shaken_at_ < kShakeGrace && forgiven_.insert(relay).second;
}

// While it answers, a relay may send somebody before we have read the answer.
bool Roster::takes_circuits_from(const PeerId& relay, Instant now) const {
  const ReservationLife* const life = find(relay);
  if (life != nullptr && (life->is_trying() || life->is_held(now))) return true;
  const auto retired = retired_.find(relay);
  return retired != retired_.end() && now < retired->second;
}

bool Roster::is_protected(const PeerId& relay, Instant now) const {
  const ReservationLife* const life = find(relay);
  return life != nullptr && (life->is_trying() || life->is_held(now));
}

std::vector<ReservationStatus> Roster::statuses(Instant now) const {
  std::vector<ReservationStatus> statuses;
  for (const ReservationLife& life : lives_) statuses.push_back(life.status(now));
  return statuses;
}

std::vector<Multiaddr> Roster::addresses(Instant now) const {
  std::vector<Multiaddr> addresses;
  for (const ReservationLife& life : lives_) {
    if (!life.is_held(now)) continue;
    const auto& ours = life.grant().addresses;
    addresses.insert(addresses.end(), ours.begin(), ours.end());
  }
  return addresses;
}

}  // namespace warren::relay
