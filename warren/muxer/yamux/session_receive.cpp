// The half of Session that reads what the peer sends.
#include <algorithm>
#include <cstring>
#include <limits>

#include "warren/muxer/yamux/session.hpp"

namespace warren::yamux {

void Session::receive(BytesView bytes, Instant now) {
  now_ = now;
  keepalive_.heard(now);
  while (!bytes.empty() && !ended_) {
    if (payload_left_ > 0) {
      const std::size_t size = std::min(bytes.size(), payload_left_);
      const StreamStatePtr stream = payload_stream_;
      payload_left_ -= size;
      if (stream && stream->known) {
        deliver(*stream, bytes.first(size));
        if (payload_left_ == 0 && payload_fin_ && stream->known) on_fin(*stream);
      }
      if (payload_left_ == 0) payload_stream_ = nullptr;
      bytes = bytes.subspan(size);
      continue;
    }
    const std::size_t size = std::min(bytes.size(), kHeaderSize - header_size_);
    std::memcpy(header_.data() + header_size_, bytes.data(), size);
    header_size_ += size;
    bytes = bytes.subspan(size);
    if (header_size_ < kHeaderSize) return;
    header_size_ = 0;
    const auto header = decode_header(header_);
    if (!header) return violation("a frame header that means nothing");
    on_header(*header);
  }
}

void Session::on_header(const Header& header) {
  switch (header.type) {
    case FrameType::kData:
    case FrameType::kWindowUpdate: return on_stream_frame(header);
    case FrameType::kPing: return on_ping(header);
    case FrameType::kGoAway: return on_go_away(header);
  }
}

void Session::on_stream_frame(const Header& header) {
  if (header.type == FrameType::kData) {
    // No stream has such a window, known or not.
    if (header.length > limits_.window_max) return violation("a frame larger than any window");
    payload_left_ = header.length;
    payload_stream_ = nullptr;
    payload_fin_ = false;
  }
  if (header.has(kSyn)) on_syn(header);
  const auto found = streams_.find(header.stream_id);
  // Frames for a stream that we have forgotten cross our own reset: they are skipped, as go and rust do.
  if (ended_ || found == streams_.end()) return;
  const StreamStatePtr stream = found->second;
  if (header.has(kRst)) return on_reset(*stream);
  if (!stream->inbound && !stream->acknowledged && (header.has(kAck) || header.length > 0)) {
    stream->acknowledged = true;
    --unacknowledged_;
  }
  if (header.type == FrameType::kData) return on_data(stream, header);
  on_window_update(*stream, header);
}

void Session::on_syn(const Header& header) {
  if (!is_inbound(header.stream_id)) return violation("a stream number of the wrong side");
  if (streams_.contains(header.stream_id)) return violation("a stream that is open is opened again");
  if (inbound_count_ >= limits_.inbound_streams_max || backlog_.size() >= limits_.accept_backlog_max) {
    if (header.has(kRst)) return;
    if (!outbox_.append_caused({FrameType::kWindowUpdate, kRst, header.stream_id, 0})) {
      violation("it opens streams without reading that they are refused", Errc::kLimitReached);
    }
    return;
  }
  const auto stream = std::make_shared<StreamState>(header.stream_id, true, limits_, budget_, now_);
  streams_.emplace(stream->id, stream);
  ++inbound_count_;
  backlog_.push_back(stream);
  inbound_.notify_all();
}

void Session::on_reset(StreamState& stream) {
  const bool all_received = stream.fin_received;
  forget(stream);
  break_stream(stream, Errc::kReset);
  if (!all_received || !stream.owned) drop_unread(stream);
}

void Session::on_window_update(StreamState& stream, const Header& header) {
  if (header.length > std::numeric_limits<std::uint32_t>::max() - stream.send_window) {
    return violation("a window that overflows");
  }
  if (header.length > 0) {
    stream.send_window += header.length;
    stream.writable.notify_all();
  }
  if (header.has(kFin)) on_fin(stream);
}

void Session::on_data(const StreamStatePtr& stream, const Header& header) {
  if (header.length == 0) {
    if (header.has(kFin)) on_fin(*stream);
    return;
  }
  if (stream->fin_received) return reset(*stream);
  if (!stream->window.receive(header.length, now_)) return violation("more data than the window allows");
  payload_stream_ = stream;
  payload_fin_ = header.has(kFin);
}

void Session::on_fin(StreamState& stream) {
  if (stream.fin_received) return;
  stream.fin_received = true;
  stream.window.close();
  stream.readable.notify_all();
  forget_if_over(stream);
}

void Session::on_ping(const Header& header) {
  if (header.has(kAck)) return keepalive_.pong(header.length, now_);
  if (!outbox_.append_caused({FrameType::kPing, kAck, 0, header.length})) {
    violation("it pings without reading the answers", Errc::kLimitReached);
  }
}

void Session::on_go_away(const Header& header) {
  const auto code = static_cast<GoAwayCode>(header.length);
  if (code == GoAwayCode::kNormal) return end(Errc::kClosed, {});
  outbox_.clear();
  end(Errc::kReset, code == GoAwayCode::kProtocolError ? "the peer says that we broke the protocol"
                                                       : "the peer ended the connection with an error");
}

void Session::deliver(StreamState& stream, BytesView bytes) {
  if (stream.received.empty() && stream.delivered < stream.reader.size()) {
    const std::size_t size = std::min(bytes.size(), stream.reader.size() - stream.delivered);
    std::memcpy(stream.reader.data() + stream.delivered, bytes.data(), size);
    if (stream.delivered == 0) stream.readable.notify_all();
    stream.delivered += size;
    bytes = bytes.subspan(size);
    consumed(stream, size);
  }
  if (bytes.empty()) return;
  if (!unread_.add(bytes.size())) return reset(stream);
  stream.received.append(bytes);
  if (stream.delivered == 0) stream.readable.notify_all();
}

}  // namespace warren::yamux
