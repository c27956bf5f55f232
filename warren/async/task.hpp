// The two words of Asio that the rest of the project knows: a coroutine's type, and the loop it runs on.
#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>

namespace warren {

// A coroutine that yields a T. It runs when awaited, or when given to a TaskGroup; dropped before, it never
// runs. Cancellation reaches it at its next co_await as boost::system::system_error, which nobody catches but
// TaskGroup, so every destructor on the way runs.
template <class T = void>
using Task = boost::asio::awaitable<T>;

// A handle on a node's single-threaded loop.
using Executor = boost::asio::any_io_executor;

}  // namespace warren
