#include "warren/security/noise/channel.hpp"

#include <algorithm>

#include "warren/async/as_result.hpp"

namespace warren::noise {

Channel::Channel(StreamPtr pipe, Session session, BufferPool pool)
    : pipe_(std::move(pipe)),
      remote_peer_(session.remote_peer),
      remote_key_(std::move(session.remote_key)),
      muxer_(std::move(session.muxer)),
      writer_(std::move(session.sending), pool),
      reader_(std::move(session.receiving), pool),
      may_be_refused_(session.may_be_refused) {}

Task<std::size_t> Channel::read_some(MutableBytes to) {
  while (true) {
    if (reset_) throw_error(Errc::kReset);
    const auto opened = reader_.read(to);
    if (!opened) break_off(opened.error());
    if (*opened > 0) {
      may_be_refused_ = false;
      co_return *opened;
    }

    const std::size_t arrived =
        may_be_refused_ ? co_await read_pipe() : co_await pipe_->read_some(reader_.space());
    if (arrived == 0 && !reader_.empty()) break_off(make_error_code(Errc::kEndOfStream));
    if (arrived == 0) co_return 0;
    reader_.add(arrived);
  }
}

// The first bytes of a peer that may hang up instead.
Task<std::size_t> Channel::read_pipe() {
  const auto arrived = co_await as_result(pipe_->read_some(reader_.space()));
  const bool hung_up = arrived ? *arrived == 0 : is_hang_up(arrived.error());
  if (hung_up) break_off(make_error_code(Errc::kHandshakeRefused));
  co_return value_or_throw(arrived);
}

Task<void> Channel::write(BytesView bytes) {
  while (!bytes.empty()) {
    if (reset_) throw_error(Errc::kReset);
    const BytesView part = bytes.first(std::min(bytes.size(), kSealMax));
    auto sealed = writer_.seal(part);
    if (!sealed) break_off(sealed.error());
    const BytesView record = sealed->buffer.bytes().first(sealed->size);
    if (may_be_refused_) {
      co_await write_pipe(record);
    } else {
      co_await pipe_->write(record);
    }
    bytes = bytes.subspan(part.size());
  }
}

Task<void> Channel::write_pipe(BytesView record) {
  const auto written = co_await as_result(pipe_->write(record));
  if (!written && is_hang_up(written.error())) break_off(make_error_code(Errc::kHandshakeRefused));
  value_or_throw(written);
}

Task<void> Channel::close_write() {
  return pipe_->close_write();
}

void Channel::reset() {
  reset_ = true;
  pipe_->reset();
}

void Channel::break_off(std::error_code reason) {
  reset();
  throw_error(reason, "Noise channel");
}

}  // namespace warren::noise
