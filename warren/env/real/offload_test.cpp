#include "warren/env/real/offload.hpp"

#include <doctest/doctest.h>

#include <atomic>
#include <future>
#include <thread>

#include "warren/async/as_result.hpp"
#include "warren/async/task_group.hpp"
#include "warren/env/real/loop.hpp"

namespace warren::real {
namespace {

TEST_CASE("work runs on another thread, and its value or error comes back to the loop") {
  Loop loop(1);
  Offload& offload = loop.env().offload;
  const auto home = std::this_thread::get_id();
  CHECK(loop.run(offload.run([] { return std::this_thread::get_id(); })) != home);
  CHECK(*loop.run(offload.run([] { return std::make_unique<int>(7); })) == 7);
  CHECK(loop.run(as_result(offload.run([] { throw_error(Errc::kStorage); }))).error() == Errc::kStorage);
}

Task<void> note_thread(Offload& offload, std::thread::id& resumed_on) {
  const auto nothing = [] {};
  co_await offload.run(nothing);
  resumed_on = std::this_thread::get_id();
}

TEST_CASE("the caller goes on in its own loop") {
  Loop loop(1);
  std::thread::id resumed_on;
  loop.run(note_thread(loop.env().offload, resumed_on));
  CHECK(resumed_on == std::this_thread::get_id());
}

Task<void> wait_for_gate(Offload& offload, std::shared_future<void> gate, std::atomic<int>& done) {
  const auto work = [gate, &done] {
    gate.wait();
    ++done;
  };
  co_await offload.run(work);
}

Task<void> open_gate(Offload& offload, std::promise<void>& gate) {
  const auto work = [&gate] { gate.set_value(); };
  co_await offload.run(work);
}

TEST_CASE("as many works at once as there are workers, while the loop goes on") {
  Loop loop(2);
  std::promise<void> gate;
  std::atomic<int> done = 0;
  TaskGroup group(loop.env().executor, "test");
  group.spawn(wait_for_gate(loop.env().offload, gate.get_future().share(), done));
  loop.run(open_gate(loop.env().offload, gate));  // with one worker this would never end
  loop.run(group.join());
  CHECK(done == 1);
}

Task<void> cancel_while_working(Env& env, std::promise<void>& gate, std::atomic<int>& done) {
  TaskGroup group(env.executor, "test");
  group.spawn(wait_for_gate(env.offload, gate.get_future().share(), done));
  co_await env.clock.sleep_for(1ms);
  group.cancel();
  co_await env.clock.sleep_for(1ms);
  CHECK(group.size() == 1);  // the work refers to the task's frame
  gate.set_value();
  co_await group.close();
}

TEST_CASE("a canceled task waits for its work to end") {
  Loop loop(1);
  std::promise<void> gate;
  std::atomic<int> done = 0;
  loop.run(cancel_while_working(loop.env(), gate, done));
  CHECK(done == 1);
}

}  // namespace
}  // namespace warren::real
