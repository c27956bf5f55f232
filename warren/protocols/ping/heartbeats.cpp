#include "warren/protocols/ping/heartbeats.hpp"

#include <algorithm>
#include <utility>

#include "warren/async/as_result.hpp"
#include "warren/base/log.hpp"
#include "warren/protocols/ping/ping.hpp"

namespace warren::ping {
namespace {

constexpr std::string_view kComponent = "heartbeat";

// go-libp2p ends a ping stream that is idle for 10 s, and any after 30 s.
constexpr Duration kStreamIdleMax = 8s;
constexpr Duration kStreamAgeMax = 25s;
// A circuit is no mapping of ours: the relay holds its own connections, and counts bytes.
constexpr int kRelayedIdleFactor = 2;
// Who looks that much later than planned was not running.
constexpr Duration kSleptMin = 2s;

// Changes when bytes from the peer are counted by somebody: QUIC measures with each acknowledgement, and a
// circuit's budget is kept.
struct LifeSign {
  Duration round_trip{};
  std::uint64_t received = 0;
  bool operator==(const LifeSign&) const = default;
};

LifeSign life_sign(const Connection& connection) {
  const CircuitBudget* const budget = connection.circuit_budget();
  return {connection.round_trip_time(), budget == nullptr ? 0 : budget->received};
}

bool is_relayed(const Connection& connection) {
  return is_circuit(connection.remote_address());
}

HeartbeatTimes times_for(const Connection& connection, HeartbeatTimes times) {
  if (is_relayed(connection)) times.idle_interval *= kRelayedIdleFactor;
  return times;
}

// Who ranks paths looks at each change.
void tell(Connection& connection, const PathHealth& health) {
  const PathHealth known = connection.health();
  if (health.round_trip_time == known.round_trip_time && health.loss == known.loss &&
      health.is_suspect == known.is_suspect)
    return;
  connection.note_health(health);
}

Task<void> say_goodbye(StreamPtr stream) {
  co_await stream->close_write();
  std::array<std::uint8_t, 1> rest;
  co_await stream->read_some(rest);
}

}  // namespace

// Between two beats of a used path.
struct Heartbeats::Held {
  StreamPtr stream;
  Instant opened{};
  Instant used{};

  bool is_usable(Instant now) const {
    return stream && now - used < kStreamIdleMax && now - opened < kStreamAgeMax;
  }
};

struct Heartbeats::Path {
  Path(ConnectionPtr connection, Instant now, const HeartbeatTimes& times)
      : connection(std::move(connection)),
        heartbeat(now, this->connection->round_trip_time(), times_for(*this->connection, times)),
        sign(life_sign(*this->connection)) {}

  ConnectionPtr connection;
  bool through_nat = false;
  bool ended = false;  // no longer watched
  bool mute = false;   // the peer does not speak ping
  bool was_suspect = false;
  Heartbeat heartbeat;
  LifeSign sign;
  std::optional<Instant> planned;  // when to look again
  Held held;
  Event changed;
};

Heartbeats::Heartbeats(Host& host, HeartbeatTimes times)
    : host_(host), times_(times), tasks_(host.env().executor, "heartbeats") {}

void Heartbeats::start() {
  HostEvents& events = host_.events();
  subscriptions_.push_back(
      events.connected.subscribe([this](const ConnectionPtr& c) { review(c->remote_peer()); }));
  subscriptions_.push_back(events.disconnected.subscribe([this](const ConnectionPtr& c) {
    forget(*c);
    review(c->remote_peer());
  }));
  subscriptions_.push_back(
      events.path_changed.subscribe([this](const PathChange& change) { review(change.peer); }));
  for (const ConnectionPtr& connection : host_.connections()) review(connection->remote_peer());
}

Task<void> Heartbeats::close() {
  subscriptions_.clear();
  for (const auto& [_, path] : std::exchange(paths_, {})) path->ended = true;
  co_await tasks_.close();
}

// --- which ---

void Heartbeats::review(const PeerId& peer) {
  const std::vector<ConnectionPtr> open = host_.connections(peer);
  const bool any_relayed = std::ranges::any_of(open, [](const auto& c) { return is_relayed(*c); });
  for (const ConnectionPtr& connection : open) {
    const bool through_nat = any_relayed && !is_relayed(*connection);
    Path* const path = find(*connection);
    if (path != nullptr) path->through_nat = path->through_nat || through_nat;
    if (path == nullptr && open.size() > 1) watch(connection, through_nat);
    if (path != nullptr && open.size() == 1 && !path->through_nat) forget(*connection);
  }
}

void Heartbeats::watch(const ConnectionPtr& connection, bool through_nat) {
  if (paths_.size() >= kPathsMax || tasks_.closed()) return;
  const auto path = std::make_shared<Path>(connection, host_.env().clock.now(), times_);
  path->through_nat = through_nat;
  paths_.emplace(connection.get(), path);
  tasks_.spawn(run(path));
}

void Heartbeats::forget(const Connection& connection) {
  const auto found = paths_.find(&connection);
  if (found == paths_.end()) return;
  const PathPtr path = found->second;
  paths_.erase(found);
  path->ended = true;
  path->held = {};
  path->changed.notify_all();
}

Heartbeats::Path* Heartbeats::find(const Connection& connection) const {
  const auto found = paths_.find(&connection);
  return found == paths_.end() ? nullptr : found->second.get();
}

std::vector<Heartbeats::Path*> Heartbeats::others(const Path& path) const {
  std::vector<Path*> found;
  for (const auto& [_, other] : paths_) {
    if (other.get() != &path && other->connection->remote_peer() == path.connection->remote_peer())
      found.push_back(other.get());
  }
  return found;
}

// --- when ---

void Heartbeats::note_use(const Connection& connection) {
  Path* const path = find(connection);
  if (path == nullptr) return;
  const Instant now = host_.env().clock.now();
  const bool was_busy = path->heartbeat.is_busy(now);
  path->heartbeat.use(now);
  // A busy one looks each second anyway.
  if (!was_busy) path->changed.notify_all();
}

void Heartbeats::note_heard(const Connection& connection) {
  if (Path* const path = find(connection)) path->heartbeat.hear(host_.env().clock.now());
}

void Heartbeats::check_now() {
  const Instant now = host_.env().clock.now();
  for (const auto& [_, path] : paths_) {
    path->heartbeat.check(now);
    path->sign = life_sign(*path->connection);
    path->held = {};
    path->planned.reset();
    path->changed.notify_all();
  }
}

Task<void> Heartbeats::run(PathPtr path) {
  Clock& clock = host_.env().clock;
  while (!path->ended && !path->mute) {
    look(*path);
    if (path->ended) co_return;
    const Instant now = clock.now();
    if (path->heartbeat.is_due(now)) {
      const double chance = static_cast<double>(host_.env().random.below(1000)) / 1000;
      tasks_.spawn(beat(path, path->heartbeat.send(now, chance)));
    }
    path->planned = path->heartbeat.next(now);
    co_await race(path->changed.wait(), clock.sleep_until(*path->planned));
  }
}

// Brings the path's health up to date, and closes it when it is dead.
void Heartbeats::look(Path& path) {
  const Instant now = host_.env().clock.now();
  Heartbeat& heartbeat = path.heartbeat;
  if (path.planned && now - *path.planned > kSleptMin) heartbeat.resume(now);
  const LifeSign sign = life_sign(*path.connection);
  if (sign != std::exchange(path.sign, sign)) heartbeat.hear(now);
  heartbeat.look(now);
  tell(*path.connection, heartbeat.health(now));
  const bool is_suspect = heartbeat.verdict(now, false) != PathVerdict::kGood;
  const bool was_suspect = std::exchange(path.was_suspect, is_suspect);
  if (!is_suspect) return;
  const auto alternatives = others(path);
  const Instant since = heartbeat.silent_since(now);
  const bool another_answers = std::ranges::any_of(
      alternatives, [since](const Path* other) { return other->heartbeat.heard_at() >= since; });
  if (heartbeat.verdict(now, another_answers) == PathVerdict::kDead) {
    log::info(kComponent, "silent, and closed: the path to " + path.connection->remote_peer().short_text() +
                              " at " + path.connection->remote_address().to_string());
    const ConnectionPtr connection = path.connection;
    forget(*connection);
    connection->close_because(Errc::kPathSilent);
    return;
  }
  if (another_answers || was_suspect) return;
  for (Path* const other : alternatives) {
    other->heartbeat.ask();
    other->changed.notify_all();
  }
}

// --- one beat ---

Task<void> Heartbeats::beat(PathPtr path, Heartbeat::Beat beat) {
  Clock& clock = host_.env().clock;
  auto answer = co_await as_result(beat_on_stream(path));
  if (path->ended || !path->connection->is_open()) co_return;
  const Instant now = clock.now();
  if (answer) {
    path->heartbeat.answer(beat, now);
    answered(*path);
    co_await put_away(path, std::move(*answer));
  } else if (answer.error() == Errc::kProtocolNotSupported) {
    path->mute = true;
    path->changed.notify_all();
  } else if (answer.error() == Errc::kReset || answer.error() == Errc::kEndOfStream) {
    // The peer is there, and has no place for one more ping.
    path->heartbeat.answer(beat, now);
    answered(*path);
  } else if (answer.error() == Errc::kLimitReached) {
    path->heartbeat.take_back(beat);
  }
}

// Others may wait for this to know that it is they who are silent.
void Heartbeats::answered(Path& path) {
  path.changed.notify_all();
  for (Path* const other : others(path)) {
    if (other->was_suspect) other->changed.notify_all();
  }
}

Task<Heartbeats::Held> Heartbeats::beat_on_stream(PathPtr path) {
  Env& env = host_.env();
  Held held = std::exchange(path->held, {});
  if (held.is_usable(env.clock.now())) {
    const auto answer = co_await as_result(ping(env, *held.stream));
    if (answer) co_return std::move(held);
    if (answer.error() == Errc::kTimedOut) throw_error(answer.error());
    // The peer ended it; that says nothing.
  }
  held.opened = env.clock.now();
  held.stream = co_await path->connection->open_stream(ProtocolId(kProtocol));
  co_await ping(env, *held.stream);
  co_return std::move(held);
}

Task<void> Heartbeats::put_away(PathPtr path, Held held) {
  const Instant now = host_.env().clock.now();
  if (!path->held.stream && path->heartbeat.is_busy(now)) {
    held.used = now;
    path->held = std::move(held);
    co_return;
  }
  co_await as_result(with_timeout(host_.env().clock, kGoodbyeTimeout, say_goodbye(std::move(held.stream))));
}

}  // namespace warren::ping
