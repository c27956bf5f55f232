#include "warren/async/turns.hpp"

#include <boost/asio/post.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>

namespace warren {

namespace asio = boost::asio;

Task<void> let_others_run(int turns) {
  const Executor executor = co_await asio::this_coro::executor;
  for (int turn = 0; turn < turns; ++turn) co_await asio::post(executor, asio::use_awaitable);
}

}  // namespace warren
