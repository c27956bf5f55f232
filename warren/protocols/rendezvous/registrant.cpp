#include "warren/protocols/rendezvous/registrant.hpp"

#include "warren/async/as_result.hpp"
#include "warren/async/cancellation.hpp"
#include "warren/async/race.hpp"
#include "warren/base/log.hpp"
#include "warren/env/clock.hpp"

namespace warren::rendezvous {

namespace {

constexpr std::string_view kTag = "rendezvous";
// A clean leave waits no longer for all points together.
constexpr Duration kLeaveTimeout = 1s;
constexpr std::uint32_t kDoublingsMax = 8;
// A point that grants next to nothing is not asked more often for it.
constexpr Duration kRenewIntervalMin = 30s;

Duration backoff(std::uint32_t failures) {
  return std::min<Duration>(kVisitInterval * (1U << std::min(failures - 1, kDoublingsMax)), kVisitBackoffMax);
}

}  // namespace

Registrant::Registrant(Host& host, std::vector<PeerInfo> points, std::string name_space)
    : host_(host), name_space_(std::move(name_space)), tasks_(host.env().executor, "rendezvous") {
  for (PeerInfo& info : points) {
    if (info.id != host.peer_id()) points_.push_back({.info = std::move(info)});
  }
}

void Registrant::start() {
  HostEvents& events = host_.events();
  subscriptions_.push_back(events.addresses_changed.subscribe([this] {
    ++addresses_version_;
    changed_.notify_all();
  }));
  subscriptions_.push_back(
      events.connected.subscribe([this](const ConnectionPtr& c) { on_connected(c->remote_peer()); }));
  subscriptions_.push_back(
      events.disconnected.subscribe([this](const ConnectionPtr& c) { on_disconnected(c->remote_peer()); }));
  for (Point& point : points_) {
    std::ignore = host_.protect(point.info.id, kTag);
    tasks_.spawn(keep(&point));
  }
}

Task<void> Registrant::close() {
  if (tasks_.closed()) co_return;
  subscriptions_.clear();
  co_await tasks_.close();
  TaskGroup leaving(host_.env().executor, "rendezvous.leave");
  for (Point& point : points_) {
    host_.unprotect(point.info.id, kTag);
    const auto open = host_.connections(point.info.id);
    if (std::exchange(point.registered, false) && !open.empty()) leaving.spawn(leave(open.front()));
  }
  co_await finally(leaving.join(), leaving.close());
}

Task<void> Registrant::leave(ConnectionPtr connection) {
  co_await with_timeout(host_.env().clock, kLeaveTimeout,
                        withdraw(host_, std::move(connection), name_space_));
}

void Registrant::on_connected(const PeerId& peer) {
  for (Point& point : points_) {
    if (point.info.id != peer || point.failures == 0) continue;
    point.failures = 0;
    changed_.notify_all();
  }
}

void Registrant::on_disconnected(const PeerId& peer) {
  if (!host_.connections(peer).empty()) return;
  for (Point& point : points_) {
    if (point.info.id != peer) continue;
    point.registered = false;
    point.lost = true;
  }
}

bool Registrant::must_register(const Point& point) const {
  const bool moved = point.addresses_seen != addresses_version_;
  return moved || point.lost || point.register_at <= host_.env().clock.now();
}

Instant Registrant::next_visit(const Point& point) const {
  if (point.failures > 0) return point.visited + backoff(point.failures);
  const bool moved = point.addresses_seen != addresses_version_;
  const Instant due = moved ? Instant::min() : std::min(point.register_at, point.visited + point.pause);
  return std::max(due, point.visited + kVisitInterval);
}

Task<void> Registrant::keep(Point* point) {
  while (true) {
    const auto visited = co_await as_result(visit(point));
    point->visited = host_.env().clock.now();
    point->error = visited ? std::error_code() : visited.error();
    if (visited) {
      point->failures = 0;
    } else {
      ++point->failures;
      log::debug("rendezvous", point->info.id.short_text() + ": " + visited.error().message());
    }
    co_await wait(point);
  }
}

Task<void> Registrant::wait(Point* point) {
  Clock& clock = host_.env().clock;
  while (clock.now() < next_visit(*point)) {
    const Instant until = next_visit(*point);
    co_await race(changed_.wait(), clock.sleep_until(until));
  }
}

Task<void> Registrant::visit(Point* point) {
  const ConnectionPtr connection = co_await host_.connect(point->info);
  point->refusal.reset();
  if (must_register(*point)) co_await register_at(point, connection);
  co_await discover_at(point, connection);
  const auto share = static_cast<std::uint64_t>(kDiscoverInterval.count() / 4);
  point->pause = kDiscoverInterval - Duration(host_.env().random.below(share));
}

Task<void> Registrant::register_at(Point* point, ConnectionPtr connection) {
  const std::uint64_t version = addresses_version_;
  std::vector<Multiaddr> addresses = registrable(*connection, host_.addresses());
  const bool useful = !addresses.empty();  // else nobody could reach us by it
  std::expected<std::chrono::seconds, Status> granted = std::unexpected(Status::kOk);
  if (useful) granted = co_await enroll(host_, connection, name_space_, std::move(addresses));
  const Instant now = host_.env().clock.now();
  point->addresses_seen = version;
  point->lost = false;
  point->registered = granted.has_value() && connection->is_open();
  if (granted) {
    point->register_at = now + std::max<Duration>(*granted * 3 / 4, kRenewIntervalMin);
    co_return;
  }
  point->register_at = now + kRefusedInterval;
  if (!useful) co_return;
  point->refusal = granted.error();
  log::info("rendezvous", point->info.id.short_text() +
                              " does not register this node: " + std::string(to_string(granted.error())));
}

Task<void> Registrant::discover_at(Point* point, ConnectionPtr connection) {
  for (std::size_t page = 0; page < kPagesMax; ++page) {
    const bool afresh = point->cookie.empty();
    const auto discovered = co_await discover(host_, connection, name_space_, 0, point->cookie);
    if (!discovered && discovered.error() == Status::kInvalidCookie && !afresh) {
      point->cookie.clear();  // the point was restarted
      continue;
    }
    if (!discovered) {
      point->refusal = discovered.error();
      co_return;
    }
    if (discovered->refused > 0)
      log::debug("rendezvous", point->info.id.short_text() + " has named peers with records not their own");
    point->cookie = discovered->cookie;
    for (const Found& each : discovered->found) {
      if (each.record.peer_id == host_.peer_id()) continue;
      found_.emit(PeerInfo{each.record.peer_id, each.record.addresses});
    }
    // Points of which no cookie comes give all they have each time.
    if (discovered->found.empty() || discovered->cookie.empty()) co_return;
  }
}

}  // namespace warren::rendezvous
