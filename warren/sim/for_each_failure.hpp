// Runs a conversation again and again, and lets its first, second, third, ... stream operation fail, until it
// has failed everywhere it can. Each run must end, leave no task behind, and report an error. For tests
// (doctest).
//
//   Task<void> shake_hands(sim::Loop& loop, sim::Faults& faults) {
//     auto [left, right] = sim::pipe(loop, {.faults = &faults});
//     TaskGroup group(loop.executor(), "test");
//     group.spawn(respond(*right));
//     co_await finally(initiate(*left), group.close());
//   }
//
//   TEST_CASE("a handshake fails at each step") { sim::for_each_failure(shake_hands); }
#pragma once

#include <doctest/doctest.h>

#include <cstdint>
#include <functional>

#include "warren/async/as_result.hpp"
#include "warren/base/error.hpp"
#include "warren/sim/faults.hpp"
#include "warren/sim/loop.hpp"

namespace warren::sim {

// A named coroutine function (or a lambda that captures nothing). All that it starts must have ended when it
// ends.
using Scenario = std::function<Task<void>(Loop&, Faults&)>;

// What must hold of the outcome of the run whose `operation` failed.
using OutcomeCheck = std::function<void(std::uint64_t operation, const Result<>& outcome)>;

inline void must_be_error(std::uint64_t, const Result<>& outcome) {
  CHECK_MESSAGE(!outcome.has_value(), "the conversation succeeded although an operation failed");
}

// The first run, in which nothing fails, must succeed. Each run has a loop of its own and `limit` of virtual
// time. Returns how many operations the scenario has. A scenario with more than 10,000 is too long for this,
// and fails.
inline std::uint64_t for_each_failure(const Scenario& scenario, const OutcomeCheck& check = must_be_error,
                                      Duration limit = std::chrono::hours(1)) {
  std::uint64_t operations = 0;
  for (std::uint64_t failing = 0; failing <= operations; ++failing) {
    INFO("failing at operation ", failing, " (0: none)");
    Loop loop;
    Faults faults(failing);
    const Result<> outcome = loop.run(as_result(scenario(loop, faults)), limit);
    REQUIRE_MESSAGE(!loop.busy(), "a task is left behind");
    if (failing == 0) {
      REQUIRE_MESSAGE(outcome.has_value(), "it must succeed when nothing fails");
      operations = faults.operations();
      REQUIRE(operations > 0);
      REQUIRE(operations <= 10'000);
    } else {
      check(failing, outcome);
    }
  }
  return operations;
}

}  // namespace warren::sim
