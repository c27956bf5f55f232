#include "warren/node/discovery.hpp"

#include "warren/node/discovery_parts.hpp"

namespace warren {

namespace {

// A whole search: a NodeID's binding and then a PeerID's addresses, each a lookup.
constexpr Duration kFindTimeout = 60s;

Task<void> find_into(Discovery::Parts* parts, Target target, bool afresh, FindReport* report) {
  const Host& host = parts->needs.host;
  PeerId peer;
  if (target.node() != nullptr) {
    report->node = *target.node();
    const auto known = co_await parts->needs.messaging.find_peer(*target.node());
    const bool use_known = known && (!afresh || *target.node() == parts->needs.messaging.node_id());
    if (use_known) {
      peer = *known;
    } else {
      peer = co_await parts->look_up_node(*target.node(), &report->binding);
    }
  } else {
    peer = target.info() != nullptr ? target.info()->id : *target.peer();
    report->node = co_await parts->needs.messaging.find_node(peer);
  }
  report->peer.id = peer;
  if (peer == host.peer_id()) {
    report->source = "self";
    report->peer.addresses = host.addresses();
    co_return;
  }
  const auto open = host.connections(peer);
  const Instant now = parts->needs.host.env().clock.now();
  report->peer.addresses = parts->needs.host.peerstore().addresses(peer, now);
  if (!afresh && (!open.empty() || !report->peer.addresses.empty())) {
    report->source = open.empty() ? "known" : "connected";
    co_return;
  }
  auto found = co_await parts->look_up_addresses(peer, &report->lookup);
  report->source = found.source;
  report->peer.addresses = std::move(found.addresses);
  if (report->peer.addresses.empty()) {
    throw_error(parts->knows_nobody() ? Errc::kNoPeers : Errc::kNotFound, target.to_string());
  }
}

}  // namespace

Task<FindReport> Discovery::find(Target target, bool afresh) {
  Clock& clock = parts_.needs.host.env().clock;
  const Instant began = clock.now();
  FindReport report;
  co_await with_timeout(clock, kFindTimeout, find_into(&parts_, std::move(target), afresh, &report));
  report.took = clock.now() - began;
  co_return report;
}

kad::Kad* Discovery::dht() {
  return parts_.own;
}

std::vector<kad::Kad*> Discovery::dhts() {
  std::vector<kad::Kad*> all;
  for (const Parts::Dht& dht : parts_.dhts) all.push_back(dht.kad.get());
  return all;
}

std::vector<BootstrapPeer> Discovery::bootstrap() const {
  return parts_.bootstrap.peers();
}

Result<> Discovery::add_bootstrap(const Multiaddr& address) {
  return parts_.bootstrap.add(address);
}

Result<> Discovery::remove_bootstrap(const Multiaddr& address) {
  return parts_.bootstrap.remove(address);
}

AddressCacheCounters Discovery::address_cache() const {
  return parts_.cache;
}

}  // namespace warren
