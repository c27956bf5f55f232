#include "warren/node/bootstrap.hpp"

#include <algorithm>
#include <map>

#include "warren/async/as_result.hpp"
#include "warren/async/race.hpp"
#include "warren/base/log.hpp"
#include "warren/core/peer_address.hpp"

namespace warren {

namespace {

constexpr std::string_view kProtection = "bootstrap";
constexpr const char* kConfigured = "config";
constexpr const char* kKnown = "known";
constexpr std::string_view kDnsPrefix = "dns ";

// By peer, in the order the first address of each came.
std::vector<PeerInfo> by_peer(const std::vector<Multiaddr>& addresses) {
  std::vector<PeerInfo> peers;
  for (const Multiaddr& address : addresses) {
    const auto named = peer_at(address);
    if (!named) continue;
    auto found = std::ranges::find(peers, named->id, &PeerInfo::id);
    if (found == peers.end()) found = peers.insert(peers.end(), PeerInfo{named->id, {}});
    found->addresses.push_back(named->addresses.front());
  }
  return peers;
}

bool begins_with_dnsaddr(const Multiaddr& address) {
  const auto components = address.components();
  return !components.empty() && components.front().code == Protocol::kDnsaddr;
}

}  // namespace

struct Bootstrap::Name {
  std::string source;  // "dns example.com"
  std::string domain;  // empty: the tree
  Multiaddr tree;      // "/dnsaddr/..."; what list() shows until it has told of peers
  bool removed = false;
  bool stale = false;  // ask again before its time
  Event changed;
  Duration backoff{};  // after a failure to read
  Duration reread = kRereadMin;
  std::string error;
  std::vector<std::string> warnings;
};

Bootstrap::Bootstrap(Host& host, BootstrapLimits limits)
    : host_(host),
      limits_(limits),
      sources_(host.env().random, limits),
      tasks_(host.env().executor, "bootstrap") {}

Bootstrap::~Bootstrap() = default;

Result<> Bootstrap::add(const Multiaddr& address) {
  const auto peer = PeerId::of(address);
  if (!peer && begins_with_dnsaddr(address)) {
    auto name = std::make_unique<Name>();
    name->source = std::string(kDnsPrefix) + address.to_string();
    name->tree = address;
    return add_name(std::move(name));
  }
  if (!peer) return fail(Errc::kBadAddress);
  if (*peer == host_.peer_id()) return {};
  PeerInfo info{*peer, sources_.addresses(*peer, kConfigured)};
  const Multiaddr bare = address.before_last(Protocol::kP2p);
  if (std::ranges::find(info.addresses, bare) != info.addresses.end()) return fail(Errc::kExists);
  info.addresses.push_back(bare);
  if (!sources_.add(info, kConfigured, true, host_.env().clock.now())) return fail(Errc::kLimitReached);
  told();
  return {};
}

Result<> Bootstrap::remove(const Multiaddr& address) {
  const auto peer = PeerId::of(address);
  bool removed = false;
  if (!peer) {
    for (const auto& name : names_) {
      if (name->removed || !name->domain.empty() || name->tree != address) continue;
      name->removed = removed = true;
      name->changed.notify_all();
      sources_.replace(name->source, {}, true, host_.env().clock.now());
    }
    std::erase_if(names_, [this](const auto& name) { return !started_ && name->removed; });
  } else {
    for (const std::string& source : sources_.sources(*peer)) {
      if (source.starts_with(kDnsPrefix)) continue;
      removed = sources_.remove(*peer, source, address.before_last(Protocol::kP2p)) || removed;
    }
  }
  if (!removed) return fail(Errc::kNotFound);
  told();
  return {};
}

Result<> Bootstrap::add_domain(std::string domain) {
  if (!is_domain(domain)) return fail(Errc::kBadAddress);
  if (domain.ends_with('.')) domain.pop_back();
  auto name = std::make_unique<Name>();
  name->source = std::string(kDnsPrefix) + domain;
  name->tree = Multiaddr().with(Protocol::kDnsaddr, as_bytes(domain));
  name->domain = std::move(domain);
  return add_name(std::move(name));
}

Result<> Bootstrap::add_name(std::unique_ptr<Name> name) {
  const auto same = [&](const auto& other) { return !other->removed && other->source == name->source; };
  if (std::ranges::any_of(names_, same)) return fail(Errc::kExists);
  if (names_.size() >= kNamesMax) return fail(Errc::kLimitReached);
  names_.push_back(std::move(name));
  if (started_) tasks_.spawn(follow(names_.back().get()));
  return {};
}

void Bootstrap::offer(const PeerInfo& peer, const std::string& source) {
  if (peer.id == host_.peer_id()) return;
  if (sources_.add(peer, source, false, host_.env().clock.now())) told();
}

void Bootstrap::offer_stored() {
  const Instant now = host_.env().clock.now();
  const Peerstore& store = host_.peerstore();
  std::vector<std::pair<double, PeerId>> stored;
  for (const PeerId& peer : store.peers()) {
    const auto known = store.known_addresses(peer, now);
    if (!known.empty() && !sources_.contains(peer)) stored.emplace_back(known.front().confidence(), peer);
  }
  std::ranges::stable_sort(stored, std::ranges::greater(), &std::pair<double, PeerId>::first);
  if (stored.size() > kStoredMax) stored.resize(kStoredMax);
  for (const auto& [confidence, peer] : stored) offer({peer, store.addresses(peer, now)}, kKnown);
}

void Bootstrap::start() {
  started_ = true;
  offer_stored();
  HostEvents& events = host_.events();
  subscriptions_.push_back(
      events.connected.subscribe([this](const ConnectionPtr& c) { connected(c->remote_peer()); }));
  subscriptions_.push_back(
      events.disconnected.subscribe([this](const ConnectionPtr& c) { disconnected(c->remote_peer()); }));
  subscriptions_.push_back(events.network_changed.subscribe([this] { network_changed(); }));
  told();
  for (const auto& name : names_) tasks_.spawn(follow(name.get()));
  tasks_.spawn(drive());
}

Task<void> Bootstrap::close() {
  subscriptions_.clear();
  co_await tasks_.close();
}

std::vector<BootstrapPeer> Bootstrap::peers() const {
  std::vector<BootstrapPeer> peers = sources_.list();
  for (const auto& name : names_) {
    const bool told =
        std::ranges::any_of(peers, [&](const BootstrapPeer& peer) { return peer.source == name->source; });
    if (told || name->removed) continue;
    peers.push_back({.address = name->tree, .source = name->source, .error = name->error});
  }
  return peers;
}

Task<void> Bootstrap::drive() {
  Clock& clock = host_.env().clock;
  while (true) {
    is_changed_ = false;
    for (PeerInfo& peer : sources_.take_due(clock.now(), connected_peers()))
      tasks_.spawn(dial(std::move(peer)));
    const auto next = sources_.next_due(clock.now(), connected_peers());
    if (next) {
      co_await race(wait_until_changed(), clock.sleep_until(*next));
    } else {
      co_await wait_until_changed();
    }
  }
}

Task<void> Bootstrap::dial(PeerInfo peer) {
  const PeerId id = peer.id;
  const auto connection = co_await as_result(host_.connect(std::move(peer)));
  const std::error_code error = connection ? std::error_code() : connection.error();
  sources_.dialed(id, error, host_.env().clock.now());
  if (error) {
    const std::string line = "cannot reach " + id.to_string() + ": " + error.message();
    sources_.keeps(id) ? log::warning("bootstrap", line) : log::debug("bootstrap", line);
    doubt(id);
  }
  told();
}

Task<void> Bootstrap::follow(Name* name) {
  while (!name->removed) {
    name->stale = false;
    const Instant asked = host_.env().clock.now();
    const Duration wait = co_await read(name);
    if (!name->removed) co_await wait_until_due(name, asked, wait);
  }
  std::erase_if(names_, [name](const auto& other) { return other.get() == name; });
}

Task<Duration> Bootstrap::read(Name* name) {
  Env* env = &host_.env();
  Task<DomainAnswer> reading =
      name->domain.empty() ? read_dnsaddr(env, name->tree) : read_domain(env, name->domain);
  const auto answer = co_await as_result(std::move(reading));
  if (name->removed) co_return Duration::zero();
  if (!answer) {
    name->backoff = std::clamp(name->backoff * 2, limits_.backoff_min, limits_.backoff_max);
    name->error = answer.error().message();
    log::warning("bootstrap", name->source + ": " + name->error);
    const auto half = static_cast<std::uint64_t>(name->backoff.count() / 2);
    co_return name->backoff / 2 + Duration(env->random.below(half + 1));
  }
  name->backoff = Duration::zero();
  name->error = answer->addresses.empty() ? answer->warnings.front() : "";
  for (const std::string& warning : answer->warnings) {
    if (std::ranges::find(name->warnings, warning) == name->warnings.end())
      log::warning("bootstrap", warning);
  }
  name->warnings = answer->warnings;
  std::vector<PeerInfo> peers = by_peer(answer->addresses);
  std::erase_if(peers, [this](const PeerInfo& peer) { return peer.id == host_.peer_id(); });
  const bool changed = sources_.replace(name->source, peers, true, env->clock.now());
  name->reread = changed ? kRereadMin : std::min(name->reread * 2, std::max(limits_.backoff_max, kRereadMin));
  if (changed) told();
  co_return answer->ttl;
}

Task<void> Bootstrap::wait_until_due(Name* name, Instant asked, Duration wait) {
  Clock& clock = host_.env().clock;
  while (!name->removed) {
    const bool stale = name->stale;
    const Instant due = asked + (stale ? std::min(wait, name->reread) : wait);
    if (clock.now() >= due) co_return;
    if (stale) {
      co_await clock.sleep_until(due);
    } else {
      co_await race(wait_until_stale(name), clock.sleep_until(due));
    }
  }
}

Task<void> Bootstrap::wait_until_stale(Name* name) {
  while (!name->stale && !name->removed) co_await name->changed.wait();
}

Task<void> Bootstrap::wait_until_changed() {
  while (!is_changed_) co_await changed_.wait();
}

void Bootstrap::connected(const PeerId& peer) {
  sources_.connected(peer, host_.env().clock.now());
  is_changed_ = true;
  changed_.notify_all();
}

void Bootstrap::disconnected(const PeerId& peer) {
  if (!host_.connections(peer).empty()) return;
  sources_.disconnected(peer, host_.env().clock.now());
  doubt(peer);
  is_changed_ = true;
  changed_.notify_all();
}

void Bootstrap::network_changed() {
  sources_.network_changed(host_.env().clock.now());
  for (const auto& name : names_) {
    name->stale = true;
    name->reread = kRereadMin;
    name->changed.notify_all();
  }
  is_changed_ = true;
  changed_.notify_all();
}

void Bootstrap::doubt(const PeerId& peer) {
  const std::vector<std::string> sources = sources_.sources(peer);
  for (const auto& name : names_) {
    if (std::ranges::find(sources, name->source) == sources.end()) continue;
    name->stale = true;
    name->changed.notify_all();
  }
}

void Bootstrap::told() {
  const Instant now = host_.env().clock.now();
  const std::vector<PeerId> kept = sources_.kept();
  for (const ConnectionPtr& connection : host_.connections())
    sources_.connected(connection->remote_peer(), now);
  for (const PeerId& peer : kept) {
    // Over the bound, those that were told first are protected.
    if (!protected_.contains(peer) && host_.protect(peer, kProtection)) protected_.insert(peer);
  }
  std::erase_if(protected_, [&](const PeerId& peer) {
    const bool stays = sources_.keeps(peer);
    if (!stays) std::ignore = host_.unprotect(peer, kProtection);
    return !stays;
  });
  is_changed_ = true;
  changed_.notify_all();
}

std::size_t Bootstrap::connected_peers() const {
  std::set<PeerId> peers;
  for (const ConnectionPtr& connection : host_.connections()) peers.insert(connection->remote_peer());
  return peers.size();
}

}  // namespace warren
