// Tells of changes of this machine's links, addresses and routes (rtnetlink(7)).
#pragma once

#include <memory>

#include "warren/async/task.hpp"

namespace warren::real {

class ChangeWatch {
 public:
  ChangeWatch();
  ~ChangeWatch();

  // As Network::wait_for_change.
  Task<void> wait(Executor executor);

 private:
  struct Socket;

  std::unique_ptr<Socket> socket_;  // from the first wait on
};

}  // namespace warren::real
