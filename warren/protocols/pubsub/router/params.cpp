#include "warren/protocols/pubsub/router/params.hpp"

namespace warren::pubsub {

Result<> GossipParams::check() const {
  const bool mesh =
      d_low >= 1 && d_low <= d && d <= d_high && d_score <= d && d_out < d_low && d_out <= d / 2;
  const bool history = history_length >= 1 && history_gossip <= history_length && seen_max > 0;
  const bool gossip = gossip_factor >= 0 && gossip_factor <= 1;
  const bool times = heartbeat_interval > Duration::zero() && prune_backoff >= Duration::zero() &&
                     unsubscribe_backoff >= Duration::zero() && backoff_max >= prune_backoff &&
                     backoff_max <= 24h && stagger_interval >= Duration::zero() &&
                     direct_connect_interval > Duration::zero() && opportunistic_graft_ticks > 0;
  if (!mesh || !history || !gossip || !times) return fail(Errc::kBadConfig);
  return scoring ? score.check() : Result<>();
}

}  // namespace warren::pubsub
