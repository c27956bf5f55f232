#include "warren/env/real/loop.hpp"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <thread>

#include "warren/base/assert.hpp"
#include "warren/env/real/clock.hpp"
#include "warren/env/real/network.hpp"
#include "warren/env/real/offload.hpp"
#include "warren/env/real/random.hpp"
#include "warren/env/real/resolver.hpp"

namespace warren::real {

namespace asio = boost::asio;

struct Loop::State {
  explicit State(std::size_t workers) : offload(workers) {}

  asio::io_context context{1};
  SystemClock clock;
  SystemRandom random;
  KernelNetwork network;
  WorkerPool offload;
  SystemResolver resolver{context.get_executor()};
  Env env{context.get_executor(), clock, random, network, offload, &resolver};
};

Loop::Loop(std::size_t workers) : state_(std::make_unique<State>(workers)) {
  state_->network.set_executor(state_->context.get_executor());
}

Loop::~Loop() = default;

Env& Loop::env() {
  return state_->env;
}

void Loop::post(std::function<void()> function) {
  asio::post(state_->context, std::move(function));
}

void Loop::run_to_end(Task<void> task) {
  bool ended = false;
  std::exception_ptr thrown;
  asio::co_spawn(state_->context, std::move(task), [&](std::exception_ptr error) {
    ended = true;
    thrown = error;
  });
  state_->context.restart();
  while (!ended) {
    const std::size_t handlers = state_->context.run_one();
    WARREN_ASSERT(handlers > 0 || ended);  // nothing can happen any more, and the task still waits
  }
  if (thrown) std::rethrow_exception(thrown);
}

void Loop::run_until_stopped() {
  const auto work = asio::make_work_guard(state_->context);
  state_->context.run();
}

void Loop::stop() {
  state_->context.stop();
}

struct LoopThread::State {
  Loop loop;
  std::thread thread;
};

LoopThread::LoopThread() : state_(std::make_unique<State>()) {
  state_->thread = std::thread([loop = &state_->loop] { loop->run_until_stopped(); });
}

LoopThread::~LoopThread() {
  state_->loop.stop();
  state_->thread.join();
}

Env& LoopThread::env() {
  return state_->loop.env();
}

void LoopThread::post(std::function<void()> function) {
  state_->loop.post(std::move(function));
}

void LoopThread::start(Task<void> task, std::function<void(std::exception_ptr)> done) {
  WARREN_ASSERT(std::this_thread::get_id() != state_->thread.get_id());  // it would wait for itself
  asio::co_spawn(state_->loop.env().executor, std::move(task), std::move(done));
}

}  // namespace warren::real
