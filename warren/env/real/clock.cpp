#include "warren/env/real/clock.hpp"

#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>

namespace warren::real {

namespace asio = boost::asio;

Instant SystemClock::now() const {
  return std::chrono::steady_clock::now();
}

WallTime SystemClock::wall_now() const {
  return std::chrono::floor<std::chrono::milliseconds>(std::chrono::system_clock::now());
}

Task<void> SystemClock::sleep_until(Instant instant) {
  const Executor executor = co_await asio::this_coro::executor;
  asio::steady_timer timer(executor, instant);
  co_await timer.async_wait(asio::use_awaitable);
}

}  // namespace warren::real
