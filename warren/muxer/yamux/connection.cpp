#include "warren/muxer/yamux/connection.hpp"

#include <boost/asio/this_coro.hpp>
#include <utility>

#include "warren/async/as_result.hpp"

namespace warren::yamux {
namespace {

// A read that may wait for hours holds the small buffer; once it came back full, there is more, and the next
// read takes the large one. Many idle connections cost little, and busy ones few calls.
constexpr std::size_t kSmallBuffer = 2 * 1024;
constexpr std::size_t kLargeBuffer = 128 * 1024;

}  // namespace

YamuxConnection::YamuxConnection(const Executor& executor, Clock& clock, StreamPtr channel, Side side,
                                 const Limits& limits)
    : limits_(limits),
      shared_(std::make_shared<Shared>(clock, side, limits)),
      channel_(std::move(channel)),
      tasks_(executor, "yamux"),
      small_(std::make_unique_for_overwrite<std::uint8_t[]>(kSmallBuffer)) {}

void YamuxConnection::start() {
  pumps_ = 2;
  tasks_.spawn(read_loop());
  tasks_.spawn(write_loop());
  tasks_.spawn(time_loop());
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

Task<void> YamuxConnection::close() {
  shared_->session.go_away();
  linger_if_ended();
  // No cancellation gets between here and the end: linger() limits the time.
  const bool throws = co_await boost::asio::this_coro::throw_if_cancelled();
  co_await boost::asio::this_coro::throw_if_cancelled(false);
  while (pumps_ > 0) co_await pump_ended_.wait_uncanceled();
  channel_->reset();
  co_await tasks_.close();
  co_await boost::asio::this_coro::throw_if_cancelled(throws);
}

Task<void> YamuxConnection::read_loop() {
  const Result<> result = co_await as_result(receive_all());
  if (!result) shared_->session.fail(result.error());
  pump_ended();
}

Task<void> YamuxConnection::receive_all() {
  bool full = false;
  while (true) {
    const MutableBytes buffer = read_buffer(full);
    const std::size_t size = co_await channel_->read_some(buffer);
    if (size == 0) {
      shared_->session.receive_end();
      co_return;
    }
    full = size == buffer.size();
    shared_->session.receive(buffer.first(size), shared_->clock.now());
    // When that was the end, the rest is read as well: a TCP socket that is closed with unread bytes would be
    // reset, and our last words lost.
    linger_if_ended();
  }
}

MutableBytes YamuxConnection::read_buffer(bool large) {
  if (!large) return {small_.get(), kSmallBuffer};
  if (!large_) large_ = std::make_unique_for_overwrite<std::uint8_t[]>(kLargeBuffer);
  busy_ = true;
  return {large_.get(), kLargeBuffer};
}

Task<void> YamuxConnection::write_loop() {
  const Result<> result = co_await as_result(send_all());
  if (!result) {
    shared_->session.fail(result.error());
    channel_->reset();
  }
  pump_ended();
}

Task<void> YamuxConnection::send_all() {
  Session& session = shared_->session;
  while (true) {
    while (!session.has_output() && !session.ended()) co_await session.output().wait();
    if (!session.has_output()) break;
    session.take_output(batch_);
    if (batch_.size() > kSmallBuffer) busy_ = true;
    if (!batch_.empty()) co_await channel_->write(batch_);
    batch_.clear();
  }
  co_await channel_->close_write();
}

Task<void> YamuxConnection::time_loop() {
  Session& session = shared_->session;
  while (true) {
    session.tick(shared_->clock.now());
    if (session.ended()) break;
    trim();
    co_await shared_->clock.sleep_until(session.deadline());
  }
  linger_if_ended();
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

void YamuxConnection::pump_ended() {
  --pumps_;
  pump_ended_.notify_all();
  linger_if_ended();
}

// Between two pings nothing large moved: idle connections hold no large buffers.
void YamuxConnection::trim() {
  if (std::exchange(busy_, false)) return;
  shared_->session.trim();
  if (batch_.empty()) Bytes().swap(batch_);
  large_.reset();
}

}  // namespace warren::yamux
