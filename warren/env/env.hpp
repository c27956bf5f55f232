// The only seam between Warren and the outside world, passed by reference to whoever needs it. env/real has
// the kernel's, sim/ the simulated one.
#pragma once

#include "warren/async/offload.hpp"
#include "warren/env/clock.hpp"
#include "warren/env/network.hpp"
#include "warren/env/random.hpp"
#include "warren/env/resolver.hpp"

namespace warren {

struct Env {
  Executor executor;  // the node's loop
  Clock& clock;
  Random& random;
  Network& network;
  Offload& offload;
  Resolver* resolver = nullptr;  // null: addresses with names can't be dialed
};

}  // namespace warren
