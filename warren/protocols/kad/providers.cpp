#include "warren/protocols/kad/providers.hpp"

#include <set>

#include "warren/protocols/kad/address_policy.hpp"
#include "warren/protocols/kad/limits.hpp"
#include "warren/protocols/kad/parallel.hpp"
#include "warren/protocols/kad/routing/provide_threshold.hpp"

namespace warren::kad {

// One provide(), which lives on when its caller has enough.
struct Providers::Announcement {
  Announcement(Env& env, Bytes multihash)
      : multihash(std::move(multihash)), told(env.executor, "kad.provide") {}

  Bytes multihash;
  std::optional<ProvideThreshold> threshold;  // once the size of the network is known
  LookupReport report;
  TaskGroup told;           // ADD_PROVIDERs under way
  std::set<PeerId> chosen;  // that were, or are being told
  std::size_t took = 0;
  bool over = false;
  std::error_code error;  // the lookup's
  Event changed;
};

// What a find() has found.
struct Providers::Found {
  Bytes multihash;
  std::vector<PeerInfo> providers;
  std::size_t enough = 0;

  void add(PeerInfo provider) {
    const auto known = std::ranges::find(providers, provider.id, &PeerInfo::id);
    if (known == providers.end()) {
      if (providers.size() < enough) providers.push_back(std::move(provider));
    } else if (known->addresses.empty()) {
      known->addresses = std::move(provider.addresses);
    }
  }
};

Providers::Providers(Host& host, const Config& config, Members& members, Search& search,
                     Neighbourhood& neighbourhood, Rpc& rpc, Records& records, TaskGroup& background)
    : host_(host),
      config_(config),
      members_(members),
      search_(search),
      neighbourhood_(neighbourhood),
      rpc_(rpc),
      records_(records),
      background_(background) {}

Task<std::size_t> Providers::provide(Bytes multihash, LookupReport* report) {
  if (multihash.empty() || multihash.size() > kProviderKeySizeMax) throw_error(Errc::kMalformed, "multihash");
  PeerInfo self{host_.peer_id(), {}};  // our addresses are looked up whenever we are asked
  value_or_throw(co_await records_.put_provider(multihash, std::move(self), true));
  const auto announcement = std::make_shared<Announcement>(host_.env(), std::move(multihash));
  if (const auto size = members_.network_size()) announcement->threshold.emplace(size->peers);
  background_.spawn(announce(announcement));
  while (!announcement->over && announcement->took < kProvideEnough) co_await announcement->changed.wait();
  if (report != nullptr) *report = announcement->report;
  if (announcement->took > 0) co_return announcement->took;
  throw_error(announcement->error ? announcement->error : make_error_code(Errc::kUnreachable),
              "nobody took the provider record");
}

Task<void> Providers::announce(std::shared_ptr<Announcement> announcement) {
  const auto done =
      co_await as_result(finally(announce_to_nearest(announcement), announcement->told.close()));
  if (!done) announcement->error = done.error();
  announcement->over = true;
  announcement->changed.notify_all();
}

Task<void> Providers::announce_to_nearest(std::shared_ptr<Announcement> announcement) {
  const Key target = Key::of(announcement->multihash);
  Ask ask = [this, announcement](PeerInfo peer) { return ask_for_node(announcement, std::move(peer)); };
  Enough enough = [&target, &announcement](const Lookup& lookup) {
    return announcement->threshold && announcement->threshold->reached(target, lookup.nearest_known());
  };
  auto nearest = co_await search_.run(target, std::move(ask), std::move(enough), &announcement->report);
  for (const PeerInfo& peer : nearest) announce_at(announcement, peer);
  auto others = co_await neighbourhood_.beyond(announcement->multihash, std::move(nearest));
  for (PeerInfo& peer : others) announce_at(announcement, std::move(peer));
  co_await announcement->told.join();
}

// Who is near enough that it will be among the nearest, if the network is as large as we think, is told at
// once.
Task<std::vector<PeerInfo>> Providers::ask_for_node(std::shared_ptr<Announcement> announcement,
                                                    PeerInfo peer) {
  Message question{.type = MessageType::kFindNode, .key = announcement->multihash};
  Message answer = co_await rpc_.ask(peer, std::move(question));
  const Distance distance = Key::of(announcement->multihash).distance(Key::of(peer.id));
  if (announcement->threshold && announcement->threshold->near_enough(distance)) {
    announce_at(announcement, std::move(peer));
  }
  co_return std::move(answer.closer);
}

void Providers::announce_at(const std::shared_ptr<Announcement>& announcement, PeerInfo peer) {
  if (!announcement->chosen.insert(peer.id).second) return;
  announcement->told.spawn(tell(announcement, std::move(peer)));
}

Task<void> Providers::tell(std::shared_ptr<Announcement> announcement, PeerInfo peer) {
  const auto connections = host_.connections(peer.id);
  const AddressScope scope = connections.empty() ? AddressScope::kPublic : distance_to(*connections.front());
  PeerInfo self{host_.peer_id(), allowed(config_.filter, scope, host_.addresses())};
  Message message{.type = MessageType::kAddProvider, .key = announcement->multihash};
  message.providers.push_back(std::move(self));
  co_await rpc_.tell(std::move(peer), std::move(message));
  ++announcement->took;
  announcement->changed.notify_all();
}

Task<std::vector<PeerInfo>> Providers::find(Bytes multihash, std::size_t enough, LookupReport* report) {
  if (multihash.empty() || multihash.size() > kProviderKeySizeMax) throw_error(Errc::kMalformed, "multihash");
  Found found{.multihash = multihash, .providers = {}, .enough = std::min(enough, kProvidersFoundMax)};
  for (DhtProvider& held : co_await records_.providers(multihash, found.enough)) {
    if (held.provider.id == host_.peer_id()) held.provider.addresses = host_.addresses();
    found.add(std::move(held.provider));
  }
  if (found.providers.size() >= found.enough) co_return std::move(found.providers);
  const auto asked = co_await as_result(search(found, report));
  if (!asked && found.providers.empty()) throw_error(asked.error());
  co_return std::move(found.providers);
}

Task<void> Providers::search(Found& found, LookupReport* report) {
  Ask ask = [this, &found](PeerInfo peer) { return ask_for_providers(std::move(peer), found); };
  Enough enough = [&found](const Lookup&) { return found.providers.size() >= found.enough; };
  auto nearest = co_await search_.run(Key::of(found.multihash), std::move(ask), std::move(enough), report);
  if (found.providers.size() >= found.enough) co_return;
  auto others = co_await neighbourhood_.beyond(found.multihash, std::move(nearest));
  Action ask_more = [this, &found](PeerInfo peer) { return ask_one_more(std::move(peer), found); };
  co_await for_all(host_.env(), std::move(others), std::move(ask_more));
}

Task<void> Providers::ask_one_more(PeerInfo peer, Found& found) {
  const auto named = co_await ask_for_providers(std::move(peer), found);
  std::ignore = named;
}

Task<std::vector<PeerInfo>> Providers::ask_for_providers(PeerInfo peer, Found& found) {
  Message question{.type = MessageType::kGetProviders, .key = found.multihash};
  Message answer = co_await rpc_.ask(std::move(peer), std::move(question));
  for (PeerInfo& provider : answer.providers) found.add(std::move(provider));
  co_return std::move(answer.closer);
}

}  // namespace warren::kad
