#include "warren/protocols/relay/client.hpp"

#include <algorithm>

#include "warren/async/as_result.hpp"
#include "warren/base/log.hpp"
#include "warren/core/spoken_protocol.hpp"
#include "warren/protocols/relay/reserve.hpp"

namespace warren::relay {

namespace {

constexpr std::string_view kTag = "relay";

// Identify needs some round trips after a connection; who is described later is found later.
constexpr Duration kLookIntervalHaste = 100ms;
constexpr Duration kHasteTime = 10s;
constexpr Duration kLookIntervalNews = 500ms;
constexpr Duration kNewsLife = 5s;
constexpr Duration kLookInterval = 2s;
// The clock is looked at so often.
constexpr Duration kWaitMax = 10s;
// Between two calls for candidates: twice as long each time, up to the second one while nothing is held, the
// third one otherwise.
constexpr Duration kHungryInterval = 5s;
constexpr Duration kHungryIntervalMaxInNeed = 30s;
constexpr Duration kHungryIntervalMax = 5min;

}  // namespace

Client::Client(Host& host, CircuitTransport& transport, ClientConfig config)
    : host_(host),
      transport_(transport),
      config_(std::move(config)),
      roster_(config_.configured, config_.wanted_max),
      hungry_interval_(kHungryInterval),
      tasks_(host.env().executor, "relay.client") {}

Client::~Client() = default;

void Client::start() {
  transport_.takes_circuits_from = [this](const PeerId& relay) {
    return roster_.takes_circuits_from(relay, now());
  };
  HostEvents& events = host_.events();
  subscriptions_.push_back(events.connected.subscribe([this](const ConnectionPtr& c) { on_connected(*c); }));
  subscriptions_.push_back(
      events.disconnected.subscribe([this](const ConnectionPtr& c) { on_disconnected(*c); }));
  subscriptions_.push_back(events.network_changed.subscribe([this] { on_network_changed(); }));
  tasks_.spawn(run());
}

Task<void> Client::close() {
  subscriptions_.clear();
  transport_.takes_circuits_from = nullptr;
  for (const PeerId& relay : std::exchange(protected_, {})) host_.unprotect(relay, kTag);
  co_await tasks_.close();
}

void Client::want(bool wanted) {
  if (wanted == roster_.is_wanted()) return;
  roster_.want(wanted, now());
  hungry_next_ = now();
  make_haste();
}

void Client::offer(PeerInfo candidate) {
  if (candidate.id == host_.peer_id()) return;
  roster_.offer(std::move(candidate), {}, now());
  poke();
}

std::vector<ReservationStatus> Client::reservations() const {
  std::vector<ReservationStatus> statuses = roster_.statuses(now());
  for (ReservationStatus& status : statuses) {
    const ConnectionPtr connection = direct_connection(host_, status.relay);
    if (connection != nullptr && connection->round_trip_time() > Duration::zero()) {
      status.round_trip_time = connection->round_trip_time();
    } else {
      status.round_trip_time = host_.peerstore().latency(status.relay);
    }
  }
  return statuses;
}

std::vector<Multiaddr> Client::addresses() const {
  return roster_.addresses(now());
}

void Client::poke() {
  poked_ = true;
  poked_event_.notify_all();
}

double Client::jitter() {
  constexpr std::uint64_t kSteps = 1 << 20;
  return static_cast<double>(host_.env().random.below(kSteps)) / kSteps;
}

void Client::on_connected(const Connection& connection) {
  if (is_circuit(connection.remote_address())) return;
  news_at_ = now();
  roster_.hope(connection.remote_peer(), now());
  if (roster_.is_wanted()) poke();
}

void Client::on_disconnected(const Connection& connection) {
  if (is_circuit(connection.remote_address())) return;
  const PeerId& relay = connection.remote_peer();
  const bool matters = roster_.is_protected(relay, now());
  if (direct_connection(host_, relay) != nullptr) {
    roster_.doubt(relay, now());  // it may have been bound to that connection
  } else {
    roster_.lost(relay, now(), jitter());
  }
  if (matters) make_haste();
}

void Client::on_network_changed() {
  roster_.shake(now());
  make_haste();
}

void Client::look_around() {
  const bool needed = roster_.is_short(now()) || roster_.lacks_diversity(now());
  if (!needed || now() < looked_at_ + look_interval()) return;
  looked_at_ = now();
  for (const ConnectionPtr& connection : host_.connections()) {
    const PeerId& peer = connection->remote_peer();
    const Multiaddr remote = connection->remote_address();
    if (!connection->is_open() || is_circuit(remote)) continue;
    if (!speaks(host_.peerstore(), peer, kHopProtocol).value_or(false)) continue;
    PeerInfo info{.id = peer, .addresses = {}};
    if (connection->direction() == Direction::kOutbound) info.addresses.push_back(remote);
    roster_.offer(std::move(info), network_of(remote), now());
    const Duration measured = connection->round_trip_time();
    if (measured > Duration::zero()) roster_.ranking().note_round_trip(peer, measured, now());
  }
}

void Client::look_after_withdrawn() {
  std::set<PeerId> withdrawn;
  for (const PeerId& relay : protected_) {
    if (speaks(host_.peerstore(), relay, kHopProtocol).value_or(true)) continue;
    withdrawn.insert(relay);
    if (!withdrawn_.contains(relay)) roster_.doubt(relay, now());
  }
  withdrawn_ = std::move(withdrawn);
}

void Client::make_haste() {
  in_haste_until_ = now() + kHasteTime;
  hungry_interval_ = kHungryInterval;
  poke();
}

Duration Client::look_interval() const {
  if (now() < in_haste_until_) return kLookIntervalHaste;
  return now() - kNewsLife < news_at_ ? kLookIntervalNews : kLookInterval;
}

Task<void> Client::run() {
  while (true) {
    poked_ = false;
    if (clock_watch_.jumped(now(), host_.env().clock.wall_now())) roster_.shake(now());
    look_around();
    look_after_withdrawn();
    for (PeerInfo& relay : roster_.begin(now())) tasks_.spawn(ask(std::move(relay)));
    publish();
    tell_hunger();
    co_await wait();
  }
}

Task<void> Client::wait() {
  Clock& clock = host_.env().clock;
  Instant until = std::min(roster_.next(clock.now()), clock.now() + kWaitMax);
  if (roster_.is_short(clock.now())) until = std::min(until, clock.now() + look_interval());
  // At least one turn of the loop passes, so that others run.
  const Duration left = std::max<Duration>(until - clock.now(), 1ms);
  if (poked_) co_return;
  const auto poked = co_await as_result(with_timeout(clock, left, poked_event_.wait()));
  std::ignore = poked;  // or the time is over
}

Task<void> Client::ask(PeerInfo relay) {
  const PeerId id = relay.id;
  const auto granted =
      co_await as_result(with_timeout(host_.env().clock, kTryTimeout, reserve_at(std::move(relay))));
  if (granted) {
    roster_.granted(id, *granted, now());
  } else {
    log::debug("relay", "no reservation at " + id.short_text() + ": " + granted.error().message());
    roster_.failed(id, granted.error(), now(), jitter());
  }
  poke();
}

Task<Grant> Client::reserve_at(PeerInfo relay) {
  const PeerId id = relay.id;
  ConnectionPtr connection = direct_connection(host_, id);
  if (connection == nullptr) {
    connection = co_await host_.connect_over(PathPolicy::kDirectOnly, std::move(relay));
    if (is_circuit(connection->remote_address())) throw_error(Errc::kNoDirectPath);
  }
  Grant grant = co_await reserve(host_, connection, config_.private_networks);
  const Duration measured = connection->round_trip_time();
  if (measured > Duration::zero()) roster_.ranking().note_round_trip(id, measured, now());
  co_return grant;
}

void Client::publish() {
  std::set<PeerId> wanted;
  for (const ReservationStatus& status : roster_.statuses(now())) {
    if (roster_.is_protected(status.relay, now())) wanted.insert(status.relay);
  }
  for (const PeerId& relay : wanted) {
    if (!protected_.contains(relay)) std::ignore = host_.protect(relay, kTag);
  }
  for (const PeerId& relay : protected_) {
    if (!wanted.contains(relay)) host_.unprotect(relay, kTag);
  }
  protected_ = std::move(wanted);
  std::vector<Multiaddr> addresses = roster_.addresses(now());
  if (addresses == published_) return;
  published_ = std::move(addresses);
  changed_.emit();
}

void Client::tell_hunger() {
  if (!roster_.is_hungry(now()) || now() < hungry_next_) return;
  const Duration longest = roster_.held(now()) == 0 ? kHungryIntervalMaxInNeed : kHungryIntervalMax;
  hungry_interval_ = std::min(hungry_interval_, longest);
  hungry_next_ = now() + hungry_interval_;
  hungry_interval_ *= 2;
  hungry_.emit();
}

}  // namespace warren::relay
