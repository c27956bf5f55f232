#include "warren/security/tls/record_pipe.hpp"

#include <algorithm>

#include "warren/core/farewell.hpp"

namespace warren::tls {

namespace {

Task<void> send(ByteStream& pipe, Records& records) {
  auto outgoing = records.take();
  if (outgoing.size > 0) co_await pipe.write(outgoing.bytes());
}

}  // namespace

Task<void> shake_hands(ByteStream& pipe, Records& records, const std::error_code& verdict,
                       std::size_t received_max, Clock& clock) {
  std::size_t received = 0;
  while (true) {
    const auto done = records.shake_hands();
    if (!done) {
      if (auto alert = records.take(); alert.size > 0) {
        co_await say_last(clock, pipe, to_bytes(alert.bytes()));
      }
      throw_error(verdict ? verdict : done.error(), "TLS handshake");
    }
    co_await send(pipe, records);
    if (*done) co_return;
    if (received > received_max) throw_error(Errc::kTooLarge, "TLS handshake");
    const std::size_t size = co_await pipe.read_some(records.space());
    if (size == 0) throw_error(Errc::kEndOfStream, "TLS handshake");
    records.add(size);
    received += size;
  }
}

Task<std::size_t> RecordPipe::read_some(MutableBytes to) {
  while (true) {
    if (reset_) throw_error(Errc::kReset);
    if (read_ended_) co_return 0;
    const auto opened = records_->read(to);
    if (!opened) break_off(opened.error());
    if (*opened > 0) co_return *opened;
    if (records_->ended()) {
      co_await read_end();
      co_return 0;
    }
    const std::size_t arrived = co_await pipe_->read_some(records_->space());
    if (arrived == 0) break_off(make_error_code(Errc::kEndOfStream));
    records_->add(arrived);
  }
}

// The peer's half of the pipe ends behind its last word. Until that is read, the pipe counts as open, and
// would be reset with the channel, which may cost the peer what it has not read yet.
Task<void> RecordPipe::read_end() {
  if (records_->has_unread()) break_off(make_error_code(Errc::kMalformed));
  std::uint8_t byte = 0;
  const std::size_t arrived = co_await pipe_->read_some(MutableBytes(&byte, 1));
  if (arrived > 0) break_off(make_error_code(Errc::kMalformed));
  read_ended_ = true;
}

Task<void> RecordPipe::write(BytesView bytes) {
  while (!bytes.empty()) {
    if (reset_) throw_error(Errc::kReset);
    if (write_closed_) throw_error(Errc::kClosed);
    const BytesView part = bytes.first(std::min(bytes.size(), kSealMax));
    if (const auto sealed = records_->write(part); !sealed) break_off(sealed.error());
    auto outgoing = records_->take();
    co_await pipe_->write(outgoing.bytes());
    bytes = bytes.subspan(part.size());
  }
}

Task<void> RecordPipe::close_write() {
  if (reset_ || std::exchange(write_closed_, true)) co_return;
  records_->close();
  auto outgoing = records_->take();
  if (outgoing.size > 0) co_await pipe_->write(outgoing.bytes());
  co_await pipe_->close_write();
}

void RecordPipe::reset() {
  reset_ = true;
  pipe_->reset();
}

void RecordPipe::break_off(std::error_code reason) {
  reset();
  throw_error(reason, "TLS channel");
}

}  // namespace warren::tls
