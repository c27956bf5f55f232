#include "warren/node/network_watch.hpp"

#include <algorithm>

#include "warren/async/as_result.hpp"
#include "warren/base/log.hpp"
#include "warren/core/address_scope.hpp"
#include "warren/node/clock_gap.hpp"

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

bool is_cut_off(Network& network) {
  const auto leads_out = [](const IpAddress& address) {
    const AddressScope scope = scope_of(address);
    return scope == AddressScope::kPrivate || scope == AddressScope::kPublic;
  };
  return std::ranges::none_of(network.interfaces(), [&](const NetworkInterface& interface) {
    return std::ranges::any_of(interface.addresses, leads_out);
  });
}

Task<void> watch_sleep(Clock* clock, std::function<void()> woken) {
  ClockGap gap;
  while (true) {
    const auto slept = gap.look(clock->now(), clock->wall_now());
    if (slept) {
      const auto seconds = std::chrono::round<std::chrono::seconds>(*slept).count();
      log::info("network", "this machine slept for " + std::to_string(seconds) + " s");
      woken();
    }
    co_await clock->sleep_for(kClockLookInterval);
  }
}

}  // namespace warren
