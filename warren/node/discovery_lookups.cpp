// How discovery finds who and where somebody is: in the network's own DHT first, then in the public one; and
// how it keeps the addresses of those fresh that are asked often.
#include "warren/async/as_result.hpp"
#include "warren/base/log.hpp"
#include "warren/node/binding_validator.hpp"
#include "warren/node/discovery_parts.hpp"

namespace warren {

namespace {

// Who claims on the public DHT to be a node is asked for its binding: so many, nearest first.
constexpr std::size_t kCandidatesMax = 8;
constexpr Duration kCandidateTimeout = 10s;
// How often it is looked whether a hot target's addresses are about to expire.
constexpr Duration kHotCheck = 5s;
// How long an address that the DHT told is worth trying.
constexpr Duration kLookedUpLife = 30min;

}  // namespace

Task<PeerId> Discovery::Parts::look_up_node(NodeId node, kad::LookupReport* report) {
  if (own != nullptr) {
    auto record = co_await as_result(own->get_value(binding_record_key(node), report));
    if (record) {
      const auto peer = co_await needs.messaging.learn_binding(node, std::move(*record));
      if (peer) co_return *peer;
      log::warning("discovery", "a binding of " + node.short_text() + ": " + peer.error().message());
    } else if (wide == nullptr) {
      throw_error(record.error(), node.to_string());
    }
  }
  if (wide == nullptr) throw_error(own == nullptr ? Errc::kNoPeers : Errc::kNotFound, node.to_string());
  const PeerId peer = co_await ask_candidates(node, report);
  co_return peer;
}

Task<PeerId> Discovery::Parts::ask_candidates(NodeId node, kad::LookupReport* report) {
  Clock& clock = needs.host.env().clock;
  const auto candidates = co_await wide->find_providers(node_provider_key(node), kCandidatesMax, report);
  for (const PeerInfo& candidate : candidates) {
    const auto connection =
        co_await as_result(with_timeout(clock, kCandidateTimeout, needs.host.connect(candidate)));
    if (!connection) continue;
    const auto bound = co_await as_result(needs.messaging.bound_node(*connection));
    if (bound && *bound == node) co_return candidate.id;
  }
  throw_error(Errc::kNotFound, node.to_string());
}

Task<Whereabouts> Discovery::Parts::look_up_addresses(PeerId peer, kad::LookupReport* report) {
  Peerstore& store = needs.host.peerstore();
  Clock& clock = needs.host.env().clock;
  for (kad::Kad* dht : {own, wide}) {
    if (dht == nullptr) continue;
    const auto found = co_await as_result(dht->find_peer(peer, report));
    if (found && !found->addresses.empty()) {
      store.add_addresses(peer, found->addresses, AddressSource::kReported, clock.now() + kLookedUpLife);
      co_return Whereabouts{found->addresses, "dht"};
    }
  }
  // A client of the DHT is in nobody's table; it publishes where it is.
  if (own == nullptr) co_return Whereabouts{};
  const auto sealed = co_await as_result(own->get_value(peer_record_key(peer)));
  if (!sealed) co_return Whereabouts{};
  auto record = PeerRecord::open(*sealed);
  if (!record || record->peer_id != peer) co_return Whereabouts{};
  store.add_peer_record(*record, clock.now() + kLookedUpLife);
  co_return Whereabouts{std::move(record->addresses), "record"};
}

void Discovery::Parts::note_use(const PeerId& peer, bool known) {
  hot.note_use(peer, needs.host.env().clock.now());
  if (known) ++cache.hits;
}

Task<void> Discovery::Parts::keep_hot() {
  Env& env = needs.host.env();
  while (true) {
    co_await env.clock.sleep_for(kHotCheck);
    for (const PeerId& peer : hot.due(env.clock.now(), needs.host.peerstore())) {
      const auto found = co_await look_up_addresses(peer, nullptr);
      ++cache.refreshes;
      hot.refreshed(peer, env.clock.now());
      if (found.addresses.empty())
        log::debug("discovery", "no address of " + peer.short_text() + " is found");
    }
  }
}

}  // namespace warren
