#include "warren/transport/quic/connection.hpp"

#include <bit>
#include <utility>

namespace warren::quic {

Connection::Connection(const ConnectionSetup& setup, const Limits& limits)
    : limits_(limits),
      side_(setup.engine.side),
      unread_({.max = limits.connection_window_max, .reserve = limits.unread_reserve}, setup.unread),
      tls_(setup.credentials, setup.engine.side, setup.expected, setup.wall_now),
      engine_(setup.engine, limits_, tls_, *this) {}

Connection::~Connection() = default;

void Connection::receive(const Path& path, BytesView datagram, Ecn ecn, Instant now) {
  if (ended_) {
    // Who still sends did not get the message; the more it sends, the more seldom it is told (RFC 9000,
    // section 10.2.1).
    if (close_packet_.bytes.empty()) return;
    close_due_ = std::has_single_bit(++packets_since_close_);
    if (close_due_) wake_();
    return;
  }
  Path way = path;
  // A client chose its way, and does not care which of this machine's addresses the answers come to as long
  // as the socket is the same.
  if (side_ == Side::kInitiator) {
    const Path current = engine_.path();
    if (current.local.port == path.local.port) way.local = current.local;
  }
  if (engine_.read(way, datagram, ecn, now)) {
    settle(now);
  } else {
    end_failed(now);
  }
  wake_();
}

Instant Connection::deadline() const {
  if (ended_) return gone_at_;
  return leaving_ ? std::min(leaving_->until, engine_.deadline()) : engine_.deadline();
}

void Connection::tick(Instant now) {
  if (ended_ || now < deadline()) return;
  if (now >= engine_.deadline() && !engine_.expire(now)) {
    end_failed(now);
  } else {
    settle(now);
  }
  wake_();
}

Result<> Connection::migrate(const Path& path, Instant now) {
  if (ended_) return fail(ended_);
  const Result<> result = engine_.migrate(path, now);
  wake_();
  return result;
}

void Connection::probe() {
  if (ended_ || !established_) return;
  engine_.probe();
  wake_();
}

void Connection::close(CloseReason reason, Instant now) {
  if (ended_) return;
  close_packet_.bytes.resize(limits_.datagram_max);
  const Engine::Written written = engine_.write_close(close_packet_.bytes, &reason, now);
  close_packet_.bytes.resize(written.size);
  close_packet_.path = written.path;
  close_due_ = written.size > 0;
  end(Errc::kClosed, now + engine_.close_period());
}

void Connection::abandon(std::error_code reason, Instant now) {
  if (!ended_) end(reason, now);
}

void Connection::go_away(CloseReason reason, Instant now, Duration patience) {
  if (ended_ || leaving_) return;
  leaving_ = Leaving{std::move(reason), now + patience};
  backlog_.clear();
  for (const auto& [id, stream] : streams_) {
    if (!stream->read_error && !stream->fin_received) stream->read_error = Errc::kClosed;
    drop_unread(*stream);
    stream->readable.notify_all();
    stream->writable.notify_all();
  }
  inbound_.notify_all();
  settle(now);
  wake_();
}

// Nothing is on its way any more.
bool Connection::delivered() const {
  const auto waits = [](const auto& entry) {
    const StreamState& stream = *entry.second;
    return !stream.write_error && (stream.outgoing.size() > 0 || stream.fin_queued != stream.fin_sent);
  };
  return std::ranges::none_of(streams_, waits);
}

// The engine has given up.
void Connection::end_failed(Instant now) {
  if (!engine_.silent()) {
    close_packet_.bytes.resize(limits_.datagram_max);
    const Engine::Written written = engine_.write_close(close_packet_.bytes, nullptr, now);
    close_packet_.bytes.resize(written.size);
    close_packet_.path = written.path;
    close_due_ = written.size > 0;
  }
  const bool lingers = close_due_ || engine_.ended_by_peer();
  end(engine_.failure(), lingers ? now + engine_.close_period() : now);
}

void Connection::end(std::error_code reason, Instant gone_at) {
  ended_ = reason;
  gone_at_ = gone_at;
  held_.reset();
  senders_.clear();
  backlog_.clear();
  const bool clear = reason == Errc::kClosed || reason == Errc::kTimedOut;
  const std::error_code error = clear ? reason : make_error_code(Errc::kReset);
  for (const auto& [id, stream] : std::exchange(streams_, {})) {
    stream->known = false;
    stream->queued = false;
    stream->waiting = false;
    break_stream(*stream, error);
  }
  wake_();
  inbound_.notify_all();
  changed_.notify_all();
}

void Connection::on_handshake_completed() {
  established_ = true;
  changed_.notify_all();
}

void Connection::on_token(BytesView token) {
  if (token.size() <= limits_.token_size_max) token_ = to_bytes(token);
}

// What the callbacks left to be done.
void Connection::settle(Instant now) {
  if (established_ && !std::exchange(handshake_released_, true)) {
    engine_.release_handshake();
    if (side_ == Side::kResponder) engine_.give_token(now);
  }
  for (const StreamId id : std::exchange(overfull_, {})) {
    const auto found = streams_.find(id);
    if (found == streams_.end()) continue;
    const StreamStatePtr stream = found->second;
    reset(*stream);
  }
  for (; finished_ > 0; --finished_) engine_.extend_stream_limit();
  if (credit_ > 0) engine_.extend_connection_window(std::exchange(credit_, 0));
  if (leaving_ && (now >= leaving_->until || delivered())) close(leaving_->reason, now);
}

}  // namespace warren::quic
