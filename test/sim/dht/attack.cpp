#include "test/sim/dht/attack.hpp"

#include <algorithm>

#include "warren/async/as_result.hpp"
#include "warren/protocols/kad/wire/message.hpp"

namespace warren::dht_sim {

namespace {

constexpr std::size_t kSearches = 3;
constexpr std::size_t kWorkers = 4;      // keys at a time
constexpr std::size_t kNeighbours = 60;  // honest nodes around the key that each sybil makes itself known to
constexpr std::size_t kToldMax = 20;

// Names drawn by lot, of which those next to any key can be had: what an attacker gets by trying keys.
class NamePool {
 public:
  NamePool(std::uint64_t seed, std::size_t size) : seed_(seed) {
    for (std::uint32_t i = 0; i < size; ++i) {
      const kad::Key key = kad::Key::of(name(i));
      entries_.emplace_back(head(key), i);
    }
  }

  // The `count` nearest to the key.
  std::vector<PeerId> nearest(const kad::Key& key, std::size_t count) {
    const std::uint64_t place = head(key);
    const auto end = entries_.begin() + static_cast<std::ptrdiff_t>(std::min(count, entries_.size()));
    std::ranges::nth_element(entries_, end, {}, [place](const auto& entry) { return entry.first ^ place; });
    std::vector<PeerId> names;
    for (auto at = entries_.begin(); at != end; ++at) names.push_back(name(at->second));
    entries_.erase(entries_.begin(), end);
    return names;
  }

 private:
  static std::uint64_t head(const kad::Key& key) {
    std::uint64_t word = 0;
    for (std::size_t i = 0; i < 8; ++i) word = word << 8 | key.bytes()[i];
    return word;
  }
  PeerId name(std::uint32_t index) const {
    Bytes public_key(32);
    sim::SeededRandom(seed_ + index).fill(public_key);
    return PeerId::from_public_key(value_or_throw(PublicKey::from_ed25519(public_key)));
  }

  std::uint64_t seed_;
  std::vector<std::pair<std::uint64_t, std::uint32_t>> entries_;
};

// One attack: the sybils around one key.
struct Gang {
  std::vector<std::unique_ptr<sim::PlainHost>> hosts;
  std::vector<PeerInfo> members;
};

Task<void> answer_with_sybils(ConnectionPtr, StreamPtr stream, const Gang& gang) {
  while (true) {
    const auto request = co_await read_delimited_or_end(*stream, kad::kMessageSizeMax);
    if (!request) break;
    const kad::Message question = value_or_throw(kad::Message::decode(*request));
    if (question.type == kad::MessageType::kAddProvider) continue;  // swallowed
    kad::Message answer{.type = question.type, .key = question.key};
    answer.closer.assign(gang.members.begin(), gang.members.begin() + static_cast<std::ptrdiff_t>(std::min(
                                                                          kToldMax, gang.members.size())));
    co_await write_delimited(*stream, answer.encode());
  }
  co_await stream->close_write();
}

Task<void> make_known(sim::PlainHost& sybil, std::vector<PeerInfo> victims) {
  for (PeerInfo& victim : victims) {
    static_cast<void>(co_await as_result(sybil.connect(std::move(victim))));  // some have died
  }
}

PeerInfo info(const Node& node) {
  return {node.host->peer_id(), node.host->addresses()};
}

// The nodes around the key, and as many others.
std::vector<PeerInfo> victims(DhtNetwork& network, const kad::Key& key) {
  std::vector<PeerInfo> chosen;
  const auto near = network.nearest(key, kNeighbours);
  for (const auto& node : network.nodes()) {
    if (std::ranges::find(near, node->host->peer_id()) != near.end()) chosen.push_back(info(*node));
  }
  for (std::size_t i = 0; i < kNeighbours; ++i) chosen.push_back(info(network.any_settled()));
  return chosen;
}

Task<void> move_in(DhtNetwork& network, Gang& gang, std::vector<PeerId> names, kad::Key key) {
  const StreamHandler handler = [&gang](ConnectionPtr connection, StreamPtr stream) {
    return answer_with_sybils(std::move(connection), std::move(stream), gang);
  };
  for (const PeerId& name : names) {
    gang.hosts.push_back(network.crowd().add_host(name));
    gang.hosts.back()->handle(network.config().protocol, handler);
    gang.members.push_back({name, gang.hosts.back()->addresses()});
  }
  TaskGroup tasks(network.crowd().loop().executor(), "sybils");
  for (const auto& host : gang.hosts) tasks.spawn(make_known(*host, victims(network, key)));
  co_await tasks.join();
}

Task<void> search_once(DhtNetwork& network, Bytes key, PeerId provider, AttackReport& report) {
  Node* node = &network.any_settled();
  while (node->host->peer_id() == provider) node = &network.any_settled();
  ++node->busy;
  const Instant began = network.crowd().now();
  const auto found = co_await as_result(node->kad->find_providers(std::move(key), 1));
  --node->busy;
  ++report.searches;
  report.took.push_back(network.crowd().now() - began);
  const bool named = found && std::ranges::find(*found, provider, &PeerInfo::id) != found->end();
  report.found += named ? 1 : 0;
  network.crowd().trace(102, named);
}

Task<void> try_key(DhtNetwork& network, NamePool* pool, std::size_t sybils, AttackReport& report) {
  const Bytes key = network.random_key();
  const kad::Key place = kad::Key::of(key);
  Gang gang;
  if (pool != nullptr) {
    auto names = pool->nearest(place, sybils);
    auto all = network.nearest(place, kToldMax);
    const std::vector<PeerId> honest = all;
    all.insert(all.end(), names.begin(), names.end());
    std::ranges::sort(all, {}, [&](const PeerId& peer) { return kad::Key::of(peer).distance(place); });
    for (std::size_t i = 0; i < kToldMax; ++i) {
      report.sybils_nearest += std::ranges::find(honest, all[i]) == honest.end() ? 1 : 0;
    }
    co_await move_in(network, gang, std::move(names), place);
  }
  Node& provider = network.any_settled();
  const PeerId name = provider.host->peer_id();
  ++provider.busy;
  Bytes provided = key;
  static_cast<void>(co_await as_result(provider.kad->provide(std::move(provided))));
  co_await network.crowd().clock().sleep_for(5s);  // what goes on behind it
  for (std::size_t i = 0; i < kSearches; ++i) co_await search_once(network, key, name, report);
  --provider.busy;
  ++report.keys;
  for (const auto& host : gang.hosts) host->die();
  for (const auto& host : gang.hosts) co_await host->close();
}

Task<void> try_keys(DhtNetwork& network, NamePool* pool, std::size_t keys, std::size_t sybils,
                    AttackReport& report) {
  for (std::size_t i = 0; i < keys; ++i) co_await try_key(network, pool, sybils, report);
}

}  // namespace

Task<AttackReport> provide_and_find(DhtNetwork& network, std::size_t keys, std::size_t sybils) {
  AttackReport report;
  std::optional<NamePool> pool;
  // So many that the nearest are four times as near to any key as the nearest honest node.
  if (sybils > 0) pool.emplace(network.random().u64(), 4 * sybils * network.nodes().size() + keys * sybils);
  TaskGroup workers(network.crowd().loop().executor(), "attack");
  for (std::size_t i = 0; i < kWorkers; ++i) {
    const std::size_t share = keys * (i + 1) / kWorkers - keys * i / kWorkers;
    workers.spawn(try_keys(network, pool ? &*pool : nullptr, share, sybils, report));
  }
  co_await workers.join();
  co_return report;
}

}  // namespace warren::dht_sim
