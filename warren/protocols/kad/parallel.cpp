#include "warren/protocols/kad/parallel.hpp"

#include "warren/async/as_result.hpp"
#include "warren/async/cancellation.hpp"
#include "warren/async/task_group.hpp"

namespace warren::kad {

namespace {

Task<void> count(Task<void> task, std::size_t& done) {
  const auto outcome = co_await as_result(std::move(task));
  if (outcome) ++done;
}

Task<void> run_all(TaskGroup& tasks, const std::vector<PeerInfo>& peers, const Action& action,
                   std::size_t& done) {
  for (const PeerInfo& peer : peers) tasks.spawn(count(action(peer), done));
  co_await tasks.join();
}

}  // namespace

Task<std::size_t> for_all(Env& env, std::vector<PeerInfo> peers, Action action) {
  TaskGroup tasks(env.executor, "kad.all");
  std::size_t done = 0;
  co_await finally(run_all(tasks, peers, action, done), tasks.close());
  co_return done;
}

}  // namespace warren::kad
