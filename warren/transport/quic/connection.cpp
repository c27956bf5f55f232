#include "warren/transport/quic/connection.hpp"

#include <bit>
#include <utility>

namespace warren::quic {

Connection::Connection(const ConnectionSetup& setup, const Limits& limits)
    : limits_(limits),
      side_(setup.engine.side),
      tls_(setup.credentials, setup.engine.side, setup.expected, setup.wall_now),
      engine_(setup.engine, limits_, tls_, *this) {}

Connection::~Connection() = default;

void Connection::receive(const Path& path, BytesView datagram, Ecn ecn, Instant now) {
  if (ended_) {
    // Who still sends did not get the message; the more it sends, the more seldom it is told (RFC 9000,
    // section 10.2.1).
    if (close_packet_.bytes.empty()) return;
    close_due_ = std::has_single_bit(++packets_since_close_);
    if (close_due_) output_.notify_all();
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
    settle();
  } else {
    end_failed(now);
  }
  output_.notify_all();
}

void Connection::tick(Instant now) {
  if (ended_ || now < engine_.deadline()) return;
  if (!engine_.expire(now)) end_failed(now);
  output_.notify_all();
}

Result<> Connection::migrate(const Path& path, Instant now) {
  if (ended_) return fail(ended_);
  const Result<> result = engine_.migrate(path, now);
  output_.notify_all();
  return result;
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
  output_.notify_all();
  inbound_.notify_all();
  changed_.notify_all();
}

void Connection::on_handshake_completed() {
  established_ = true;
  changed_.notify_all();
}

// What the callbacks left to be done.
void Connection::settle() {
  for (; finished_ > 0; --finished_) engine_.extend_stream_limit();
  if (credit_ > 0) engine_.extend_connection_window(std::exchange(credit_, 0));
}

}  // namespace warren::quic
