// Records and providers in the DHTs, and how these are doing.
#include <fmt/format.h>

#include "app/control_values.hpp"
#include "app/discovery_service.hpp"
#include "app/grpc_error.hpp"
#include "app/lookup_values.hpp"
#include "app/near_names.hpp"
#include "app/text.hpp"
#include "warren/async/as_result.hpp"

namespace warren::app {
namespace {

// Above what a lookup takes itself, so that its own reason is the one that is told.
constexpr Duration kDhtLimit = 5min;
constexpr std::size_t kProvidersDefault = 20;
constexpr std::size_t kProvidersMax = 1000;

std::string protocol_of(const std::string& name) {
  if (name == "public") return std::string(kad::kPublicProtocol);
  if (name == "lan") return std::string(kad::kLanProtocol);
  return name;
}

// Null when the node is not in it.
kad::Kad* find_dht(Node& node, const std::string& name) {
  Discovery& discovery = node.discovery();
  if (name.empty() || name == "own") return discovery.dht();
  const std::string protocol = protocol_of(name);
  for (kad::Kad* dht : discovery.dhts()) {
    if (dht->protocol() == protocol) return dht;
  }
  return nullptr;
}

std::string how_to_join(const std::string& name) {
  const std::string place = "under [discovery] in warren.toml, and start the daemon again";
  if (name.empty() || name == "own") return "the network's DHT is off; set `dht = true` " + place;
  if (protocol_of(name) == kad::kPublicProtocol)
    return "this node is not in the public DHT; set `public_dht = true` " + place;
  if (protocol_of(name) == kad::kLanProtocol)
    return "this node is not in the public LAN DHT; set `public_lan_dht = true` " + place;
  const auto near = near_names(name, {"own", "public", "lan"});
  return fmt::format("this node is in no DHT \"{}\"; {}", printable(name),
                     near.empty() ? "`warren dht stats` lists them" : "is \"" + near.front() + "\" meant?");
}

// "/pk" of "/pk/...", as text.
std::string name_space_of(std::string_view key) {
  return printable(key.substr(0, key.find('/', 1)));
}

CallError with_name_space(CallError error, const std::string& key) {
  if (error.code == Errc::kUnsupported)
    error.message = fmt::format("this DHT keeps no records of {}", name_space_of(key));
  return error;
}

template <class T>
struct Answer {
  T value{};
  kad::LookupReport report;
};

Task<Answer<std::size_t>> put(kad::Kad* dht, Bytes key, Bytes value) {
  Answer<std::size_t> answer;
  answer.value = co_await dht->put_value(std::move(key), std::move(value), &answer.report);
  co_return answer;
}

Task<Answer<std::optional<Bytes>>> get(kad::Kad* dht, Bytes key) {
  Answer<std::optional<Bytes>> answer;
  auto value = co_await as_outcome(dht->get_value(std::move(key), &answer.report));
  if (value) {
    answer.value = std::move(*value);
  } else if (value.error().code() != Errc::kNotFound) {
    throw value.error();
  }
  co_return answer;
}

Task<Answer<std::size_t>> provide(kad::Kad* dht, Bytes multihash) {
  Answer<std::size_t> answer;
  answer.value = co_await dht->provide(std::move(multihash), &answer.report);
  co_return answer;
}

Task<Answer<std::vector<PeerInfo>>> providers(kad::Kad* dht, Bytes multihash, std::size_t enough) {
  Answer<std::vector<PeerInfo>> answer;
  answer.value = co_await dht->find_providers(std::move(multihash), enough, &answer.report);
  co_return answer;
}

Task<std::vector<kad::Stats>> stats_of(std::vector<kad::Kad*> dhts) {
  std::vector<kad::Stats> all;
  for (kad::Kad* dht : dhts) all.push_back(co_await dht->stats());
  co_return all;
}

void describe_stats(const kad::Stats& from, v1::DhtStatsReply::Dht& to) {
  to.set_protocol(from.protocol);
  to.set_mode(from.mode == kad::Mode::kServer ? "server" : "client");
  to.set_peers(static_cast<std::uint32_t>(from.table_peers));
  for (const std::size_t peers : from.buckets) to.add_buckets(static_cast<std::uint32_t>(peers));
  to.set_network_size(from.network_size);
  to.set_records(from.kept.records);
  to.set_record_bytes(from.kept.record_bytes);
  to.set_providers(from.kept.providers);
  to.set_served(from.requests_served);
  to.set_refused(from.requests_refused);
  to.set_sent(from.requests_sent);
  to.set_failed(from.requests_failed);
  to.set_lookups(from.lookups);
}

}  // namespace

CallResult<kad::Kad*> DiscoveryService::dht(grpc::ServerContext& context, const std::string& name) {
  auto found = calls_.ask(context, [&] { return find_dht(node_, name); });
  if (found && *found == nullptr)
    return std::unexpected(CallError{make_error_code(Errc::kUnsupported), how_to_join(name)});
  return found;
}

grpc::Status DiscoveryService::DhtPut(grpc::ServerContext* context, const v1::DhtPutRequest* request,
                                      v1::DhtStored* reply) {
  const auto into = dht(*context, request->dht());
  if (!into) return to_status(*context, into.error());
  const Instant began = loop_.env().clock.now();
  const auto work = [&] { return put(*into, bytes_of(request->key()), bytes_of(request->value())); };
  const auto answer = calls_.in_loop<Answer<std::size_t>>(*context, work, kDhtLimit);
  if (!answer) return to_status(*context, with_name_space(answer.error(), request->key()));
  reply->set_taken(static_cast<std::uint32_t>(answer->value));
  reply->set_took_ms(to_ms(loop_.env().clock.now() - began));
  describe_lookup(answer->report, *reply->mutable_lookup());
  return grpc::Status::OK;
}

grpc::Status DiscoveryService::DhtGet(grpc::ServerContext* context, const v1::DhtGetRequest* request,
                                      v1::DhtValue* reply) {
  const auto from = dht(*context, request->dht());
  if (!from) return to_status(*context, from.error());
  const Instant began = loop_.env().clock.now();
  const auto answer = calls_.in_loop<Answer<std::optional<Bytes>>>(
      *context, [&] { return get(*from, bytes_of(request->key())); }, kDhtLimit);
  if (!answer) return to_status(*context, with_name_space(answer.error(), request->key()));
  reply->set_found(answer->value.has_value());
  if (answer->value) reply->set_value(to_text(*answer->value));
  reply->set_took_ms(to_ms(loop_.env().clock.now() - began));
  describe_lookup(answer->report, *reply->mutable_lookup());
  return grpc::Status::OK;
}

grpc::Status DiscoveryService::DhtProvide(grpc::ServerContext* context, const v1::DhtProvideRequest* request,
                                          v1::DhtStored* reply) {
  const auto into = dht(*context, request->dht());
  if (!into) return to_status(*context, into.error());
  const Instant began = loop_.env().clock.now();
  const auto answer = calls_.in_loop<Answer<std::size_t>>(
      *context, [&] { return provide(*into, bytes_of(request->multihash())); }, kDhtLimit);
  if (!answer) return to_status(*context, answer.error());
  reply->set_taken(static_cast<std::uint32_t>(answer->value));
  reply->set_took_ms(to_ms(loop_.env().clock.now() - began));
  describe_lookup(answer->report, *reply->mutable_lookup());
  return grpc::Status::OK;
}

grpc::Status DiscoveryService::DhtProviders(grpc::ServerContext* context,
                                            const v1::DhtProvidersRequest* request,
                                            v1::DhtProvidersReply* reply) {
  const auto from = dht(*context, request->dht());
  if (!from) return to_status(*context, from.error());
  const std::size_t enough =
      request->enough() == 0 ? kProvidersDefault : std::min<std::size_t>(request->enough(), kProvidersMax);
  const Instant began = loop_.env().clock.now();
  const auto answer = calls_.in_loop<Answer<std::vector<PeerInfo>>>(
      *context, [&] { return providers(*from, bytes_of(request->multihash()), enough); }, kDhtLimit);
  if (!answer) return to_status(*context, answer.error());
  for (const PeerInfo& peer : answer->value) {
    v1::DhtProvidersReply::Provider& to = *reply->add_providers();
    to.set_peer_id(peer.id.to_string());
    for (const Multiaddr& address : peer.addresses) to.add_addresses(address.to_string());
  }
  reply->set_took_ms(to_ms(loop_.env().clock.now() - began));
  describe_lookup(answer->report, *reply->mutable_lookup());
  return grpc::Status::OK;
}

grpc::Status DiscoveryService::DhtStats(grpc::ServerContext* context, const v1::DhtStatsRequest* request,
                                        v1::DhtStatsReply* reply) {
  auto dhts = calls_.ask(*context, [&] { return node_.discovery().dhts(); });
  if (!dhts) return to_status(*context, dhts.error());
  if (!request->dht().empty()) {
    const auto one = dht(*context, request->dht());
    if (!one) return to_status(*context, one.error());
    dhts = std::vector<kad::Kad*>{*one};
  }
  const auto all =
      calls_.in_loop<std::vector<kad::Stats>>(*context, [&] { return stats_of(*dhts); }, kOwnLimit);
  if (!all) return to_status(*context, all.error());
  for (const kad::Stats& stats : *all) describe_stats(stats, *reply->add_dhts());
  return grpc::Status::OK;
}

}  // namespace warren::app
