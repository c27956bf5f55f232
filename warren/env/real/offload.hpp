// A bounded pool of threads for work that would hold up the loop.
#pragma once

#include <memory>

#include "warren/async/offload.hpp"

namespace warren::real {

class WorkerPool final : public Offload {
 public:
  explicit WorkerPool(std::size_t threads);
  // Finishes what was given to it.
  ~WorkerPool() override;

 protected:
  Task<void> execute(std::function<void()> work) override;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace warren::real
