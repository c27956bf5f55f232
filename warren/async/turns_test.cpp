#include "warren/async/turns.hpp"

#include <doctest/doctest.h>

#include <vector>

#include "warren/async/task_group.hpp"
#include "warren/sim/loop.hpp"

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
  sim::Loop loop;
  std::vector<int> order;
  TaskGroup group(loop.executor(), "test");
  group.spawn(step_back(order));
  group.spawn(two_steps(order));
  loop.run(group.join());
  CHECK(order == std::vector{1, 2, 3, 4});
}
