#include "warren/protocols/kad/kad.hpp"

#include "warren/async/task_group.hpp"
#include "warren/protocols/kad/answers.hpp"
#include "warren/protocols/kad/limits.hpp"
#include "warren/protocols/kad/neighbourhood.hpp"
#include "warren/protocols/kad/peer_finder.hpp"
#include "warren/protocols/kad/probes.hpp"
#include "warren/protocols/kad/providers.hpp"
#include "warren/protocols/kad/server.hpp"
#include "warren/protocols/kad/upkeep.hpp"
#include "warren/protocols/kad/values.hpp"

namespace warren::kad {

ProtocolId warren_protocol(std::string_view network) {
  return "/warren/" + std::string(network) + "/kad/1.0.0";
}

// The wiring, top to bottom.
struct Kad::Parts {
  Parts(Host& host, Config given, Validators given_validators, DhtStore& store)
      : host(host),
        config(std::move(given)),
        validators(std::move(given_validators)),
        background(host.env().executor, "kad"),
        members(host, config),
        records(host.env(), validators, store),
        rpc(
            host, config,
            [this](const ConnectionPtr& connection, bool useful) { members.answered(connection, useful); },
            [this](const PeerId& peer, std::error_code error) { probes.failed(peer, error); }),
        search(host, config, members, rpc),
        neighbourhood(host, members, search),
        values(host.env(), search, neighbourhood, rpc, records, background),
        providers(host, config, members, search, neighbourhood, rpc, records, background),
        finder(host, rpc, search),
        answers(host, config, members, records),
        server(host, config, members, answers),
        probes(host, config, members, rpc),
        upkeep(host, config, members, rpc, search, records, values, providers) {}

  Host& host;
  Config config;
  Validators validators;
  TaskGroup background;
  Members members;
  Records records;
  Rpc rpc;
  Search search;
  Neighbourhood neighbourhood;
  Values values;
  Providers providers;
  PeerFinder finder;
  Answers answers;
  Server server;
  Probes probes;
  Upkeep upkeep;
  Subscription connected;
};

Kad::Kad(Host& host, Config config, Validators validators, DhtStore& store)
    : parts_(std::make_unique<Parts>(host, std::move(config), std::move(validators), store)) {}

Kad::~Kad() = default;

Task<void> Kad::start() {
  Parts& parts = *parts_;
  parts.probes.start();
  parts.upkeep.start();
  parts.connected = parts.host.events().connected.subscribe(
      [&parts](const ConnectionPtr& connection) { parts.members.consider(connection->remote_peer()); });
  if (parts.config.mode == Mode::kServer) parts.server.start();
  for (const ConnectionPtr& connection : parts.host.connections()) {
    parts.members.consider(connection->remote_peer());
  }
  co_return;
}

Task<void> Kad::close() {
  Parts& parts = *parts_;
  parts.connected.reset();
  parts.server.stop();
  co_await parts.upkeep.close();
  co_await parts.background.close();
  co_await parts.probes.close();
  co_await parts.server.close();
  parts.rpc.idle().clear();
}

const ProtocolId& Kad::protocol() const {
  return parts_->config.protocol;
}

Mode Kad::mode() const {
  return parts_->config.mode;
}

void Kad::set_mode(Mode mode) {
  if (mode == parts_->config.mode) return;
  parts_->config.mode = mode;
  if (mode == Mode::kServer) {
    parts_->server.start();
  } else {
    parts_->server.stop();
  }
}

void Kad::consider(const PeerId& peer) {
  parts_->members.consider(peer);
}

Task<PeerInfo> Kad::find_peer(PeerId peer, LookupReport* report) {
  return parts_->finder.find(std::move(peer), report);
}

Task<std::vector<PeerInfo>> Kad::closest_peers(Bytes key, LookupReport* report) {
  return parts_->search.nearest(std::move(key), report);
}

Task<Bytes> Kad::get_value(Bytes key, LookupReport* report) {
  return parts_->values.get(std::move(key), report);
}

Task<std::size_t> Kad::put_value(Bytes key, Bytes value, LookupReport* report) {
  return parts_->values.put(std::move(key), std::move(value), report);
}

Task<std::size_t> Kad::provide(Bytes multihash, LookupReport* report) {
  return parts_->providers.provide(std::move(multihash), report);
}

Task<std::vector<PeerInfo>> Kad::find_providers(Bytes multihash, std::size_t enough, LookupReport* report) {
  return parts_->providers.find(std::move(multihash), enough, report);
}

Task<void> Kad::disown(Bytes key) {
  return parts_->records.disown(std::move(key));
}

Task<bool> Kad::probe(PeerId peer) {
  return parts_->probes.probe(std::move(peer));
}

void Kad::forget(const PeerId& peer) {
  parts_->members.remove(peer, Errc::kClosed);
}

Signal<const PeerId&>& Kad::entered() {
  return parts_->members.entered();
}

Signal<const PeerId&, std::error_code>& Kad::left() {
  return parts_->members.left();
}

std::vector<PeerId> Kad::table() const {
  return parts_->members.table().peers();
}

Task<Stats> Kad::stats() {
  const Parts& parts = *parts_;
  Stats stats{.protocol = parts.config.protocol, .mode = parts.config.mode};
  stats.table_peers = parts.members.table().size();
  stats.buckets = parts.members.table().bucket_sizes();
  if (const auto size = parts.members.network_size()) stats.network_size = size->peers;
  stats.requests_served = parts.server.counters().served;
  stats.requests_refused = parts.server.counters().refused;
  stats.requests_sent = parts.rpc.counters().sent;
  stats.requests_failed = parts.rpc.counters().failed;
  stats.lookups = parts.search.lookups();
  stats.kept = co_await parts_->records.usage();
  co_return stats;
}

}  // namespace warren::kad
