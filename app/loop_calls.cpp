#include "app/loop_calls.hpp"

#include <future>

#include "app/errors.hpp"
#include "warren/async/as_result.hpp"
#include "warren/async/event.hpp"
#include "warren/async/race.hpp"

namespace warren::app {
namespace {

// A gRPC thread looks up this often whether its client is still there.
constexpr auto kLookForCancelled = std::chrono::milliseconds(50);

CallError error_of(Errc code) {
  return {make_error_code(code), make_error_code(code).message()};
}

Task<void> wait_until_set(const bool& flag, Event& changed) {
  while (!flag) co_await changed.wait();
}

}  // namespace

struct LoopCalls::Call {
  std::function<Task<void>()> work;
  Event changed;
  bool canceled = false;  // in the loop only
};

// Tells the waiting thread how the work ended, at the latest when the coroutine that owns this is destroyed.
class LoopCalls::Done {
 public:
  explicit Done(std::promise<CallResult<>> promise) : promise_(std::move(promise)) {}
  Done(Done&& other) noexcept : promise_(std::exchange(other.promise_, std::nullopt)) {}
  Done& operator=(Done&&) = delete;
  ~Done() { tell(std::unexpected(error_of(Errc::kCanceled))); }

  void tell(CallResult<> result) {
    if (promise_) promise_->set_value(std::move(result));
    promise_.reset();
  }

 private:
  std::optional<std::promise<CallResult<>>> promise_;
};

LoopCalls::LoopCalls(real::Loop& loop) : loop_(loop), group_(loop.env().executor, "control") {}

Task<void> LoopCalls::perform(std::shared_ptr<Call> call, Done done) {
  auto both = race(call->work(), wait_until_set(call->canceled, call->changed));
  const auto winner = co_await as_outcome(std::move(both));
  if (!winner) {
    done.tell(std::unexpected(CallError{winner.error().code(), sentence_of(winner.error())}));
  } else if (*winner == Winner::kSecond) {
    done.tell(std::unexpected(error_of(Errc::kCanceled)));
  } else {
    done.tell({});
  }
}

CallResult<> LoopCalls::run_to_end(std::function<Task<void>()> work, Duration limit,
                                   const std::function<bool()>& abandoned) {
  const auto call = std::make_shared<Call>();
  call->work = std::move(work);
  std::promise<CallResult<>> promise;
  std::future<CallResult<>> ended = promise.get_future();
  loop_.post([this, call, done = std::make_shared<Done>(std::move(promise))] {
    group_.spawn(perform(call, std::move(*done)));
  });

  const auto deadline = std::chrono::steady_clock::now() + limit;
  std::optional<Errc> reason;
  while (ended.wait_for(kLookForCancelled) != std::future_status::ready) {
    if (reason) continue;  // it has been canceled, and takes its time
    if (abandoned()) {
      reason = Errc::kCanceled;
    } else if (std::chrono::steady_clock::now() >= deadline) {
      reason = Errc::kTimedOut;
    } else {
      continue;
    }
    loop_.post([call] {
      call->canceled = true;
      call->changed.notify_all();
    });
  }
  CallResult<> result = ended.get();
  if (!result && reason && result.error().code == Errc::kCanceled)
    result = std::unexpected(error_of(*reason));
  return result;
}

}  // namespace warren::app
