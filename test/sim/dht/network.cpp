#include "test/sim/dht/network.hpp"

#include <algorithm>
#include <cmath>
#include <utility>

#include "warren/async/cancellation.hpp"

namespace warren::dht_sim {

namespace {

constexpr std::size_t kBucketSize = 20;
constexpr std::size_t kIntroductions = 3;  // whom a newcomer knows
constexpr Duration kSettled = 1min;

sim::CrowdOptions crowd_options(const Options& options) {
  const auto micros = static_cast<std::int64_t>(options.round_trip * 1000);
  return {.seed = options.seed,
          .round_trip_median = std::chrono::microseconds(micros),
          .round_trip_spread = options.spread,
          .handshake_round_trips = options.transport == "tcp" ? 2 : 1,
          .connections_max = options.connections};
}

kad::Config kad_config(const Options& options) {
  const auto millis = static_cast<std::int64_t>(options.probe_interval * 1000);
  const auto refresh = static_cast<std::int64_t>(options.refresh * 60);
  return {.protocol = kad::warren_protocol("sim"),
          .refresh_interval = std::chrono::seconds(refresh),
          .probe_interval = std::chrono::milliseconds(millis)};
}

}  // namespace

DhtNetwork::DhtNetwork(const Options& options)
    : options_(options),
      crowd_(crowd_options(options)),
      config_(kad_config(options)),
      random_(options.seed ^ 0x6e6f646573),
      tasks_(std::make_unique<TaskGroup>(crowd_.loop().executor(), "network")) {}

DhtNetwork::~DhtNetwork() {
  run(close_all());
}

Task<void> DhtNetwork::close_all() {
  co_await tasks_->close();
  for (const auto& node : nodes_) node->host->die();
  for (const auto& node : nodes_) {
    co_await node->kad->close();
    co_await node->host->close();
  }
}

Node& DhtNetwork::add_node() {
  auto node = std::make_unique<Node>();
  node->host = crowd_.add_host();
  node->store = std::make_unique<kad::MemoryDhtStore>();
  node->kad = std::make_unique<kad::Kad>(*node->host, config_, kad::Validators(), *node->store);
  node->key = kad::Key::of(node->host->peer_id());
  node->since = crowd_.now();
  nodes_.push_back(std::move(node));
  return *nodes_.back();
}

void DhtNetwork::fill_table(Node& node, const std::vector<std::pair<kad::Key, Node*>>& sorted) {
  // Those that share exactly `prefix` bits with us are a range of the sorted keys.
  auto begin = sorted.begin();
  auto end = sorted.end();
  for (std::size_t prefix = 0; end - begin > 1 && prefix < kad::kKeyBits; ++prefix) {
    const auto middle =
        std::partition_point(begin, end, [prefix](const auto& entry) { return !entry.first.bit(prefix); });
    const bool above = node.key.bit(prefix);
    const auto from = above ? begin : middle;
    const auto to = above ? middle : end;
    std::vector<Node*> members;
    for (auto at = from; at != to; ++at) members.push_back(at->second);
    for (std::size_t i = 0; i < std::min(members.size(), kBucketSize); ++i) {
      std::swap(members[i], members[i + random_.below(members.size() - i)]);
      node.host->meet(*members[i]->host);
    }
    (above ? begin : end) = middle;
  }
}

void DhtNetwork::build(std::size_t count) {
  std::vector<std::pair<kad::Key, Node*>> sorted;
  for (std::size_t i = 0; i < count; ++i) {
    Node& node = add_node();
    sorted.emplace_back(node.key, &node);
    run(node.kad->start());
  }
  if (!options_.join) skip_joining();
  std::ranges::sort(sorted);
  for (const auto& node : nodes_) fill_table(*node, sorted);
}

// A node looks for itself and refreshes its table when it has met the first other one. Here that is somebody
// who is dead by then.
void DhtNetwork::skip_joining() {
  const auto stranger = crowd_.add_host();
  stranger->handle(config_.protocol, {});
  for (const auto& node : nodes_) node->host->meet(*stranger);
  run(stranger->close());
  crowd_.loop().advance(crowd_.options().dial_limit + 1s);
}

bool DhtNetwork::is_settled(const Node& node) const {
  return crowd_.now() - node.since >= kSettled || node.since == Instant{};
}

Node& DhtNetwork::any_settled() {
  while (true) {
    Node& node = *nodes_[random_.below(nodes_.size())];
    if (is_settled(node)) return node;
  }
}

void DhtNetwork::kill_one() {
  const std::size_t index = random_.below(nodes_.size());
  if (nodes_[index]->busy > 0) return;
  std::swap(nodes_[index], nodes_.back());
  auto node = std::move(nodes_.back());
  nodes_.pop_back();
  node->host->die();
  ++died_;
  tasks_->spawn(bury(std::move(node)));
}

Task<void> DhtNetwork::bury(std::unique_ptr<Node> node) {
  co_await node->kad->close();
  co_await node->host->close();
}

void DhtNetwork::kill(std::size_t count) {
  const std::size_t rest = nodes_.size() - count;
  while (nodes_.size() > rest) kill_one();
}

void DhtNetwork::join_one() {
  std::vector<PeerInfo> known;
  for (std::size_t i = 0; i < kIntroductions; ++i) {
    const Node& other = any_settled();
    known.push_back({other.host->peer_id(), other.host->addresses()});
  }
  Node& node = add_node();
  value_or_throw(node.store->save_peers(known));
  tasks_->spawn(node.kad->start());
}

Task<void> DhtNetwork::churn() {
  if (options_.churn <= 0) co_return;
  while (true) {
    const double per_second = options_.churn * static_cast<double>(nodes_.size()) / 3600;
    const double unit = (static_cast<double>(random_.u64() >> 11) + 0.5) * 0x1p-53;
    const auto pause = std::chrono::duration<double>(-std::log(unit) / per_second);
    co_await crowd_.clock().sleep_for(std::chrono::duration_cast<Duration>(pause));
    kill_one();
    join_one();
  }
}

std::vector<PeerId> DhtNetwork::nearest(const kad::Key& key, std::size_t count) const {
  std::vector<std::pair<kad::Distance, const Node*>> all;
  for (const auto& node : nodes_) {
    if (is_settled(*node)) all.emplace_back(key.distance(node->key), node.get());
  }
  count = std::min(count, all.size());
  std::ranges::partial_sort(all, all.begin() + static_cast<std::ptrdiff_t>(count));
  std::vector<PeerId> peers;
  for (std::size_t i = 0; i < count; ++i) peers.push_back(all[i].second->host->peer_id());
  return peers;
}

double DhtNetwork::dead_entries() const {
  std::vector<PeerId> living;
  for (const auto& node : nodes_) living.push_back(node->host->peer_id());
  std::ranges::sort(living);
  std::size_t all = 0;
  std::size_t dead = 0;
  for (const auto& node : nodes_) {
    for (const PeerId& peer : node->kad->table()) {
      ++all;
      if (!std::ranges::binary_search(living, peer)) ++dead;
    }
  }
  return all == 0 ? 0 : static_cast<double>(dead) / static_cast<double>(all);
}

double DhtNetwork::table_size() const {
  std::size_t all = 0;
  for (const auto& node : nodes_) all += node->kad->table().size();
  return static_cast<double>(all) / static_cast<double>(nodes_.size());
}

double DhtNetwork::connections() const {
  std::size_t all = 0;
  for (const auto& node : nodes_) all += node->host->connections().size();
  return static_cast<double>(all) / static_cast<double>(nodes_.size());
}

Bytes DhtNetwork::random_key() {
  Bytes key(34);
  random_.fill(key);
  key[0] = 0x12;  // a sha2-256 multihash
  key[1] = 0x20;
  return key;
}

}  // namespace warren::dht_sim
