#include "warren/muxer/yamux/connection.hpp"

#include <algorithm>
#include <boost/asio/this_coro.hpp>
#include <utility>

#include "warren/async/as_result.hpp"
#include "warren/async/turns.hpp"

namespace warren::yamux {
namespace {

// The reader starts with the small buffer. A read that came back full means that there is more: the buffer
// grows, until the connection has been idle for a while. So many idle connections cost little, and busy ones
// few calls.
constexpr std::size_t kSmallBuffer = 512;
constexpr std::size_t kLargeBuffer = 128 * 1024;
constexpr std::size_t kGrowth = 8;

// How much of what still comes after the end of the session is read and thrown away. A TCP socket that is
// closed with unread bytes would be reset, and our last words lost; but a peer that floods us is not worth
// more.
constexpr std::size_t kDrainMax = 1024 * 1024;

// An answer is made in pieces, by tasks that wake each other: its bytes, the end of its stream, the room that
// the question took. Who waits for so many turns of the loop writes them at once: docs/performance.md has
// what that saves.
constexpr int kTurnsToGather = 4;

}  // namespace

YamuxConnection::YamuxConnection(const Executor& executor, Clock& clock, std::shared_ptr<Heartbeat> heartbeat,
                                 StreamPtr channel, Side side, const Limits& limits, UnreadLimits unread)
    : limits_(limits),
      shared_(std::make_shared<Shared>(clock, side, limits, unread)),
      heartbeat_(std::move(heartbeat)),
      channel_(std::move(channel)),
      tasks_(executor, "yamux"),
      reading_(executor, "yamux") {
  resize_buffer(kSmallBuffer);
}

void YamuxConnection::start() {
  reads_ = true;
  writes_ = true;
  Session& session = shared_->session;
  session.on_output([this] { wake_writer(); });
  reading_.spawn(read_loop());
  if (const auto due = beat(shared_->clock.now())) heartbeat_->watch(*this, *due);
  if (session.has_output() || session.ended()) wake_writer();
}

Task<StreamPtr> YamuxConnection::open_stream() {
  Session& session = shared_->session;
  auto state = value_or_throw(session.open(shared_->clock.now()), std::string(session.detail()));
  co_return std::make_unique<YamuxStream>(shared_, std::move(state));
}

Task<StreamPtr> YamuxConnection::accept_stream() {
  const std::shared_ptr<Shared> shared =
      shared_;  // close() may come while we wait, and the destructor after it
  Session& session = shared->session;
  while (true) {
    StreamStatePtr state = session.accept();
    if (state) co_return std::make_unique<YamuxStream>(shared, std::move(state));
    if (session.ended()) throw_error(session.ended(), std::string(session.detail()));
    co_await session.inbound().wait();
  }
}

void YamuxConnection::go_away() {
  shared_->session.go_away();
  if (reads_ || writes_) linger_if_ended();
}

Task<void> YamuxConnection::close() {
  go_away();
  // No cancellation gets between here and the end: linger() limits the time.
  const bool throws = co_await boost::asio::this_coro::throw_if_cancelled();
  co_await boost::asio::this_coro::throw_if_cancelled(false);
  while (reads_ || writes_) co_await pump_ended_.wait_uncanceled();
  channel_->reset();
  shared_->session.on_output({});  // streams may live on
  co_await heartbeat_->leave(*this);
  co_await tasks_.close();
  co_await reading_.close();
  co_await boost::asio::this_coro::throw_if_cancelled(throws);
}

Task<void> YamuxConnection::read_loop() {
  const Result<> result = co_await as_result(receive_all());
  if (!result) shared_->session.fail(result.error());
  pump_ended(reads_);
}

Task<void> YamuxConnection::receive_all() {
  Session& session = shared_->session;
  while (true) {
    const MutableBytes buffer(buffer_.get(), buffer_size_);
    const std::size_t size = co_await channel_->read_some(buffer);
    if (size == 0) {
      session.receive_end();
      co_return;
    }
    if (session.ended()) {
      drained_ += size;
      if (drained_ <= kDrainMax) continue;
      channel_->reset();
      co_return;
    }
    session.receive(buffer.first(size), shared_->clock.now());
    linger_if_ended();
    if (size > kSmallBuffer) busy_ = true;
    if (size == buffer_size_ && size < kLargeBuffer) resize_buffer(std::min(kGrowth * size, kLargeBuffer));
  }
}

void YamuxConnection::resize_buffer(std::size_t size) {
  buffer_ = std::make_unique_for_overwrite<std::uint8_t[]>(size);
  buffer_size_ = size;
}

void YamuxConnection::wake_writer() {
  if (writes_ && !std::exchange(writing_, true)) tasks_.spawn(write_waiting());
}

// Runs while there is something to write, so that an idle connection has no writer.
Task<void> YamuxConnection::write_waiting() {
  const Result<> result = co_await as_result(send_all());
  writing_ = false;
  if (result && !shared_->session.ended()) co_return;
  pump_ended(writes_);
  if (!result) {
    shared_->session.fail(result.error());
    channel_->reset();
    linger_if_ended();
  }
}

Task<void> YamuxConnection::send_all() {
  Session& session = shared_->session;
  while (session.has_output()) {
    co_await let_others_run(kTurnsToGather);
    session.take_output(batch_);
    if (batch_.size() > kSmallBuffer) busy_ = true;
    if (!batch_.empty()) co_await channel_->write(batch_);
    batch_.clear();
  }
  if (!busy_) trim_output();
  if (session.ended()) co_await channel_->close_write();
}

std::optional<Instant> YamuxConnection::beat(Instant now) {
  Session& session = shared_->session;
  session.tick(now);
  if (session.ended()) {
    linger_if_ended();
    return std::nullopt;
  }
  trim();
  return session.deadline();
}

// The session has ended: what is left has a little time.
Task<void> YamuxConnection::linger() {
  co_await shared_->clock.sleep_for(limits_.close_max);
  channel_->reset();
}

void YamuxConnection::linger_if_ended() {
  if (!shared_->session.ended() || std::exchange(lingering_, true)) return;
  tasks_.spawn(linger());
}

void YamuxConnection::pump_ended(bool& pump) {
  pump = false;
  pump_ended_.notify_all();
  linger_if_ended();
}

void YamuxConnection::trim_output() {
  shared_->session.trim();
  if (batch_.empty()) Bytes().swap(batch_);
}

// Nothing large moved between two pings: an idle connection holds no large buffers.
void YamuxConnection::trim() {
  if (std::exchange(busy_, false)) return;
  trim_output();
  if (buffer_size_ > kSmallBuffer && reads_) tasks_.spawn(shrink_buffer());
}

// The read that waits is started anew with the small one; canceling it loses nothing.
Task<void> YamuxConnection::shrink_buffer() {
  reading_.cancel();
  co_await reading_.join();
  resize_buffer(kSmallBuffer);
  if (reads_) reading_.spawn(read_loop());
}

}  // namespace warren::yamux
