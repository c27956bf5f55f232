#include "warren/sim/loop.hpp"

#include <doctest/doctest.h>

#include <boost/asio/this_coro.hpp>
#include <string>
#include <vector>

#include "warren/async/event.hpp"
#include "warren/async/task_group.hpp"

namespace warren::sim {
namespace {

Task<void> sleep_and_note(Loop& loop, Duration duration, std::string name, std::vector<std::string>& notes) {
  co_await loop.clock().sleep_for(duration);
  notes.push_back(name + " at " + std::to_string(to_ms(loop.now().time_since_epoch())));
}

Task<int> seven() {
  co_return 7;
}

Task<std::unique_ptr<int>> boxed(Clock& clock) {
  co_await clock.sleep_for(5s);
  co_return std::make_unique<int>(8);
}

Task<void> failing(Clock& clock) {
  co_await clock.sleep_for(1s);
  throw_error(Errc::kMalformed);
}

Task<void> wait_for(Event& event) {
  co_await event.wait();
}

Task<void> sleep_forever(Clock& clock) {
  for (;;) co_await clock.sleep_for(1h);
}

struct Witness {
  explicit Witness(bool& destroyed) : destroyed(destroyed) {}
  ~Witness() { destroyed = true; }
  bool& destroyed;
};

Task<void> be_stubborn(std::unique_ptr<Witness>) {
  Event never;
  co_await boost::asio::this_coro::throw_if_cancelled(false);
  for (;;) co_await never.wait_uncanceled();
}

TEST_CASE("run returns the task's value and throws its error") {
  Loop loop;
  CHECK(loop.run(seven()) == 7);
  CHECK(*loop.run(boxed(loop.clock())) == 8);
  CHECK(loop.now() == Instant(5s));
  CHECK_THROWS_AS(loop.run(failing(loop.clock())), std::system_error);
  CHECK(loop.now() == Instant(6s));
  CHECK_FALSE(loop.busy());
}

TEST_CASE("the clock starts at a fixed date and moves with the sleepers") {
  Loop loop;
  CHECK(loop.now() == Instant{});
  CHECK(unix_ms(loop.clock().wall_now()) == 1'767'225'600'000);
  loop.run(loop.clock().sleep_for(1500ms));
  CHECK(loop.now() == Instant(1500ms));
  CHECK(unix_ms(loop.clock().wall_now()) == 1'767'225'601'500);
}

TEST_CASE("sleepers wake in order of time, then of arrival") {
  Loop loop;
  TaskGroup group(loop.executor(), "test");
  std::vector<std::string> notes;
  group.spawn(sleep_and_note(loop, 2ms, "a", notes));
  group.spawn(sleep_and_note(loop, 1ms, "b", notes));
  group.spawn(sleep_and_note(loop, 2ms, "c", notes));
  group.spawn(sleep_and_note(loop, -5ms, "past", notes));
  loop.run(group.join());
  CHECK(notes ==
        std::vector<std::string>{"past at 0.000000", "b at 1.000000", "a at 2.000000", "c at 2.000000"});
}

TEST_CASE("advance stops in between; run_until_idle does not move time") {
  Loop loop;
  TaskGroup group(loop.executor(), "test");
  std::vector<std::string> notes;
  group.spawn(sleep_and_note(loop, 10ms, "a", notes));
  loop.run_until_idle();
  CHECK(loop.now() == Instant{});
  loop.advance(9ms);
  CHECK(notes.empty());
  CHECK(loop.busy());
  loop.advance(1ms);
  CHECK(notes.size() == 1);
  CHECK_FALSE(loop.busy());
  loop.advance(1h);
  CHECK(loop.now() == Instant(1h + 10ms));
}

TEST_CASE("actions are called in order and can be taken back") {
  Loop loop;
  std::string calls;
  loop.at(Instant(2s), [&] { calls += "c"; });
  loop.at(Instant(1s), [&] { calls += "a"; });
  const Loop::Ticket ticket = loop.at(Instant(1s), [&] { calls += "x"; });
  loop.at(Instant(1s), [&] { calls += "b"; });
  loop.cancel(ticket);
  loop.advance(2s);
  CHECK(calls == "abc");
  loop.cancel(ticket);
}

TEST_CASE("a deadlock is found, and the task canceled") {
  Loop loop;
  Event never;
  CHECK_THROWS_AS(loop.run(wait_for(never)), Stuck);
  CHECK_FALSE(loop.busy());
  CHECK(loop.run(seven()) == 7);
}

TEST_CASE("a task that takes longer than its limit is stuck") {
  Loop loop;
  CHECK_THROWS_AS(loop.run(sleep_forever(loop.clock()), 10h), Stuck);
  CHECK(loop.now() <= Instant(10h));
  CHECK_FALSE(loop.busy());
}

TEST_CASE("a canceled sleep ends at once") {
  Loop loop;
  TaskGroup group(loop.executor(), "test");
  group.spawn(sleep_forever(loop.clock()));
  loop.run_until_idle();
  CHECK(loop.busy());
  loop.run(group.close());
  CHECK(loop.now() == Instant{});
  CHECK_FALSE(loop.busy());
}

TEST_CASE("a task that ignores its cancellation is destroyed with the loop") {
  bool destroyed = false;
  {
    Loop loop;
    CHECK_THROWS_AS(loop.run(be_stubborn(std::make_unique<Witness>(destroyed))), Stuck);
    CHECK(loop.busy());
    CHECK_FALSE(destroyed);
  }
  CHECK(destroyed);
}

}  // namespace
}  // namespace warren::sim
