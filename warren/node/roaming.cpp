#include "warren/node/roaming.hpp"

#include <algorithm>

#include "warren/async/as_result.hpp"
#include "warren/async/cancellation.hpp"
#include "warren/base/log.hpp"
#include "warren/core/circuit.hpp"
#include "warren/node/network_watch.hpp"

namespace warren {

namespace {

bool is_silence(std::error_code reason) {
  return reason == Errc::kPathSilent || reason == Errc::kTimedOut;
}

// Neither side has wished it.
bool is_accident(std::error_code reason) {
  return reason && reason != Errc::kClosed && reason != Errc::kDenied && reason != Errc::kLimitReached;
}

Tie tie_of(const Connection& connection) {
  if (is_circuit(connection.remote_address())) return Tie::kPartner;
  return connection.direction() == Direction::kInbound ? Tie::kDialedUs : Tie::kDialed;
}

}  // namespace

Roaming::Roaming(SwarmHost& host, relay::Client& relays, NatSurveyor* surveyor)
    : host_(host), relays_(relays), surveyor_(surveyor), tasks_(host.env().executor, "roaming") {}

void Roaming::start() {
  Env& env = host_.env();
  interfaces_ = env.network.interface_addresses();
  HostEvents& events = host_.events();
  subscriptions_.push_back(events.connected.subscribe([this](const ConnectionPtr& c) { on_connected(c); }));
  subscriptions_.push_back(
      events.disconnected.subscribe([this](const ConnectionPtr& c) { on_disconnected(c); }));
  subscriptions_.push_back(events.network_changed.subscribe([this] { on_network_changed(); }));
  for (const ConnectionPtr& connection : host_.connections()) on_connected(connection);
  tasks_.spawn(watch_network(&host_));
  tasks_.spawn(watch_sleep(&env.clock, [this] { wake_up(); }));
  tasks_.spawn(pulse());
  tasks_.spawn(redial());
}

Task<void> Roaming::close() {
  subscriptions_.clear();
  co_await tasks_.close();
}

void Roaming::note_told(const ConnectionPtr& connection) {
  look_after_direct(*connection, kCheckIntervalMin);
}

void Roaming::note_use(const Connection& connection) {
  companions_.used(connection.remote_peer(), now());
  if (!is_circuit(connection.remote_address())) return;
  if (used_at_ && now() - *used_at_ < kUseInterval) return;
  used_at_ = now();
  look_after_direct(connection, kCheckInterval);
}

// --- what happens ---

void Roaming::on_connected(const ConnectionPtr& connection) {
  const PeerId& peer = connection->remote_peer();
  companions_.met(peer, tie_of(*connection), now());
  silent_.erase(peer);
  if (connection->direction() != Direction::kInbound) return;
  look_after_direct(*connection, kCheckIntervalMin);
  for (const ConnectionPtr& other : host_.connections(peer)) {
    // Others cause these: they leave room.
    if (other != connection && checks_ < kChecksMax / 2) check(other, Doubt::kUnsure, kCheckInterval);
  }
}

// Who has a direct path that works comes by it, and not through a relay. A busy one over TCP may answer late.
void Roaming::look_after_direct(const Connection& relayed, Duration interval) {
  if (!is_circuit(relayed.remote_address())) return;
  for (const ConnectionPtr& other : host_.connections(relayed.remote_peer())) {
    if (is_circuit(other->remote_address()) || checks_ >= kChecksMax / 2) continue;
    const bool is_quic = other->local_address().has(Protocol::kQuicV1);
    check(other, is_quic ? Doubt::kMoved : Doubt::kChanged, interval);
  }
}

void Roaming::on_disconnected(const ConnectionPtr& connection) {
  const PeerId peer = connection->remote_peer();
  const std::error_code reason = connection->end_reason();
  checked_.erase(connection.get());
  const bool mattered = matters(peer);
  if (host_.connections(peer).empty()) {
    companions_.lost(peer, is_accident(reason), now());
    woken_.notify_all();
  }
  if (mattered && is_silence(reason)) note_silence(peer);
}

bool Roaming::has_moved() {
  auto before = std::exchange(interfaces_, host_.env().network.interface_addresses());
  return std::ranges::any_of(before, [this](const IpAddress& address) {
    return std::ranges::find(interfaces_, address) == interfaces_.end();
  });
}

void Roaming::on_network_changed() {
  if (is_cut_off(host_.env().network)) return;  // what has moved is seen when there is a network again
  const bool moved = has_moved() || std::exchange(slept_, false);
  presumed_at_ = now();
  silent_.clear();
  companions_.unrest(now());
  woken_.notify_all();
  if (!presuming_) check_all(moved ? Doubt::kMoved : Doubt::kChanged, true);
}

bool Roaming::matters(const PeerId& peer) const {
  if (companions_.tie(peer) == Tie::kPartner) return true;
  const auto reservations = relays_.reservations();
  return std::ranges::find(reservations, peer, &relay::ReservationStatus::relay) != reservations.end();
}

void Roaming::doubt() {
  if (doubted_at_ && now() - *doubted_at_ < kDoubtInterval) return;
  doubted_at_ = now();
  check_all(Doubt::kUnsure, false);
  if (surveyor_ != nullptr) surveyor_->ask_again();  // our mapping may be another one
}

void Roaming::wake_up() {
  slept_ = true;
  host_.network_changed();
}

// One peer may have gone. When two do so together, it is the way that they have in common: ours.
void Roaming::note_silence(const PeerId& peer) {
  std::erase_if(silent_, [this](const auto& entry) { return now() - entry.second > kTogether; });
  silent_.insert_or_assign(peer, now());
  doubt();
  if (silent_.size() < 2 || (presumed_at_ && now() - *presumed_at_ < kPresumeInterval)) return;
  presumed_at_ = now();
  tasks_.spawn(presume_change());
}

Task<void> Roaming::presume_change() {
  log::info("network", "several peers fell silent at once: a router on our way may have forgotten us");
  presuming_ = true;
  host_.network_changed();
  presuming_ = false;
  co_return;
}

// --- looking after paths ---

void Roaming::check_all(Doubt doubt, bool all) {
  auto connections = host_.connections();
  const auto rest = std::ranges::partition(
      connections, [this](const ConnectionPtr& connection) { return matters(connection->remote_peer()); });
  if (!all) connections.erase(rest.begin(), rest.end());
  // Some machines' links come and go all the time.
  const Duration interval = doubt == Doubt::kMoved ? kCheckIntervalMin : kCheckInterval;
  for (const ConnectionPtr& connection : connections) check(connection, doubt, interval);
}

bool Roaming::check(const ConnectionPtr& connection, Doubt doubt, Duration interval) {
  if (!connection->is_open() || checks_ >= kChecksMax) return false;
  const auto known = checked_.find(connection.get());
  if (known != checked_.end() && now() - known->second < interval) return false;
  checked_.insert_or_assign(connection.get(), now());
  tasks_.spawn(run_check(connection, doubt));
  ++checks_;
  return true;
}

Task<void> Roaming::run_check(ConnectionPtr connection, Doubt doubt) {
  std::function<void()> on_late;
  if (doubt == Doubt::kUnsure && matters(connection->remote_peer())) on_late = [this] { this->doubt(); };
  auto checking = check_path(&host_.env(), std::move(connection), doubt, std::move(on_late));
  const auto open = co_await as_result(std::move(checking));
  std::ignore = open;  // a closed one is told by its end
  --checks_;
}

ConnectionPtr Roaming::next_relay() {
  std::vector<PeerId> held;
  for (const relay::ReservationStatus& reservation : relays_.reservations()) {
    using enum relay::ReservationState;
    if (reservation.state == kHeld || reservation.state == kRenewing) held.push_back(reservation.relay);
  }
  if (held.empty()) return nullptr;
  std::ranges::sort(held);
  const auto next = pulsed_ ? std::ranges::upper_bound(held, *pulsed_) : held.begin();
  pulsed_ = next == held.end() ? held.front() : *next;
  return relay::direct_connection(host_, *pulsed_);
}

Task<void> Roaming::pulse() {
  while (true) {
    co_await host_.env().clock.sleep_for(kPulse);
    const ConnectionPtr connection = next_relay();
    if (connection != nullptr) check(connection, Doubt::kUnsure, kCheckInterval);
  }
}

// --- coming back ---

Task<void> Roaming::redial() {
  Clock& clock = host_.env().clock;
  while (true) {
    for (PeerId& peer : companions_.begin(now())) tasks_.spawn(dial(std::move(peer)));
    const Instant next = companions_.next();
    if (next == Instant::max()) {
      co_await woken_.wait();
    } else {
      co_await race(clock.sleep_until(next), woken_.wait());
    }
  }
}

Task<void> Roaming::dial(PeerId peer) {
  PeerInfo whom{peer, {}};
  auto connecting = host_.connect_over(PathPolicy::kAny, std::move(whom));
  const auto reached =
      co_await as_result(with_timeout(host_.env().clock, kRedialTimeout, std::move(connecting)));
  if (!reached) log::debug("roaming", peer.short_text() + " is not back: " + reached.error().message());
  companions_.ended(peer, now());
  woken_.notify_all();
}

}  // namespace warren
