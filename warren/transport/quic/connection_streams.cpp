// Connection: streams, what is received on them, and how they end.
#include "warren/transport/quic/connection.hpp"

namespace warren::quic {

namespace {

// The peer is told of room in pieces of this size: a part of any window, and much larger than the frame.
constexpr std::uint64_t kCreditMin = 32 * 1024;

}  // namespace

Result<StreamStatePtr> Connection::open() {
  if (ended_) return fail(ended_);
  if (leaving_) return fail(Errc::kClosed);
  auto stream = std::make_shared<StreamState>();
  const Result<StreamId> id = engine_.open_stream(*stream);
  if (!id) return fail(id.error());
  stream->id = *id;
  stream->owned = true;
  streams_.emplace(*id, stream);
  return stream;
}

StreamStatePtr Connection::accept() {
  if (backlog_.empty()) return nullptr;
  StreamStatePtr stream = std::move(backlog_.front());
  backlog_.pop_front();
  stream->waiting = false;
  stream->owned = true;
  return stream;
}

void Connection::on_stream_opened(StreamId id) {
  auto stream = std::make_shared<StreamState>();
  stream->id = id;
  stream->inbound = true;
  stream->waiting = true;
  engine_.attach(id, stream.get());
  if (!leaving_) backlog_.push_back(stream);
  streams_.emplace(id, std::move(stream));
  inbound_.notify_all();
}

void Connection::on_stream_data(StreamState& stream, BytesView bytes, bool fin) {
  if (stream.stopped || stream.overfull || leaving_) {
    credit_ += bytes.size();
  } else if (unread_.add(bytes.size())) {
    if (!bytes.empty()) stream.received.append(bytes);
  } else {
    stream.overfull = true;
    overfull_.push_back(stream.id);
    credit_ += bytes.size();
    drop_unread(stream);
  }
  if (fin) stream.fin_received = true;
  stream.readable.notify_all();
}

void Connection::on_stream_reset(StreamState& stream, std::uint64_t code) {
  stream.reset_code = code;
  drop_unread(stream);
  if (!stream.read_error) stream.read_error = Errc::kReset;
  stream.readable.notify_all();
}

void Connection::on_stream_closed(StreamState& stream) {
  // Both halves are over. One that we did not end ourselves was ended by the peer.
  if (!stream.fin_sent && !stream.write_error) stream.write_error = Errc::kReset;
  if (!stream.fin_received && !stream.read_error) stream.read_error = Errc::kReset;
  stream.outgoing.drop_unsent();
  stream.writable.notify_all();
  stream.readable.notify_all();
  if (stream.queued) std::erase(senders_, &stream);
  stream.queued = false;
  stream.known = false;
  if (stream.inbound && !stream.owned && !stream.waiting) ++finished_;
  streams_.erase(stream.id);
}

std::size_t Connection::read(StreamState& stream, MutableBytes to) {
  const std::size_t size = stream.received.read(to);
  if (size > 0) {
    unread_.remove(size);
    consumed(stream, size);
  }
  return size;
}

void Connection::consumed(StreamState& stream, std::size_t bytes) {
  if (ended_) return;
  stream.credit += bytes;
  credit_ += bytes;
  const bool wants_more = stream.known && !stream.fin_received && !stream.stopped && !stream.read_error;
  if (wants_more && stream.credit >= kCreditMin) {
    engine_.extend_stream_window(stream.id, std::exchange(stream.credit, 0));
    wake_();
  }
  if (credit_ >= kCreditMin) {
    engine_.extend_connection_window(std::exchange(credit_, 0));
    wake_();
  }
}

// Within a callback too: the peer is told later.
void Connection::drop_unread(StreamState& stream) {
  credit_ += stream.received.size();
  unread_.remove(stream.received.size());
  stream.received.clear();
}

void Connection::reset(StreamState& stream, std::uint64_t code) {
  stop_sending(stream, code);
  if (stream.known && !stream.write_error && !(stream.fin_queued && stream.fin_sent)) {
    engine_.reset_stream(stream.id, code);
    stream.outgoing.drop_unsent();
    wake_();
  }
  break_stream(stream, Errc::kReset);
}

void Connection::stop_sending(StreamState& stream, std::uint64_t code) {
  drop_unread(stream);
  if (stream.stopped) return;
  stream.stopped = true;
  if (!stream.read_error) stream.read_error = Errc::kReset;
  stream.readable.notify_all();
  if (!stream.known || stream.fin_received || stream.reset_code) return;
  engine_.stop_sending(stream.id, code);
  wake_();
}

void Connection::break_stream(StreamState& stream, std::error_code error) {
  if (!stream.write_error) stream.write_error = error;
  if (!stream.read_error && !stream.fin_received) stream.read_error = error;
  stream.outgoing.drop_unsent();
  if (stream.queued) std::erase(senders_, &stream);
  stream.queued = false;
  stream.readable.notify_all();
  stream.writable.notify_all();
}

void Connection::release(StreamState& stream) {
  stream.owned = false;
  if (stream.known) {
    const bool sends_the_rest = stream.fin_queued && !stream.write_error;
    if (sends_the_rest) {
      stop_sending(stream);
    } else {
      reset(stream);
    }
    return;
  }
  drop_unread(stream);
  if (!ended_ && stream.inbound) {
    engine_.extend_stream_limit();
    wake_();
  }
}

}  // namespace warren::quic
