#include "warren/transport/websocket/stream.hpp"

#include <algorithm>
#include <cstring>
#include <tuple>

#include "warren/async/as_result.hpp"
#include "warren/base/assert.hpp"
#include "warren/core/farewell.hpp"
#include "warren/transport/websocket/upgrade.hpp"

namespace warren::websocket {

namespace {

// Frames without content: pings of a peer or a proxy that wants to know whether we live. Ten a second is
// more than anybody needs, and costs nothing.
constexpr double kIdleFramesPerSecond = 10;
constexpr double kIdleFramesBurst = 100;

// A server's frame that is longer is not copied behind its header as a whole: it leaves in two writes.
constexpr std::size_t kCopyMax = 16 * 1024;
constexpr std::size_t kFirstPartSize = 4 * 1024;

CloseCode code_for(std::error_code reason) {
  if (reason == Errc::kUnsupported) return CloseCode::kUnacceptable;
  if (reason == Errc::kTooLarge) return CloseCode::kTooLarge;
  if (reason == Errc::kLimitReached) return CloseCode::kPolicy;
  return CloseCode::kProtocolError;
}

Bytes close_payload(CloseCode code) {
  const auto number = static_cast<std::uint16_t>(code);
  return {static_cast<std::uint8_t>(number >> 8), static_cast<std::uint8_t>(number)};
}

bool is_end(CloseCode code) {
  return code == CloseCode::kNormal || code == CloseCode::kGoingAway || code == CloseCode::kNone;
}

}  // namespace

// Frames must not be mixed: one writes at a time. Who does not come to its end (a cancellation, an error) has
// left half a frame behind, and the stream is of no use any more.
struct WebsocketStream::Turn {
  explicit Turn(WebsocketStream& the_stream) : stream(the_stream) { stream.writing_ = true; }
  ~Turn() {
    stream.writing_ = false;
    if (!done) stream.reset();
    stream.written_.notify_all();
  }
  Turn(const Turn&) = delete;
  Turn& operator=(const Turn&) = delete;

  WebsocketStream& stream;
  bool done = false;
};

WebsocketStream::WebsocketStream(StreamPtr pipe, Side side, Bytes early, BufferPool pool, Clock& clock,
                                 Random& random)
    : pipe_(std::move(pipe)),
      side_(side),
      early_(std::move(early)),
      pool_(std::move(pool)),
      clock_(clock),
      random_(random),
      frames_(side == Side::kResponder),
      idle_frames_(kIdleFramesPerSecond, kIdleFramesBurst, clock.now()) {}

Task<std::size_t> WebsocketStream::read_some(MutableBytes to) {
  WARREN_ASSERT(!to.empty());
  while (true) {
    if (reset_) throw_error(Errc::kReset);
    if (frames_.ping() && !writing_) co_await write_pong();
    if (frames_.closed()) {
      co_await read_end();
      co_return 0;
    }
    const std::size_t arrived = co_await read_pipe(to);
    if (arrived == 0) {
      reset();
      throw_error(Errc::kEndOfStream, "WebSocket");
    }
    const auto payload = frames_.read(to.first(arrived));
    if (!payload) co_await fail_with(payload.error());
    if (!idle_frames_.take(clock_.now(), static_cast<double>(frames_.take_idle_frames())))
      co_await fail_with(make_error_code(Errc::kLimitReached));
    if (*payload > 0) co_return *payload;
  }
}

// What came with the handshake goes first.
Task<std::size_t> WebsocketStream::read_pipe(MutableBytes to) {
  if (early_.empty()) return pipe_->read_some(to);
  return read_early(to);
}

Task<std::size_t> WebsocketStream::read_early(MutableBytes to) {
  const std::size_t size = std::min(to.size(), early_.size());
  std::memcpy(to.data(), early_.data(), size);
  early_ = Bytes(early_.begin() + static_cast<std::ptrdiff_t>(size), early_.end());
  co_return size;
}

// The peer has said that nothing follows.
Task<void> WebsocketStream::read_end() {
  if (!is_end(*frames_.closed())) {
    reset();
    const auto code = static_cast<std::uint16_t>(*frames_.closed());
    throw_error(Errc::kReset, "WebSocket closed with code " + std::to_string(code));
  }
  if (close_sent_) co_await end_pipe();
}

// Both have closed. The peer may have gone altogether by now, which is no harm.
Task<void> WebsocketStream::end_pipe() {
  if (std::exchange(pipe_ended_, true)) co_return;
  const auto ended = co_await as_result(pipe_->close_write());
  std::ignore = ended;
}

Task<void> WebsocketStream::wait_to_write() {
  while (writing_) co_await written_.wait();
  if (reset_) throw_error(Errc::kReset);
}

Task<void> WebsocketStream::write(BytesView bytes) {
  if (write_closed_) throw_error(reset_ ? Errc::kReset : Errc::kClosed);
  co_await wait_to_write();
  if (bytes.empty()) co_return;
  Turn turn(*this);
  co_await write_frame(bytes);
  // One that came meanwhile: the reader left it to us.
  if (auto ping = frames_.take_ping()) {
    const Bytes pong = control_frame(Opcode::kPong, *ping);
    co_await pipe_->write(pong);
  }
  turn.done = true;
}

Task<void> WebsocketStream::write_frame(BytesView payload) {
  const auto mask = next_mask();
  const Header header = encode_header(Opcode::kBinary, payload.size(), mask);
  const std::size_t room = kLargeBufferSize - header.size;
  const std::size_t first =
      mask || payload.size() <= kCopyMax ? std::min(payload.size(), room) : kFirstPartSize;
  Buffer buffer = pool_.take(header.size + first);
  const MutableBytes memory = buffer.bytes();
  std::memcpy(memory.data(), header.memory.data(), header.size);
  const MutableBytes copy = memory.subspan(header.size, first);
  if (!mask) {
    std::memcpy(copy.data(), payload.data(), first);
    co_await pipe_->write(memory.first(header.size + first));
    if (first < payload.size()) co_await pipe_->write(payload.subspan(first));
    co_return;
  }
  apply_mask(copy, payload.first(first), *mask, 0);
  co_await pipe_->write(memory.first(header.size + first));
  for (std::size_t at = first; at < payload.size();) {
    const MutableBytes part = memory.first(std::min(payload.size() - at, memory.size()));
    apply_mask(part, payload.subspan(at, part.size()), *mask, at);
    co_await pipe_->write(part);
    at += part.size();
  }
}

Task<void> WebsocketStream::write_pong() {
  Turn turn(*this);
  const Bytes pong = control_frame(Opcode::kPong, *frames_.take_ping());
  if (!close_sent_) co_await pipe_->write(pong);
  turn.done = true;
}

Task<void> WebsocketStream::close_write() {
  if (reset_ || std::exchange(write_closed_, true)) co_return;
  co_await wait_to_write();
  Turn turn(*this);
  const Bytes frame = control_frame(Opcode::kClose, close_payload(CloseCode::kNormal));
  co_await pipe_->write(frame);
  close_sent_ = true;
  if (frames_.closed()) co_await end_pipe();
  turn.done = true;
}

void WebsocketStream::reset() {
  reset_ = true;
  write_closed_ = true;
  pipe_->reset();
}

Bytes WebsocketStream::control_frame(Opcode opcode, BytesView payload) {
  const auto mask = next_mask();
  const Header header = encode_header(opcode, payload.size(), mask);
  Bytes frame = to_bytes(header.bytes());
  append(frame, payload);
  const MutableBytes copy = MutableBytes(frame).subspan(header.size);
  if (mask) apply_mask(copy, copy, *mask, 0);
  return frame;
}

std::optional<Mask> WebsocketStream::next_mask() {
  if (side_ == Side::kResponder) return std::nullopt;
  return random_.bytes<4>();
}

// Tells the peer why, if that is possible, and throws it.
Task<void> WebsocketStream::fail_with(std::error_code reason) {
  if (!writing_ && !close_sent_) {
    write_closed_ = true;
    const Turn turn(*this);  // never done: the stream is reset behind it
    Bytes frame = control_frame(Opcode::kClose, close_payload(code_for(reason)));
    co_await say_last(clock_, *pipe_, std::move(frame));
  }
  reset();
  throw_error(reason, "WebSocket");
}

}  // namespace warren::websocket
