#include "warren/node/relay_finder.hpp"

#include "warren/async/as_result.hpp"
#include "warren/base/log.hpp"
#include "warren/node/publisher.hpp"

namespace warren {

RelayFinder::RelayFinder(Env& env, relay::Client& client, kad::Kad* own)
    : env_(env), client_(client), own_(own), tasks_(env.executor, "relay finder") {}

void RelayFinder::start() {
  if (own_ == nullptr) return;
  subscriptions_.push_back(client_.hungry().subscribe([this] {
    if (std::exchange(searching_, true)) return;
    tasks_.spawn(search());
  }));
}

Task<void> RelayFinder::search() {
  const auto found = co_await as_result(own_->find_providers(relay_provider_key(), kRelaysOffered));
  if (found) {
    for (const PeerInfo& relay : *found) client_.offer(relay);
  } else {
    log::debug("relay finder", "no relay is found: " + found.error().message());
  }
  co_await env_.clock.sleep_for(kRelaySearchInterval);
  searching_ = false;
}

Task<void> RelayFinder::close() {
  subscriptions_.clear();
  co_await tasks_.close();
}

}  // namespace warren
