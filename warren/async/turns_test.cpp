#include "warren/async/turns.hpp"

#include <doctest/doctest.h>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/io_context.hpp>
#include <vector>

using namespace warren;

namespace {

Task<void> step_back(std::vector<int>& order) {
  order.push_back(1);
  co_await let_others_run(2);
  order.push_back(4);
}

Task<void> two_steps(std::vector<int>& order) {
  order.push_back(2);
  co_await let_others_run(1);
  order.push_back(3);
}

}  // namespace

TEST_CASE("who steps back runs after what was ready, and what that has made ready") {
  boost::asio::io_context loop;
  std::vector<int> order;
  boost::asio::co_spawn(loop, step_back(order), boost::asio::detached);
  boost::asio::co_spawn(loop, two_steps(order), boost::asio::detached);
  loop.run();
  CHECK(order == std::vector{1, 2, 3, 4});
}
