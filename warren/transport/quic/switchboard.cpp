#include "warren/transport/quic/switchboard.hpp"

#include <boost/asio/this_coro.hpp>

#include "warren/async/as_result.hpp"
#include "warren/base/assert.hpp"

namespace warren::quic {

namespace {

// Of one connection before another's turn.
constexpr int kBatchesInTurn = 4;

// The library takes a pace that is so much ahead for kept.
constexpr Duration kAlarmGrain = 500us;
// Waking up costs as much as sending some dozen datagrams: what is due sooner waits for this long, if nothing
// else wakes us.
constexpr Duration kAlarmMin = 1ms;

constexpr Duration kFarewellMax = 200ms;  // for the socket to take the last datagrams

}  // namespace

Switchboard::Switchboard(const Executor& executor, Clock& clock, Random& random, const tls::CertifiedKey& key,
                         const SwitchboardLimits& limits)
    : clock_(clock),
      random_(random),
      limits_(limits),
      credentials_(key),
      secret_(random.bytes<kSecretSize>()),
      answer_rate_(limits.answers_per_second, limits.answers_per_second, clock.now()),
      unshown_rate_(limits.unshown_per_second, limits.unshown_per_second, clock.now()),
      own_half_open_("half_open_quic_max", "inbound QUIC handshakes under way", limits.half_open_max),
      tokens_(limits.tokens_max),
      buffer_(limits.connection.batch_max),
      tasks_(executor, "quic") {
  tasks_.spawn(send_loop());
}

Switchboard::~Switchboard() = default;

Task<std::unique_ptr<QuicConnection>> Switchboard::dial(Endpoint remote, std::optional<PeerId> expected) {
  if (closed_) throw_error(Errc::kClosed);
  Socket* socket = socket_towards(remote);
  if (socket == nullptr) throw_error(Errc::kNoTransport);
  const Path path{socket->udp->local_endpoint(), remote};
  Line& line = add_line(Side::kInitiator, path, nullptr, std::move(expected));
  if (socket->only) use(*socket, line);
  // Canceled, or refused: it closes the connection.
  auto connection = std::make_unique<QuicConnection>(lines_.at(&line));
  const std::shared_ptr<Line> shared = lines_.at(&line);
  wake(line);
  while (!shared->connection.established() && !shared->connection.ended()) {
    co_await shared->connection.changed().wait();
  }
  if (shared->connection.ended()) throw_error(shared->connection.ended());
  co_return connection;
}

Result<> Switchboard::listen(const Endpoint& local, Doorman doorman) {
  const auto socket = socket_for(local);
  if (socket == nullptr) return fail(Errc::kNotFound);
  if (socket->only || socket->doorman.greet) return fail(Errc::kAddressInUse);
  socket->doorman = std::move(doorman);
  return {};
}

void Switchboard::stop_listening(const Endpoint& local) {
  const auto socket = socket_for(local);
  if (socket == nullptr) return;
  socket->doorman = {};
  socket->backlog_changed.notify_all();
  for (const auto& line : std::exchange(socket->backlog, {})) {
    line->waiting = false;
    if (std::exchange(line->half_open, false)) half_open_->give();
    line->connection.close({.by_application = true, .code = kNoError, .text = {}}, clock_.now());
  }
}

Task<std::unique_ptr<QuicConnection>> Switchboard::accept(Endpoint local) {
  while (true) {
    const auto socket = socket_for(local);
    if (closed_ || socket == nullptr || !socket->doorman.greet) throw_error(Errc::kClosed);
    while (!socket->backlog.empty()) {
      const std::shared_ptr<Line> line = std::move(socket->backlog.front());
      socket->backlog.pop_front();
      line->waiting = false;
      if (std::exchange(line->half_open, false)) half_open_->give();
      if (!line->connection.ended()) co_return std::make_unique<QuicConnection>(line);
    }
    co_await socket->backlog_changed.wait();
  }
}

Task<void> Switchboard::close() {
  const bool throws = co_await boost::asio::this_coro::throw_if_cancelled();
  co_await boost::asio::this_coro::throw_if_cancelled(false);
  closed_ = true;
  for (const auto& socket : sockets_) socket->backlog_changed.notify_all();
  for (const auto& [key, line] : lines_) {
    line->connection.close({.by_application = true, .code = kNoError, .text = {}}, clock_.now());
  }
  const Instant end = clock_.now() + kFarewellMax;
  while ((!ready_.empty() || sends_) && clock_.now() < end && tasks_.size() > 0) {
    co_await clock_.sleep_for(1ms);
  }
  co_await tasks_.close();
  for (const auto& errand : std::exchange(errands_, {})) {
    errand->done = true;
    errand->error = Errc::kClosed;
    errand->changed.notify_all();
  }
  for (const auto& socket : sockets_) {
    socket->udp->close();
    socket->backlog.clear();
  }
  ready_.clear();
  by_id_.clear();
  timers_.clear();
  for (const auto& [key, line] : std::exchange(lines_, {})) {
    line->listed = false;
    line->connection.set_wake([] {});  // its owner may keep it for longer than we live
  }
  co_await boost::asio::this_coro::throw_if_cancelled(throws);
}

// --- pump ---

void Switchboard::wake(Line& line) {
  if (!line.listed || std::exchange(line.ready, true)) return;
  ready_.push_back(lines_.at(&line));
  ready_changed_.notify_all();
}

Task<void> Switchboard::send_loop() {
  while (true) {
    sends_ = false;
    while (ready_.empty() && answers_.empty() && errands_.empty()) co_await ready_changed_.wait();
    sends_ = true;
    co_await send_answers();
    if (!errands_.empty()) co_await send_errand();
    if (ready_.empty()) continue;
    std::shared_ptr<Line> line = std::move(ready_.front());
    ready_.pop_front();
    line->ready = false;
    co_await send_line(line);
    if (line->listed) settle(*line);
  }
}

Task<void> Switchboard::send_answers() {
  while (!answers_.empty()) {
    const Answer answer = std::move(answers_.front());
    answers_.pop_front();
    const Batch batch{.path = answer.path, .segment_size = answer.bytes.size(), .bytes = answer.bytes};
    co_await send(batch, nullptr);
  }
}

Task<void> Switchboard::send_line(std::shared_ptr<Line> line) {
  for (int i = 0; i < kBatchesInTurn; ++i) {
    const auto batch = line->connection.take(buffer_, clock_.now());
    if (!batch) co_return;
    co_await send(*batch, line.get());
  }
  wake(*line);
}

Task<Result<>> Switchboard::send(const Batch& batch, Line* line) {
  const auto socket = socket_for(batch.path.local);  // which may be dropped meanwhile
  if (socket == nullptr) co_return fail(Errc::kNotFound);
  const Result<> sent = co_await as_result(socket->udp->send(batch.path.local.address, batch.path.remote,
                                                             batch.bytes, batch.segment_size, batch.ecn));
  if (sent) bytes_sent_ += batch.bytes.size();
  // What a path doesn't take is lost, and found to be by the connection. But that there is no way there is
  // worth knowing at once when it was dialed.
  const bool hopeless = !sent && sent.error() == Errc::kUnreachable;
  if (hopeless && line != nullptr && !line->connection.established()) {
    line->connection.abandon(sent.error(), clock_.now());
  }
  co_return sent;
}

// A deadline moves with every batch, and a sleeper that is called off costs an exception. So it sleeps on,
// and another is sent to sleep when the new deadline is much earlier: a part of the time to wait, so that
// there are never more than some dozens.
void Switchboard::set_alarm(Instant at) {
  const Instant now = clock_.now();
  at = std::max(at, now + kAlarmMin);
  const Duration tolerance = std::max<Duration>(kAlarmGrain, (at - now) / 8);
  if (!alarms_.empty() && *alarms_.begin() <= at + tolerance) return;
  alarms_.insert(at);
  tasks_.spawn(alarm(at));
}

Task<void> Switchboard::alarm(Instant at) {
  co_await clock_.sleep_until(at);
  alarms_.erase(at);
  const Instant now = clock_.now();
  while (!timers_.empty() && timers_.begin()->first <= now) {
    const std::shared_ptr<Line> line = lines_.at(timers_.begin()->second);
    line->connection.tick(now);
    if (line->connection.gone(now)) {
      forget(*line);
    } else {
      // Its deadline is another once it has sent what is due.
      timers_.erase(timers_.begin());
      line->timer = Instant::max();
      wake(*line);
    }
  }
  if (!timers_.empty()) set_alarm(timers_.begin()->first);
}

// After anything happened to it: its timer, and its names.
void Switchboard::settle(Line& line) {
  for (const ConnectionIdChange& change : line.connection.take_id_changes()) {
    if (change.added) {
      by_id_.emplace(change.id, &line);
      line.ids.push_back(change.id);
    } else {
      by_id_.erase(change.id);
      std::erase(line.ids, change.id);
    }
  }
  if (const auto token = line.connection.take_token()) tokens_.put(line.connection.path().remote, *token);
  const bool failed = line.half_open && !line.waiting && line.connection.ended();
  if (failed && !std::exchange(line.reported, true)) {
    const Path path = line.connection.path();
    const auto socket = socket_for(path.local);
    const bool told = socket != nullptr && socket->doorman.turned_away;
    if (told) socket->doorman.turned_away(path.remote, line.connection.ended());
  }
  if (line.connection.gone(clock_.now())) {
    forget(line);
    return;
  }
  // What is due now, such as an acknowledgement, is about to be sent: no alarm for that.
  if (line.ready) return;
  const Instant deadline = line.connection.deadline();
  if (deadline == line.timer) return;
  if (line.timer != Instant::max()) timers_.erase({line.timer, &line});
  line.timer = deadline;
  if (deadline == Instant::max()) return;
  timers_.emplace(deadline, &line);
  set_alarm(timers_.begin()->first);
}

void Switchboard::forget(Line& line) {
  const std::shared_ptr<Line> keep = lines_.at(&line);
  if (line.timer != Instant::max()) timers_.erase({line.timer, &line});
  line.timer = Instant::max();
  for (const ConnectionId& id : line.ids) by_id_.erase(id);
  if (std::exchange(line.half_open, false)) half_open_->give();
  if (std::exchange(line.waiting, false)) {
    for (const auto& socket : sockets_) std::erase(socket->backlog, keep);
  }
  unuse(line);
  line.listed = false;
  line.connection.set_wake([] {});
  lines_.erase(&line);
}

}  // namespace warren::quic
