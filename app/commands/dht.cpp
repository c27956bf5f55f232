// Records and providers: dht put, get, provide, providers, stats.
#include <fmt/format.h>

#include <algorithm>
#include <cstdio>

#include "app/commands/discovery_commands.hpp"
#include "app/dht_key.hpp"
#include "app/discovery_client.hpp"
#include "app/json.hpp"
#include "app/lookup_text.hpp"
#include "app/payload.hpp"
#include "app/seconds.hpp"
#include "app/text.hpp"
#include "warren/multiformats/cid.hpp"

namespace warren::app {
namespace {

constexpr std::uint64_t kCodecRaw = 0x55;

DiscoveryClient client_for(const CommonOptions& options) {
  return DiscoveryClient(DataDir::choose(options.data_dir));
}

// The ends that all replies of lookups share.
template <class Reply>
JsonObject& add_lookup(JsonObject& line, const Reply& reply) {
  return line.real("took_ms", reply.took_ms())
      .number("hops", reply.lookup().hops())
      .objects("steps", steps_json(reply.lookup()));
}

Bytes content_of(const DhtContentOptions& options) {
  if (options.text) return multihash_of_text(*options.text);
  if (options.content.empty())
    throw Failure(ExitStatus::kUsage, "what is provided is missing; give a CID, a multihash or --text");
  return parse_content(options.content);
}

// Of what is only known by its multihash: as raw bytes.
std::string cid_of(const Bytes& multihash) {
  return Cid{.codec = kCodecRaw, .multihash = multihash}.to_string();
}

std::string peers_text(std::uint32_t count) {
  return count == 1 ? "1 peer" : fmt::format("{} peers", count);
}

std::string size_estimate(double size) {
  return size > 0 ? fmt::format("{:.0f}", size) : "-";
}

void print_table(const v1::DhtStatsReply& reply) {
  std::size_t width = 8;
  for (const auto& dht : reply.dhts()) width = std::max(width, dht.protocol().size());
  const auto row = [width](const auto& protocol, const auto&... rest) {
    fmt::print("{:<{}}  {:<6}  {:>5}  {:>7}  {:>7}  {:>7}  {:>9}  {:>8}  {:>7}  {:>8}  {:>8}  {:>7}\n",
               protocol, width, rest...);
  };
  row("protocol", "mode", "peers", "buckets", "network", "records", "providers", "served", "refused", "sent",
      "failed", "lookups");
  for (const auto& dht : reply.dhts()) {
    const auto used = std::ranges::count_if(dht.buckets(), [](std::uint32_t peers) { return peers > 0; });
    row(dht.protocol(), dht.mode(), dht.peers(), used, size_estimate(dht.network_size()), dht.records(),
        dht.providers(), dht.served(), dht.refused(), dht.sent(), dht.failed(), dht.lookups());
  }
}

JsonObject json_of(const v1::DhtStatsReply::Dht& dht) {
  const auto number = [](std::uint64_t value) { return static_cast<std::int64_t>(value); };
  JsonObject line;
  line.text("protocol", dht.protocol())
      .text("mode", dht.mode())
      .number("peers", dht.peers())
      .numbers("buckets", {dht.buckets().begin(), dht.buckets().end()});
  if (dht.network_size() > 0) {
    line.real("network_size", dht.network_size());
  } else {
    line.null("network_size");
  }
  return line.number("records", number(dht.records()))
      .number("record_bytes", number(dht.record_bytes()))
      .number("providers", number(dht.providers()))
      .number("served", number(dht.served()))
      .number("refused", number(dht.refused()))
      .number("sent", number(dht.sent()))
      .number("failed", number(dht.failed()))
      .number("lookups", number(dht.lookups()));
}

}  // namespace

ExitStatus run_dht_put(const DhtPutOptions& options) {
  const Bytes key = parse_record_key(options.key);
  DiscoveryClient client = client_for(options);
  v1::DhtPutRequest request;
  request.set_dht(options.dht);
  request.set_key(to_text(key));
  request.set_value(read_payload({.text = {}, .file = options.file}));
  const v1::DhtStored stored = client.put(request, seconds(options.timeout_seconds));
  if (options.json) {
    JsonObject line;
    line.text("key", "0x" + to_hex(key)).number("taken", stored.taken());
    fmt::print("{}\n", add_lookup(line, stored).to_string());
  } else {
    fmt::print("Taken by {} in {:.0f} ms\n", peers_text(stored.taken()), stored.took_ms());
  }
  return ExitStatus::kDone;
}

ExitStatus run_dht_get(const DhtGetOptions& options) {
  const Bytes key = parse_record_key(options.key);
  DiscoveryClient client = client_for(options);
  v1::DhtGetRequest request;
  request.set_dht(options.dht);
  request.set_key(to_text(key));
  const v1::DhtValue value = client.get(request, seconds(options.timeout_seconds));
  if (options.json) {
    JsonObject line;
    line.text("key", "0x" + to_hex(key));
    if (value.found()) {
      line.text("value", base64(as_bytes(value.value())));
    } else {
      line.null("value");
    }
    fmt::print("{}\n", add_lookup(line, value).to_string());
  } else if (value.found()) {
    std::fwrite(value.value().data(), 1, value.value().size(), stdout);
  }
  std::fflush(stdout);
  if (value.found()) return ExitStatus::kDone;
  throw Failure(ExitStatus::kUnreachable,
                fmt::format("nobody has a value for {}; check the key", printable(options.key)));
}

ExitStatus run_dht_provide(const DhtContentOptions& options) {
  const Bytes multihash = content_of(options);
  DiscoveryClient client = client_for(options);
  v1::DhtProvideRequest request;
  request.set_dht(options.dht);
  request.set_multihash(to_text(multihash));
  const v1::DhtStored stored = client.provide(request, seconds(options.timeout_seconds));
  if (options.json) {
    JsonObject line;
    line.text("multihash", "0x" + to_hex(multihash))
        .text("cid", cid_of(multihash))
        .number("taken", stored.taken());
    fmt::print("{}\n", add_lookup(line, stored).to_string());
  } else {
    fmt::print("{}\nTaken by {} in {:.0f} ms; the node keeps it announced\n", cid_of(multihash),
               peers_text(stored.taken()), stored.took_ms());
  }
  return ExitStatus::kDone;
}

ExitStatus run_dht_providers(const DhtContentOptions& options) {
  const Bytes multihash = content_of(options);
  DiscoveryClient client = client_for(options);
  v1::DhtProvidersRequest request;
  request.set_dht(options.dht);
  request.set_multihash(to_text(multihash));
  request.set_enough(options.count);
  const v1::DhtProvidersReply reply = client.providers(request, seconds(options.timeout_seconds));
  std::vector<JsonObject> list;
  for (const auto& provider : reply.providers()) {
    if (!options.json) {
      fmt::print("{}\n", provider.peer_id());
      for (const std::string& address : provider.addresses()) fmt::print("  {}\n", address);
    }
    list.push_back(JsonObject()
                       .text("peer_id", provider.peer_id())
                       .texts("addresses", {provider.addresses().begin(), provider.addresses().end()}));
  }
  if (options.json) {
    JsonObject line;
    line.text("multihash", "0x" + to_hex(multihash)).objects("providers", list);
    fmt::print("{}\n", add_lookup(line, reply).to_string());
  }
  std::fflush(stdout);
  if (!list.empty()) return ExitStatus::kDone;
  throw Failure(ExitStatus::kUnreachable, "nobody is known to provide it; check what was asked for");
}

ExitStatus run_dht_stats(const DhtOptions& options) {
  DiscoveryClient client = client_for(options);
  v1::DhtStatsRequest request;
  request.set_dht(options.dht);
  const v1::DhtStatsReply reply = client.stats(request);
  if (options.json) {
    std::vector<JsonObject> rows;
    for (const auto& dht : reply.dhts()) rows.push_back(json_of(dht));
    fmt::print("{}\n", JsonObject().objects("dhts", rows).to_string());
  } else if (reply.dhts().empty()) {
    fmt::print("This node is in no DHT; `dht = true` under [discovery] in warren.toml changes that.\n");
  } else {
    print_table(reply);
  }
  return ExitStatus::kDone;
}

}  // namespace warren::app
