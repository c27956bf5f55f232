#include "warren/transport/websocket/accepted_pipe.hpp"

#include "warren/transport/websocket/upgrade.hpp"

namespace warren::websocket {

AcceptedPipe::AcceptedPipe(StreamPtr pipe, tls::WebServer* tls, BufferPool pool, Env& env)
    : pipe_(std::move(pipe)), tls_(tls), pool_(std::move(pool)), env_(env) {}

Task<std::size_t> AcceptedPipe::read_some(MutableBytes to) {
  return stream_ ? stream_->read_some(to) : read_first(to);
}

Task<void> AcceptedPipe::write(BytesView bytes) {
  return stream_ ? stream_->write(bytes) : write_first(bytes);
}

Task<void> AcceptedPipe::close_write() {
  return stream_ ? stream_->close_write() : open_and_close_write();
}

void AcceptedPipe::reset() {
  reset_ = true;
  stream_ ? stream_->reset() : pipe_->reset();
}

Task<std::size_t> AcceptedPipe::read_first(MutableBytes to) {
  co_await open();
  const std::size_t size = co_await stream_->read_some(to);
  co_return size;
}

Task<void> AcceptedPipe::write_first(BytesView bytes) {
  co_await open();
  co_await stream_->write(bytes);
}

Task<void> AcceptedPipe::open_and_close_write() {
  if (reset_) co_return;
  co_await open();
  co_await stream_->close_write();
}

// The reader and the writer may both come: one does it, the other waits.
Task<void> AcceptedPipe::open() {
  while (opening_) co_await changed_.wait();
  if (reset_) throw_error(Errc::kReset);
  if (stream_) co_return;
  struct Opening {
    ~Opening() {
      pipe.opening_ = false;
      if (!pipe.stream_) pipe.reset();
      pipe.changed_.notify_all();
    }
    AcceptedPipe& pipe;
  };
  opening_ = true;
  const Opening opening{*this};
  co_await shake_hands();
}

Task<void> AcceptedPipe::shake_hands() {
  if (tls_ != nullptr) {
    auto secured = tls_->secure(std::move(pipe_));
    tls::WebPipe& web = *secured;
    pipe_ = std::move(secured);
    co_await web.shake_hands();
  }
  Bytes early = co_await answer_websocket(*pipe_, env_.clock);
  if (reset_) throw_error(Errc::kReset);
  stream_.emplace(std::move(pipe_), Side::kResponder, std::move(early), pool_, env_.clock, env_.random);
}

}  // namespace warren::websocket
