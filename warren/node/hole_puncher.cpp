#include "warren/node/hole_puncher.hpp"

#include <algorithm>
#include <set>

#include "warren/async/as_result.hpp"
#include "warren/async/cancellation.hpp"
#include "warren/async/race.hpp"
#include "warren/base/log.hpp"
#include "warren/core/address_scope.hpp"
#include "warren/core/spoken_protocol.hpp"
#include "warren/node/own_position.hpp"
#include "warren/protocols/dcutr/candidates.hpp"

namespace warren {

namespace {

// A dial takes two round trips, three over TCP, and few direct paths are longer than the relayed one.
Duration plain_dial_time(const Connection& relayed) {
  const Duration round_trip_time = relayed.round_trip_time();
  if (round_trip_time == Duration()) return HolePuncher::kPlainDialTime;
  return std::clamp(3 * round_trip_time, HolePuncher::kPlainDialTimeMin, HolePuncher::kPlainDialTime);
}

}  // namespace

HolePuncher::HolePuncher(HolePuncherNeeds needs)
    : needs_(std::move(needs)), host_(needs_.host), tasks_(host_.env().executor, "hole puncher") {}

void HolePuncher::start() {
  HostEvents& events = host_.events();
  const auto log_outcome = [this](const DialOutcome& outcome) {
    needs_.log.add(outcome, host_.env().clock.now());
  };
  const auto log_round = [this](const PunchRound& round) { note_round(round); };
  subscriptions_.push_back(events.dialed.subscribe(log_outcome));
  subscriptions_.push_back(needs_.dcutr.ended().subscribe(log_round));
  subscriptions_.push_back(needs_.sprayer.ended().subscribe(log_round));
  subscriptions_.push_back(needs_.sprayer.told().subscribe(
      [this](const PeerId& peer, const spray::PeerPosition& position) { note_position(peer, position); }));
  subscriptions_.push_back(
      events.disconnected.subscribe([this](const ConnectionPtr& c) { disconnected(c->remote_peer()); }));
  if (!needs_.config.enabled) return;
  subscriptions_.push_back(events.connected.subscribe([this](const ConnectionPtr& c) { connected(*c); }));
  subscriptions_.push_back(events.network_changed.subscribe([this] {
    for (const auto& [peer, search] : searches_) begin_anew(*search);
  }));
  subscriptions_.push_back(
      needs_.identify.told().subscribe([this](const ConnectionPtr& c) { told(c->remote_peer()); }));
  subscriptions_.push_back(needs_.sprayer.begin_asked().subscribe([this](const ConnectionPtr& c) {
    const SearchPtr search = search_of(c->remote_peer());
    search->schedule.hurry(host_.env().clock.now());
    search->changed.notify_all();
  }));
}

Task<void> HolePuncher::close() {
  subscriptions_.clear();
  co_await tasks_.close();
}

// --- what is known ---

bool HolePuncher::has_direct(const PeerId& peer) const {
  const auto open = host_.connections(peer);
  return std::ranges::any_of(open, [](const ConnectionPtr& c) {
    return !is_circuit(c->remote_address()) && !c->health().is_suspect;
  });
}

ConnectionPtr HolePuncher::relayed_from(const PeerId& peer) const {
  if (has_direct(peer)) return nullptr;
  for (const ConnectionPtr& connection : host_.connections(peer)) {
    if (connection->direction() == Direction::kInbound && is_circuit(connection->remote_address()))
      return connection;
  }
  return nullptr;
}

std::optional<bool> HolePuncher::speaks_dcutr(const PeerId& peer) const {
  return speaks(host_.peerstore(), peer, dcutr::kProtocol);
}

std::optional<Instant> HolePuncher::next_try(const PeerId& peer) const {
  const auto found = searches_.find(peer);
  if (found == searches_.end() || !relayed_from(peer)) return std::nullopt;
  return found->second->schedule.next_try();
}

bool HolePuncher::is_seeking(const PeerId& peer) const {
  const auto found = searches_.find(peer);
  return found != searches_.end() && relayed_from(peer) && !found->second->schedule.next_try();
}

std::optional<spray::PeerPosition> HolePuncher::position_of(const PeerId& peer) const {
  const auto found = searches_.find(peer);
  return found == searches_.end() ? std::nullopt : found->second->position;
}

// --- what happens ---

HolePuncher::SearchPtr HolePuncher::search_of(const PeerId& peer) {
  SearchPtr& search = searches_[peer];
  if (!search) search = std::make_shared<Search>(host_.env().clock.now());
  if (needs_.config.enabled && !search->running && relayed_from(peer)) {
    search->running = true;
    tasks_.spawn(pursue(peer, search));
  }
  return search;
}

void HolePuncher::connected(const Connection& connection) {
  const PeerId& peer = connection.remote_peer();
  if (is_circuit(connection.remote_address())) {
    if (connection.direction() != Direction::kInbound) return;
    // Who dials again over a relay has lost the connection before, and whatever was agreed on there.
    const bool known = searches_.contains(peer);
    const SearchPtr search = search_of(peer);
    if (known) begin_anew(*search);
  } else if (const auto found = searches_.find(peer); found != searches_.end()) {
    found->second->changed.notify_all();
  }
}

void HolePuncher::disconnected(const PeerId& peer) {
  const auto found = searches_.find(peer);
  if (found == searches_.end()) return;
  if (host_.connections(peer).empty()) {
    found->second->changed.notify_all();
    searches_.erase(found);
    return;
  }
  // The direct path is gone, and the relayed one is there: from the beginning.
  if (!relayed_from(peer)) return;
  const SearchPtr search = search_of(peer);
  search->schedule.note_news(host_.env().clock.now());
  search->changed.notify_all();
}

void HolePuncher::told(const PeerId& peer) {
  const auto found = searches_.find(peer);
  if (found == searches_.end()) return;
  Search& search = *found->second;
  auto addresses = host_.peerstore().addresses(peer, host_.env().clock.now());
  std::erase_if(addresses, is_circuit);
  std::ranges::sort(addresses);
  const bool speaks_now = speaks_dcutr(peer).value_or(false);
  if (search.addresses == addresses && search.speaks == speaks_now) return;
  search.addresses = std::move(addresses);
  search.speaks = speaks_now;
  search.schedule.note_news(host_.env().clock.now());
  search.changed.notify_all();
}

// Where the peer begins, this is all that we hear of what it finds hopeless.
void HolePuncher::note_position(const PeerId& peer, const spray::PeerPosition& position) {
  if (host_.connections(peer).empty()) return;
  const SearchPtr search = search_of(peer);
  const NatPosition ours = needs_.position();
  const spray::Strategy strategy = spray::choose(ours, position);
  const auto before = std::exchange(search->position, position);
  const bool begins = relayed_from(peer) != nullptr;
  if (!strategy.worth_trying && !begins && !has_direct(peer)) note_hopeless(peer, strategy, false);
  if (!strategy.worth_trying || !begins) return;
  // A try that is under way hears of it by itself, but for one that has found it hopeless.
  const bool trying = !search->schedule.next_try();
  const bool is_news =
      trying ? before && !spray::choose(ours, *before).worth_trying : !before || !is_same(*before, position);
  if (!is_news) return;
  search->schedule.note_news(host_.env().clock.now());
  search->changed.notify_all();
}

void HolePuncher::note_round(const PunchRound& round) {
  needs_.log.add(round, host_.env().clock.now());
  needs_.meter.note_round(round);
  if (const auto found = searches_.find(round.peer); found != searches_.end())
    found->second->changed.notify_all();
}

void HolePuncher::begin_anew(Search& search) {
  search.outdated = true;
  search.schedule.note_news(host_.env().clock.now());
  search.changed.notify_all();
}

void HolePuncher::note_news() {
  for (const auto& [peer, search] : searches_) {
    search->schedule.note_news(host_.env().clock.now());
    search->changed.notify_all();
  }
  tell_position();
}

// Who begins may have found our old position hopeless, and would come back to it in a while only.
void HolePuncher::tell_position() {
  if (!needs_.config.enabled) return;
  std::set<PeerId> told;
  for (const ConnectionPtr& connection : host_.connections()) {
    const PeerId& peer = connection->remote_peer();
    const bool peer_begins =
        is_circuit(connection->remote_address()) && connection->direction() == Direction::kOutbound;
    if (!peer_begins || has_direct(peer) || told.size() >= kTellMax) continue;
    if (!speaks(host_.peerstore(), peer, spray::kProtocol).value_or(false)) continue;
    if (told.insert(peer).second) tasks_.spawn(tell_position_to(connection));
  }
}

Task<void> HolePuncher::tell_position_to(ConnectionPtr relayed) {
  const std::string peer = relayed->remote_peer().short_text();
  const auto told = co_await as_result(needs_.sprayer.exchange_positions(std::move(relayed)));
  if (!told) log::debug("punch", peer + " was not told where we are: " + told.error().message());
}

// --- what it does ---

Task<void> HolePuncher::pursue(PeerId peer, SearchPtr search) {
  co_await finally(keep_trying(peer, search), end_pursuit(peer, search));
}

Task<void> HolePuncher::end_pursuit(PeerId /*peer*/, SearchPtr search) {
  search->running = false;
  search->changed.notify_all();
  co_return;
}

Task<void> HolePuncher::keep_trying(PeerId peer, SearchPtr search) {
  Env& env = host_.env();
  while (const ConnectionPtr relayed = relayed_from(peer)) {
    if (!search->schedule.is_due(env.clock.now())) {
      const Instant next = *search->schedule.next_try();
      co_await race(env.clock.sleep_until(next), search->changed.wait());
      continue;
    }
    search->schedule.begin();
    search->outdated = false;
    const auto tried = co_await as_result(race(attempt(peer, relayed), wait_until_outdated(search)));
    if (!tried) log::debug("punch", peer.to_string() + ": " + tried.error().message());
    search->schedule.end(has_direct(peer), env.clock.now(), env.random);
    search->changed.notify_all();
  }
}

Task<void> HolePuncher::wait_until_outdated(SearchPtr search) {
  while (!search->outdated) co_await search->changed.wait();
}

Task<void> HolePuncher::attempt(PeerId peer, ConnectionPtr relayed) {
  co_await dial_plainly(peer, plain_dial_time(*relayed));
  if (!has_direct(peer)) co_await punch(peer, std::move(relayed));
}

// Whoever announces a public address may be reachable there (DCUtR, "unilateral connection upgrade").
Task<void> HolePuncher::dial_plainly(PeerId peer, Duration within) {
  const auto known = host_.peerstore().addresses(peer, host_.env().clock.now());
  const bool has_udp = needs_.position().udp;
  const bool is_public = std::ranges::any_of(known, [has_udp](const Multiaddr& address) {
    if (is_circuit(address) || scope_of(address) != AddressScope::kPublic) return false;
    return has_udp || !address.has(Protocol::kUdp);
  });
  if (!is_public) co_return;
  PeerInfo info{peer, {}};
  auto dialing = host_.connect_over(PathPolicy::kPreferDirect, std::move(info));
  // What it fails with is told as the outcome of each address.
  co_await as_result(with_timeout(host_.env().clock, within, std::move(dialing)));
}

// Who is behind the same NAT tells its addresses there, too, and whatever the NAT does is of no matter.
Task<void> HolePuncher::dial_nearby(PeerId peer, spray::PeerPosition theirs) {
  dcutr::Situation situation;
  situation.peer = peer;
  situation.ours = needs_.position();
  situation.seen_at = theirs.outside;
  PeerInfo info{peer, dcutr::to_try(situation, theirs.local)};
  if (info.addresses.empty()) co_return;
  auto dialing = host_.connect_over(PathPolicy::kPreferDirect, std::move(info));
  co_await as_result(with_timeout(host_.env().clock, kPlainDialTime, std::move(dialing)));
}

Task<void> HolePuncher::punch(PeerId peer, ConnectionPtr relayed) {
  if (!speaks(host_.peerstore(), peer, spray::kProtocol).value_or(false)) {
    co_await needs_.dcutr.punch(std::move(relayed));
    co_return;
  }
  const auto theirs = co_await as_result(needs_.sprayer.exchange_positions(relayed));
  if (!theirs) {
    co_await needs_.dcutr.punch(std::move(relayed));
    co_return;
  }
  co_await dial_nearby(peer, *theirs);
  if (has_direct(peer)) co_return;
  const spray::Strategy strategy = spray::choose(needs_.position(), *theirs);
  if (!strategy.worth_trying) {
    // Nobody has tested how a NAT filters TCP: it may let the hard side's dial in.
    if (strategy.reason == RelayReason::kUdpBlocked) co_await needs_.dcutr.punch(std::move(relayed));
    if (!has_direct(peer)) note_hopeless(peer, strategy, true);
    co_return;
  }
  // A spray costs much, and soon it may be known that our NAT lets the peer in without one.
  if (strategy.means == PathMeans::kSpray && !needs_.is_settled()) co_return;
  if (strategy.means == PathMeans::kSpray && needs_.config.spray) {
    co_await needs_.sprayer.spray(std::move(relayed));
  } else {
    co_await needs_.dcutr.punch(std::move(relayed));
  }
}

void HolePuncher::note_hopeless(const PeerId& peer, const spray::Strategy& strategy, bool ours) {
  PunchRound round{.peer = peer, .means = strategy.means, .ours = ours};
  round.began = host_.env().clock.now();
  round.error = make_error_code(Errc::kPunchFailed);
  round.reason = strategy.reason;
  note_round(round);
}

Task<void> HolePuncher::seek(PeerId peer) {
  const auto open = host_.connections(peer);
  if (open.empty() || has_direct(peer) || !needs_.config.enabled) co_return;
  const SearchPtr search = search_of(peer);
  if (!search->running) {
    for (const ConnectionPtr& connection : open) {
      if (!speaks(host_.peerstore(), peer, spray::kProtocol).value_or(false)) break;
      const auto asked = co_await as_result(needs_.sprayer.ask_to_begin(connection));
      if (asked) break;
    }
  }
  auto waiting = wait_for_peer(peer, search);
  co_await as_result(with_timeout(host_.env().clock, kPeerBeginsTime, std::move(waiting)));
}

// Until there is a direct path, or one more round has ended.
Task<void> HolePuncher::wait_for_peer(PeerId peer, SearchPtr search) {
  const std::uint64_t rounds = needs_.log.rounds_so_far(peer);
  search->schedule.hurry(host_.env().clock.now());
  search->changed.notify_all();
  while (!has_direct(peer) && !host_.connections(peer).empty() && needs_.log.rounds_so_far(peer) == rounds)
    co_await search->changed.wait();
}

}  // namespace warren
