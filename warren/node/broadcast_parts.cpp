#include "warren/node/broadcast_parts.hpp"

#include <algorithm>

#include "warren/node/named_peers.hpp"

namespace warren {

namespace {

// Explicit peers are dialed by gossipsub, from what the peerstore knows.
constexpr Duration kConfiguredLife = std::chrono::years(10);

pubsub::GossipParams gossip_params(const BroadcastConfig& config) {
  pubsub::GossipParams params;
  params.d = config.mesh_size;
  params.d_low = std::max<std::size_t>(1, params.d * 3 / 4);
  params.d_high = params.d + params.d / 2;
  params.d_score = params.d / 2;
  params.d_out = std::min<std::size_t>(2, (params.d_low - 1) / 2);
  params.heartbeat_interval = config.heartbeat_interval;
  params.peer_exchange = config.peer_exchange;
  params.scoring = config.scoring;
  return params;
}

pubsub::GossipConfig gossip_config(Host& host, const Config& config, LimitTable& limits) {
  pubsub::GossipConfig gossip;
  gossip.params = gossip_params(config.broadcast);
  gossip.queue_bytes_max = limits[&SwarmLimits::topic_queue_bytes_per_peer_max].max();
  const Instant life = host.env().clock.now() + kConfiguredLife;
  for (const PeerInfo& peer : named_peers(config.broadcast.direct, "direct peer")) {
    host.peerstore().add_addresses(peer.id, peer.addresses, AddressSource::kConfigured, life);
    gossip.direct.push_back(peer.id);
  }
  return gossip;
}

std::unique_ptr<SqliteBroadcastStore> open_store(const Config& config) {
  const std::string path = config.data_dir.empty() ? ":memory:" : config.data_dir + "/broadcasts.db";
  const SqliteBroadcastStoreLimits limits{.bytes_max = config.broadcast.kept_bytes_max};
  return value_or_throw(SqliteBroadcastStore::open(path, limits), "broadcasts.db");
}

pubsub::Accounts gossip_accounts(LimitTable& limits) {
  return {.topics = &limits[&SwarmLimits::topics_max],
          .queue_bytes = &limits[&SwarmLimits::topic_queue_bytes_max]};
}

}  // namespace

BroadcastParts::BroadcastParts(BroadcastPartsNeeds needs)
    : store_(open_store(needs.config)),
      gossip_(needs.host, gossip_config(needs.host, needs.config, needs.limits),
              gossip_accounts(needs.limits)),
      broadcasts_({.host = needs.host,
                   .gossip = gossip_,
                   .store = *store_,
                   .key = needs.config.node_key,
                   .network = needs.config.network,
                   .limits = {}}) {
  const BroadcastConfig& config = needs.config.broadcast;
  const auto review = [this](const ConnectionPtr& connection) { gossip_.review(connection->remote_peer()); };
  subscriptions_.push_back(needs.identify.told().subscribe(review));
  if (config.peer_exchange) {
    records_.emplace(needs.host, needs.identify);
    gossip_.set_record_source([this](const PeerId& peer) { return records_->of(peer); });
  }
  if (!config.find_peers) return;
  const auto peers_of = [this](const std::string& topic) { return gossip_.topic_peers(topic).size(); };
  finder_.emplace(needs.host, needs.discovery, peers_of, config.mesh_size);
  subscriptions_.push_back(broadcasts_.joined().subscribe([this](const std::string& topic, bool joined) {
    joined ? finder_->joined(topic) : finder_->left(topic);
  }));
}

void BroadcastParts::start() {
  gossip_.start();
  broadcasts_.start();
}

Task<void> BroadcastParts::close() {
  if (finder_) co_await finder_->close();
  co_await broadcasts_.close();
  co_await gossip_.close();
  subscriptions_.clear();
}

}  // namespace warren
