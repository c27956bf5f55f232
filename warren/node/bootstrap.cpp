#include "warren/node/bootstrap.hpp"

#include "warren/async/as_result.hpp"
#include "warren/async/event.hpp"
#include "warren/base/log.hpp"

namespace warren {

namespace {

Task<void> wait_while_connected(Host* host, PeerId peer) {
  Event changed;
  const Subscription watch =
      host->events().disconnected.subscribe([&changed](const ConnectionPtr&) { changed.notify_all(); });
  while (!host->connections(peer).empty()) co_await changed.wait();
}

}  // namespace

Task<void> keep_connected(Host* host, PeerInfo peer) {
  Env& env = host->env();
  Duration backoff = kBootstrapBackoffMin;
  while (true) {
    const auto connected = co_await as_result(host->connect(peer));
    if (connected) {
      backoff = kBootstrapBackoffMin;
      co_await wait_while_connected(host, peer.id);
    } else {
      log::warning("bootstrap", "cannot reach " + peer.id.to_string() + ": " + connected.error().message());
    }
    const auto jitter = Duration(env.random.below(static_cast<std::uint64_t>(backoff.count() / 2)));
    co_await env.clock.sleep_for(backoff / 2 + jitter);
    backoff = std::min(backoff * 2, kBootstrapBackoffMax);
  }
}

}  // namespace warren
