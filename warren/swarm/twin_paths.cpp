#include "warren/swarm/twin_paths.hpp"

#include "warren/base/log.hpp"

namespace warren {

namespace {

constexpr Duration kInterval = 2s;
// Each two seconds: who has streams on a spare connection for longer has a reason to.
constexpr int kLooksMax = 30;
constexpr std::size_t kPeersMax = 256;

}  // namespace

TwinPaths::TwinPaths(Env& env, SwarmState& state, const PathWatch& paths)
    : env_(env), state_(state), paths_(paths), watching_(env.executor, "swarm.twins") {}

void TwinPaths::keep_one(const PeerId& peer) {
  const bool ours = state_.self && *state_.self < peer;
  if (!ours || watching_.closed() || watched_.size() >= kPeersMax) return;
  if (watched_.insert(peer).second) watching_.spawn(watch(peer));
}

Task<void> TwinPaths::watch(PeerId peer) {
  for (int i = 0; i < kLooksMax; ++i) {
    co_await env_.clock.sleep_for(kInterval);
    end_spare_ones(peer);
  }
  watched_.erase(peer);
}

void TwinPaths::end_spare_ones(const PeerId& peer) {
  const auto open = paths_.ranked(peer);
  if (open.empty() || open.front()->is_relayed()) return;
  const Instant opened = open.front()->opened_at();
  for (const auto& connection : open) {
    if (connection == open.front() || connection->is_relayed()) continue;
    const Duration apart = connection->opened_at() - opened;
    const bool twin = apart >= -kTwinTime && apart <= kTwinTime;
    if (!twin || connection->use().streams_open > 0) continue;
    log::debug("swarm", "one direct path to " + peer.short_text() + " is enough");
    connection->close();
  }
}

}  // namespace warren
