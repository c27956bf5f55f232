#include "warren/node/bootstrap.hpp"

#include "warren/async/as_result.hpp"
#include "warren/async/event.hpp"
#include "warren/async/race.hpp"
#include "warren/base/log.hpp"

namespace warren {

namespace {

Task<void> wait_while_connected(Host* host, PeerId peer) {
  Event changed;
  const Subscription watch =
      host->events().disconnected.subscribe([&changed](const ConnectionPtr&) { changed.notify_all(); });
  while (!host->connections(peer).empty()) co_await changed.wait();
}

// True when the network has changed before.
Task<bool> pause(Host* host, Duration duration) {
  Event changed;
  const Subscription watch = host->events().network_changed.subscribe([&changed] { changed.notify_all(); });
  const Winner winner = co_await race(host->env().clock.sleep_for(duration), changed.wait());
  co_return winner == Winner::kSecond;
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
    const bool changed = co_await pause(host, backoff / 2 + jitter);
    backoff = changed ? kBootstrapBackoffMin : std::min(backoff * 2, kBootstrapBackoffMax);
  }
}

}  // namespace warren
