#include "warren/node/network_watch.hpp"

#include "warren/async/as_result.hpp"
#include "warren/base/log.hpp"

namespace warren {

Task<void> watch_network(SwarmHost* host) {
  Env& env = host->env();
  while (true) {
    const auto changed = co_await as_result(env.network.wait_for_change());
    if (!changed) {
      log::warning("network", "changes of the network are not noticed: " + changed.error().message());
      co_return;
    }
    co_await env.clock.sleep_for(kNetworkSettles);
    host->network_changed();
  }
}

}  // namespace warren
