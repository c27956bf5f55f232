#include "warren/muxer/yamux/session.hpp"

#include <algorithm>

namespace warren::yamux {
namespace {

// Numbers are never used again; go gives up near the same one.
constexpr StreamId kStreamIdMax = 0xffff'fffd;

}  // namespace

Session::Session(Side side, Limits limits, Instant now, UnreadLimits unread)
    : limits_(limits),
      budget_(limits.window_growth_max),
      outbox_(limits_),
      keepalive_(limits_, now),
      now_(now),
      next_id_(side == Side::kInitiator ? 1 : 2),
      unread_({.max = limits_.unread_max, .reserve = limits_.unread_reserve}, unread) {}

void Session::tick(Instant now) {
  now_ = now;
  if (ended_) return;
  switch (keepalive_.tick(now)) {
    case Keepalive::Action::kNone: return;
    case Keepalive::Action::kPing: return outbox_.append({FrameType::kPing, kSyn, 0, keepalive_.value()});
    case Keepalive::Action::kDead: return fail(Errc::kTimedOut);
  }
}

Result<StreamStatePtr> Session::open(Instant now) {
  if (ended_) return warren::fail(Errc::kClosed);
  if (unacknowledged_ >= limits_.unacknowledged_max || outbox_.overfull() || next_id_ > kStreamIdMax) {
    return warren::fail(Errc::kLimitReached);
  }
  const auto stream = std::make_shared<StreamState>(next_id_, false, limits_, budget_, now);
  next_id_ += 2;
  streams_.emplace(stream->id, stream);
  ++unacknowledged_;
  stream->owned = true;
  stream->unsent_flags = kSyn;
  outbox_.greet(stream);
  return stream;
}

StreamStatePtr Session::accept() {
  if (backlog_.empty()) return nullptr;
  const StreamStatePtr stream = std::move(backlog_.front());
  backlog_.pop_front();
  stream->owned = true;
  stream->unsent_flags = kAck;
  outbox_.greet(stream);
  return stream;
}

void Session::close_write(StreamState& stream) {
  if (!stream.known || stream.fin_sent) return;
  stream.fin_sent = true;
  send(stream, FrameType::kWindowUpdate, kFin, 0);
  forget_if_over(stream);
}

std::size_t Session::read(StreamState& stream, MutableBytes to, Instant now) {
  const std::size_t size = stream.received.read(to);
  if (size == 0) return 0;
  now_ = now;
  unread_.remove(size);
  consumed(stream, size);
  return size;
}

void Session::reset(StreamState& stream) {
  if (stream.known) {
    // If the peer has not heard of the stream, it need not hear of its end.
    if (stream.unsent_flags != kSyn) send(stream, FrameType::kWindowUpdate, kRst, 0);
    forget(stream);
  }
  stream.fin_received = false;  // what it ended is thrown away
  break_stream(stream, Errc::kReset);
  drop_unread(stream);
}

void Session::release(StreamState& stream) {
  if (stream.known) {
    reset(stream);
  } else {
    drop_unread(stream);
  }
  stream.owned = false;
  if (stream.inbound) --inbound_count_;
}

void Session::go_away() {
  if (ended_) return;
  outbox_.append({FrameType::kGoAway, 0, 0, static_cast<std::uint32_t>(GoAwayCode::kNormal)});
  end(Errc::kClosed, {});
}

void Session::receive_end() {
  const bool between_frames = header_size_ == 0 && payload_left_ == 0;
  if (!between_frames) return fail(Errc::kEndOfStream);
  end(Errc::kClosed, {});
}

void Session::fail(std::error_code reason) {
  if (ended_) return;
  outbox_.clear();
  end(reason, {});
}

// The peer broke the protocol, or a limit: what is queued for it is of no use any more, but it is told.
void Session::violation(std::string_view detail, Errc code) {
  if (ended_) return;
  outbox_.clear();
  outbox_.append({FrameType::kGoAway, 0, 0, static_cast<std::uint32_t>(GoAwayCode::kProtocolError)});
  end(code, detail);
}

void Session::end(std::error_code reason, std::string_view detail) {
  if (ended_) return;
  ended_ = reason;
  detail_ = detail;
  while (!backlog_.empty()) {
    const StreamStatePtr stream = std::move(backlog_.front());
    backlog_.pop_front();
    drop_unread(*stream);
  }
  const auto streams = std::exchange(streams_, {});
  for (const auto& [id, stream] : streams) {
    stream->known = false;
    stream->window.close();
    outbox_.stop_waiting(*stream);
    break_stream(*stream, Errc::kClosed);
    if (stream->inbound && !stream->owned) --inbound_count_;
  }
  payload_stream_ = nullptr;
  inbound_.notify_all();
  outbox_.wake();
}

void Session::send(StreamState& stream, FrameType type, std::uint16_t flags, std::uint32_t length) {
  if (ended_) return;
  if (!outbox_.append(stream, type, flags, length)) {
    violation("it causes frames without reading them", Errc::kLimitReached);
  }
}

// Both halves have ended on the wire, one way or another.
void Session::forget(StreamState& stream) {
  if (!stream.known) return;
  stream.known = false;
  stream.window.close();
  outbox_.stop_waiting(stream);
  if (stream.inbound) {
    if (!stream.owned) --inbound_count_;
    std::erase_if(backlog_, [&stream](const StreamStatePtr& other) { return other.get() == &stream; });
  } else if (!stream.acknowledged) {
    --unacknowledged_;
  }
  streams_.erase(stream.id);
}

void Session::forget_if_over(StreamState& stream) {
  if (stream.fin_sent && stream.fin_received) forget(stream);
}

void Session::break_stream(StreamState& stream, std::error_code error) {
  if (!stream.fin_received) stream.read_error = error;
  stream.write_error = error;
  stream.readable.notify_all();
  stream.writable.notify_all();
}

void Session::drop_unread(StreamState& stream) {
  unread_.remove(stream.received.size());
  stream.received.clear();
}

// Somebody has read so many bytes: the peer may send as many more, and is told so from time to time.
void Session::consumed(StreamState& stream, std::size_t bytes) {
  if (!stream.known || stream.fin_received) return;
  const std::uint32_t delta =
      stream.window.consume(static_cast<std::uint32_t>(bytes), now_, keepalive_.round_trip());
  if (delta > 0) send(stream, FrameType::kWindowUpdate, 0, delta);
}

}  // namespace warren::yamux
