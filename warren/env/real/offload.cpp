#include "warren/env/real/offload.hpp"

#include <boost/asio/async_result.hpp>
#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/thread_pool.hpp>
#include <boost/asio/use_awaitable.hpp>

namespace warren::real {

namespace asio = boost::asio;

struct WorkerPool::State {
  explicit State(std::size_t threads) : pool(threads) {}
  asio::thread_pool pool;
};

WorkerPool::WorkerPool(std::size_t threads) : state_(std::make_unique<State>(threads)) {}

WorkerPool::~WorkerPool() {
  state_->pool.join();
}

Task<void> WorkerPool::execute(std::function<void()> work) {
  const Executor home = co_await asio::this_coro::executor;
  // There and back again. No cancellation slot is used: the work refers to the caller's frame, which
  // therefore waits.
  const auto there_and_back = [this, home, &work](auto handler) {
    auto guard = asio::make_work_guard(home);
    asio::post(state_->pool, [home, &work, guard = std::move(guard), handler = std::move(handler)]() mutable {
      work();
      asio::post(home, std::move(handler));
    });
  };
  co_await asio::async_initiate<const asio::use_awaitable_t<>, void()>(there_and_back, asio::use_awaitable);
}

}  // namespace warren::real
