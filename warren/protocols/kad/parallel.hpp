// The same to several peers at once.
#pragma once

#include <functional>
#include <vector>

#include "warren/core/peerstore.hpp"
#include "warren/env/env.hpp"

namespace warren::kad {

// What is done to each. A std::system_error means that it was not done.
using Action = std::function<Task<void>(PeerInfo peer)>;

// Does it to all at the same time and waits until each is done, or has failed. Returns to how many it was
// done. Cancelable.
Task<std::size_t> for_all(Env& env, std::vector<PeerInfo> peers, Action action);

}  // namespace warren::kad
