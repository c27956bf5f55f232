#include "warren/async/event.hpp"

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>

#include "warren/async/cancellation.hpp"

namespace warren {

namespace asio = boost::asio;

// A timer that never expires: all waiters hang on it, and notify_all() cancels their waits.
struct Event::Waiters {
  explicit Waiters(const Executor& executor) : timer(executor, asio::steady_timer::time_point::max()) {}
  asio::steady_timer timer;
};

Event::Event() = default;
Event::~Event() = default;
Event::Event(Event&&) noexcept = default;
Event& Event::operator=(Event&&) noexcept = default;

Event::Waiters& Event::waiters(const Executor& executor) {
  if (!waiters_) waiters_ = std::make_unique<Waiters>(executor);
  return *waiters_;
}

Task<void> Event::wait() {
  co_await wait_uncanceled();
  co_await throw_if_canceled();
}

Task<void> Event::wait_uncanceled() {
  const Executor executor = co_await asio::this_coro::executor;
  co_await waiters(executor).timer.async_wait(asio::as_tuple(asio::use_awaitable));
}

void Event::notify_all() {
  if (waiters_) waiters_->timer.cancel();
}

}  // namespace warren
