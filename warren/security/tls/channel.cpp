#include "warren/security/tls/channel.hpp"

#include <algorithm>

namespace warren::tls {

Channel::Channel(StreamPtr pipe, Session session)
    : pipe_(std::move(pipe)), session_(std::move(session)), records_(*session_.records) {}

Task<std::size_t> Channel::read_some(MutableBytes to) {
  while (true) {
    if (reset_) throw_error(Errc::kReset);
    if (read_ended_) co_return 0;
    const auto opened = records_.read(to);
    if (!opened) break_off(opened.error());
    if (*opened > 0) co_return *opened;
    if (records_.ended()) {
      co_await read_end();
      co_return 0;
    }
    const std::size_t arrived = co_await pipe_->read_some(records_.space());
    if (arrived == 0) break_off(make_error_code(Errc::kEndOfStream));
    records_.add(arrived);
  }
}

// The peer's half of the pipe ends behind its last word. Until that is read, the pipe counts as open, and
// would be reset with the channel, which may cost the peer what it has not read yet.
Task<void> Channel::read_end() {
  if (records_.has_unread()) break_off(make_error_code(Errc::kMalformed));
  std::uint8_t byte = 0;
  const std::size_t arrived = co_await pipe_->read_some(MutableBytes(&byte, 1));
  if (arrived > 0) break_off(make_error_code(Errc::kMalformed));
  read_ended_ = true;
}

Task<void> Channel::write(BytesView bytes) {
  while (!bytes.empty()) {
    if (reset_) throw_error(Errc::kReset);
    if (write_closed_) throw_error(Errc::kClosed);
    const BytesView part = bytes.first(std::min(bytes.size(), kSealMax));
    if (const auto sealed = records_.write(part); !sealed) break_off(sealed.error());
    auto outgoing = records_.take();
    co_await pipe_->write(outgoing.bytes());
    bytes = bytes.subspan(part.size());
  }
}

Task<void> Channel::close_write() {
  if (reset_ || std::exchange(write_closed_, true)) co_return;
  records_.close();
  auto outgoing = records_.take();
  if (outgoing.size > 0) co_await pipe_->write(outgoing.bytes());
  co_await pipe_->close_write();
}

void Channel::reset() {
  reset_ = true;
  pipe_->reset();
}

void Channel::break_off(std::error_code reason) {
  reset();
  throw_error(reason, "TLS channel");
}

}  // namespace warren::tls
