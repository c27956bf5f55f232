#include "warren/protocols/kad/providers.hpp"

#include <set>

#include "warren/protocols/kad/address_policy.hpp"
#include "warren/protocols/kad/limits.hpp"

namespace warren::kad {

// One provide(), which lives on when its caller has enough.
struct Providers::Announcement {
  Announcement(Env& env, Bytes multihash)
      : multihash(std::move(multihash)), told(env.executor, "kad.provide") {}

  Bytes multihash;
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

Providers::Providers(Host& host, const Config& config, Neighbourhood& neighbourhood, Rpc& rpc,
                     Records& records, TaskGroup& background)
    : host_(host),
      config_(config),
      neighbourhood_(neighbourhood),
      rpc_(rpc),
      records_(records),
      background_(background) {}

Task<std::size_t> Providers::provide(Bytes multihash, LookupReport* report) {
  if (multihash.empty() || multihash.size() > kProviderKeySizeMax) throw_error(Errc::kMalformed, "multihash");
  PeerInfo self{host_.peer_id(), {}};  // our addresses are looked up whenever we are asked
  value_or_throw(co_await records_.put_provider(multihash, std::move(self), true));
  const auto announcement = std::make_shared<Announcement>(host_.env(), std::move(multihash));
  background_.spawn(announce(announcement));
  while (!announcement->over && announcement->took < kProvideEnough) co_await announcement->changed.wait();
  if (report != nullptr) *report = announcement->report;
  if (announcement->took > 0) co_return announcement->took;
  throw_error(announcement->error ? announcement->error : make_error_code(Errc::kUnreachable),
              "nobody took the provider record");
}

Task<void> Providers::announce(std::shared_ptr<Announcement> announcement) {
  co_await finally(announce_to_all(announcement), announcement->told.close());
  announcement->over = true;
  announcement->changed.notify_all();
}

Task<void> Providers::announce_to_all(std::shared_ptr<Announcement> announcement) {
  Ask ask = [this, announcement](PeerInfo peer) { return ask_for_node(announcement, std::move(peer)); };
  auto nearest = co_await as_result(
      neighbourhood_.peers_asking(announcement->multihash, std::move(ask), &announcement->report));
  if (nearest) {
    for (PeerInfo& peer : *nearest) announce_at(announcement, std::move(peer));
  } else {
    announcement->error = nearest.error();
  }
  co_await announcement->told.join();
}

// Who is near enough that it will be among the nearest, if the network is as large as we think, is told at
// once.
Task<std::vector<PeerInfo>> Providers::ask_for_node(std::shared_ptr<Announcement> announcement,
                                                    PeerInfo peer) {
  Message question{.type = MessageType::kFindNode, .key = announcement->multihash};
  Message answer = co_await rpc_.ask(peer, std::move(question));
  if (neighbourhood_.surely_near(announcement->multihash, peer.id))
    announce_at(announcement, std::move(peer));
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
  Ask ask = [this, &found](PeerInfo peer) { return ask_for_providers(std::move(peer), found); };
  std::function<bool()> is_enough = [&found] { return found.providers.size() >= found.enough; };
  const auto asked =
      co_await as_result(neighbourhood_.search(multihash, std::move(ask), std::move(is_enough), report));
  if (!asked && found.providers.empty()) throw_error(asked.error());
  co_return std::move(found.providers);
}

Task<std::vector<PeerInfo>> Providers::ask_for_providers(PeerInfo peer, Found& found) {
  Message question{.type = MessageType::kGetProviders, .key = found.multihash};
  Message answer = co_await rpc_.ask(std::move(peer), std::move(question));
  for (PeerInfo& provider : answer.providers) found.add(std::move(provider));
  co_return std::move(answer.closer);
}

}  // namespace warren::kad
