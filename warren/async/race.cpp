#include "warren/async/race.hpp"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/deferred.hpp>
#include <boost/asio/experimental/parallel_group.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>

namespace warren {

namespace asio = boost::asio;

Task<Winner> race(Task<void> first, Task<void> second) {
  const Executor executor = co_await asio::this_coro::executor;
  auto group =
      asio::experimental::make_parallel_group(asio::co_spawn(executor, std::move(first), asio::deferred),
                                              asio::co_spawn(executor, std::move(second), asio::deferred));
  const auto ended = co_await group.async_wait(asio::experimental::wait_for_one(), asio::use_awaitable);
  const auto& [order, first_error, second_error] = ended;

  if (!first_error) co_return Winner::kFirst;  // a result is a result, even if the other was a moment faster
  if (order[0] == 1 && !second_error) co_return Winner::kSecond;
  std::rethrow_exception(order[0] == 0 || !second_error ? first_error : second_error);
}

}  // namespace warren
