#include "warren/muxer/yamux/stream.hpp"

#include <utility>

#include "warren/async/cancellation.hpp"
#include "warren/base/assert.hpp"

namespace warren::yamux {
namespace {

// Offers the session a place to put bytes into while a read waits.
class WaitingReader {
 public:
  WaitingReader(StreamState& state, MutableBytes to) : state_(state) {
    WARREN_ASSERT(state.reader.empty() && "one reader at a time");
    state.reader = to;
    state.delivered = 0;
  }
  ~WaitingReader() {
    state_.reader = {};
    state_.delivered = 0;
  }
  WaitingReader(const WaitingReader&) = delete;
  WaitingReader& operator=(const WaitingReader&) = delete;

 private:
  StreamState& state_;
};

// Leaves the queue of writers, whatever way a write ends.
class WaitingWriter {
 public:
  WaitingWriter(Session& session, StreamState& state) : session_(session), state_(state) {}
  ~WaitingWriter() { session_.stop_waiting(state_); }
  WaitingWriter(const WaitingWriter&) = delete;
  WaitingWriter& operator=(const WaitingWriter&) = delete;

 private:
  Session& session_;
  StreamState& state_;
};

void check_writable(const StreamState& state) {
  if (state.write_error) throw_error(state.write_error);
  if (state.fin_sent) throw_error(Errc::kClosed);
}

}  // namespace

Task<std::size_t> YamuxStream::read_some(MutableBytes to) {
  WARREN_ASSERT(!to.empty());
  while (true) {
    const std::size_t size = shared_->session.read(*state_, to, shared_->clock.now());
    if (size > 0) co_return size;
    if (state_->read_error) throw_error(state_->read_error);
    if (state_->fin_received) co_return 0;

    const WaitingReader reader(*state_, to);
    co_await state_->readable.wait_uncanceled();
    // Bytes that are in `to` already count, even if a cancellation came too.
    if (state_->delivered > 0) co_return state_->delivered;
    co_await throw_if_canceled();
  }
}

Task<void> YamuxStream::write(BytesView bytes) {
  const WaitingWriter writer(shared_->session, *state_);
  while (true) {
    check_writable(*state_);
    bytes = bytes.subspan(shared_->session.write(state_, bytes));
    if (bytes.empty()) co_return;
    co_await state_->writable.wait();
  }
}

Task<void> YamuxStream::close_write() {
  if (state_->fin_sent) co_return;
  check_writable(*state_);
  shared_->session.close_write(*state_);
}

}  // namespace warren::yamux
