// How the services of the control API ask the node: LoopCalls, ended when the gRPC client goes away.
#pragma once

#include <grpcpp/server_context.h>

#include <type_traits>

#include "app/loop_calls.hpp"

namespace warren::app {

// For what the node knows itself.
inline constexpr Duration kOwnLimit = 10s;
// For calls that go on as long as their client wants.
inline constexpr Duration kNoCallLimit = std::chrono::hours(24 * 365);

class ApiCalls : public LoopCalls {
 public:
  using LoopCalls::LoopCalls;

  // As LoopCalls::run.
  template <class T>
  CallResult<T> in_loop(grpc::ServerContext& context, std::function<Task<T>()> work, Duration limit) {
    return run<T>(std::move(work), limit, [&context] { return context.IsCancelled(); });
  }

  // The same for what is there at once: calls `get` in the loop, which may refer to the caller's frame.
  template <class Get>
  auto ask(grpc::ServerContext& context, const Get& get) {
    using T = std::invoke_result_t<const Get&>;
    return in_loop<T>(context, [&get] { return answer<T>(&get); }, kOwnLimit);
  }

 private:
  template <class T, class Get>
  static Task<T> answer(const Get* get) {
    co_return (*get)();
  }
};

}  // namespace warren::app
