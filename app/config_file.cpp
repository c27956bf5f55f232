#include "app/config_file.hpp"

#include <fmt/format.h>

#include <charconv>

#include "app/bootstrap_list.hpp"
#include "app/config_section.hpp"
#include "app/exit_status.hpp"
#include "warren/messaging/binding.hpp"
#include "warren/node/bootstrap_dns.hpp"

namespace warren::app {
namespace {

// A week; what others hold here for longer should be asked for again.
constexpr double kRelaySecondsMax = 7 * 86400;

// Every message is sent to so many; and peers of a mesh expect to hear from each other now and then.
constexpr std::size_t kMeshSizeMax = 64;
constexpr double kHeartbeatSecondsMax = 60;

void read_limits(Section& section, SwarmLimits& limits) {
  for (const LimitKnob& knob : limit_knobs()) section.whole_number(knob.name, limits.*knob.field);
  if (limits.connections_low > limits.connections_high) {
    section.fail(section.has("connections_low") ? "connections_low" : "connections_high",
                 "leaves connections_low above connections_high");
  }
}

void read_websocket(Section& section, websocket::WebsocketConfig& websocket) {
  tls::CertificateFiles certificate;
  section.file("certificate", certificate.chain);
  section.file("key", certificate.key);
  section.files("authorities", websocket.authorities);
  if (certificate.chain.empty() != certificate.key.empty()) {
    section.fail(certificate.chain.empty() ? "key" : "certificate",
                 "is half of a pair: a certificate needs its key, and the key its certificate");
  }
  if (!certificate.chain.empty()) websocket.tls = std::move(certificate);
}

void read_discovery(Section& section, DiscoveryConfig& discovery) {
  section.flag("dht", discovery.dht);
  section.word<std::optional<kad::Mode>>(
      "dht_mode", discovery.dht_mode,
      {{"auto", std::nullopt}, {"client", kad::Mode::kClient}, {"server", kad::Mode::kServer}});
  section.flag("public_dht", discovery.public_dht);
  section.flag("public_lan_dht", discovery.public_lan_dht);
  section.flag_or_auto("mdns", discovery.mdns);
  section.texts("bootstrap_domains", discovery.bootstrap_domains, is_domain,
                "holds what is no name of a domain");
  section.addresses("rendezvous_points", discovery.rendezvous_points, parse_bootstrap);
  section.flag("rendezvous_server", discovery.rendezvous_server);
}

// "192.0.2.1:3478", "[2001:db8::1]:3478", "stun.example.com:3478"
bool is_host_and_port(std::string_view text) {
  const std::size_t colon = text.rfind(':');
  if (colon == std::string_view::npos) return false;
  std::uint16_t port = 0;
  const char* const end = text.data() + text.size();
  const auto [rest, error] = std::from_chars(text.data() + colon + 1, end, port);
  if (error != std::errc() || rest != end || port == 0) return false;
  const std::string_view host = text.substr(0, colon);
  if (!host.starts_with('[')) return is_domain(host);  // an IPv4 address looks like one
  return host.ends_with(']') && IpAddress::parse(host.substr(1, host.size() - 2)).has_value();
}

// An address that leads to this node, whose PeerID goes without saying.
Multiaddr parse_own_address(const std::string& text, const std::string& where) {
  Multiaddr address = parse_address(text, where);
  if (address.has(Protocol::kP2p) || address.has(Protocol::kP2pCircuit)) {
    throw Failure(ExitStatus::kUsage,
                  fmt::format("{}: \"{}\" names a peer; write this node's own address, without /p2p and what "
                              "follows it",
                              where, text));
  }
  return address;
}

void read_reachability(Section& section, ReachabilityConfig& reachability) {
  using autonat::Verdict;
  section.word<std::optional<Verdict>>(
      "reachable", reachability.reachable,
      {{"auto", std::nullopt}, {"yes", Verdict::kReachable}, {"no", Verdict::kUnreachable}});
  section.addresses("announce", reachability.announce, parse_own_address);
  section.texts("stun_servers", reachability.stun_servers, is_host_and_port,
                "holds what is no server with its port, as \"stun.example.com:3478\"");
  section.flag("stun_server", reachability.stun_server);
  section.flag("autonat_server", reachability.autonat_server);
}

void read_relay(Section& section, ReachabilityConfig& reachability) {
  section.addresses("relays", reachability.relays, parse_relay);
  section.flag("use", reachability.use_relays);
  section.flag_or_auto("enabled", reachability.relay_service);
  relay::ServiceConfig& service = reachability.relay;
  section.byte_count("circuit_bytes_max", service.circuit.bytes_max);
  section.seconds("circuit_time_max", service.circuit.time_max, 0, kRelaySecondsMax);
  section.seconds("reservation_life", service.reservation_life, 1, kRelaySecondsMax);
  section.flag("private_network", reachability.private_network);
}

void read_punch(Section& section, PunchConfig& punch) {
  section.flag("enabled", punch.enabled);
  section.flag("spray", punch.spray);
}

void read_broadcast(Section& section, BroadcastConfig& broadcast) {
  section.flag("enabled", broadcast.enabled);
  section.whole_number("mesh_size", broadcast.mesh_size);
  if (broadcast.mesh_size > kMeshSizeMax)
    section.fail("mesh_size", fmt::format("is not a whole number from 1 to {}", kMeshSizeMax));
  section.seconds("heartbeat", broadcast.heartbeat_interval, 0.1, kHeartbeatSecondsMax);
  section.flag("scoring", broadcast.scoring);
  section.flag("peer_exchange", broadcast.peer_exchange);
  section.flag("find_peers", broadcast.find_peers);
  section.addresses("direct", broadcast.direct, parse_peer);
  section.byte_count("kept_bytes", broadcast.kept_bytes_max);
}

}  // namespace

void require_network_name(const std::string& name) {
  if (is_network_name(name)) return;
  throw Failure(
      ExitStatus::kUsage,
      "a network's name has 1 to 63 of a-z, 0-9, '.', '-' and '_', a letter or digit first; choose another");
}

std::string_view name_of(IdentityMode mode) {
  return mode == IdentityMode::kSm2 ? "sm2" : "bound";
}

std::optional<IdentityMode> parse_identity_mode(std::string_view name) {
  for (const IdentityMode mode : {IdentityMode::kBound, IdentityMode::kSm2}) {
    if (name == name_of(mode)) return mode;
  }
  return std::nullopt;
}

ConfigFile read_config_file(const std::filesystem::path& path) {
  const toml::parse_result parsed = toml::parse_file(path.string());
  if (!parsed) {
    const toml::parse_error& error = parsed.error();
    throw Failure(ExitStatus::kFailed, fmt::format("{}:{}: {}; correct it", path.string(),
                                                   error.source().begin.line, error.description()));
  }
  ConfigFile config;
  Section root(path, parsed.table(), "");
  root.text("network", config.network);
  if (!is_network_name(config.network)) root.fail("network", "is no name of a network");
  std::string profile(to_string(config.discovery.profile));
  root.text("profile", profile);
  const auto parsed_profile = parse_profile(profile);
  if (!parsed_profile) root.fail("profile", "is none of \"home\", \"server\", \"lan\"");
  config.discovery.profile = *parsed_profile;
  root.addresses("listen", config.listen, parse_address);
  root.addresses("bootstrap", config.bootstrap, parse_bootstrap);

  root.text("metrics", config.metrics);
  root.word<PerfAccess>("perf", config.perf,
                        {{"off", PerfAccess::kOff},
                         {"allowed", PerfAccess::kAllowed},
                         {"local", PerfAccess::kLocal},
                         {"anyone", PerfAccess::kAnyone}});

  Section discovery = root.section("discovery");
  read_discovery(discovery, config.discovery);

  Section reachability = root.section("reachability");
  read_reachability(reachability, config.reachability);
  Section relay = root.section("relay");
  read_relay(relay, config.reachability);
  Section punch = root.section("punch");
  read_punch(punch, config.punch);
  Section broadcast = root.section("broadcast");
  read_broadcast(broadcast, config.broadcast);

  Section websocket = root.section("websocket");
  read_websocket(websocket, config.websocket);

  Section identity = root.section("identity");
  std::string mode(name_of(config.identity));
  identity.text("mode", mode);
  const auto parsed_mode = parse_identity_mode(mode);
  if (!parsed_mode) identity.fail("mode", "knows only \"bound\" and \"sm2\"");
  config.identity = *parsed_mode;

  root.choices("securities", config.securities, {"/noise", "/tls/1.0.0"});
  Section limits = root.section("limits");
  read_limits(limits, config.limits);

  Section timeouts = root.section("timeouts");
  timeouts.seconds("dial_seconds", config.dial_timeout);
  timeouts.seconds("request_seconds", config.request_timeout);

  Section logging = root.section("log");
  std::string level = "info";
  logging.text("level", level);
  config.log_level = parse_log_level(level);

  for (const Section* section : {&root, &discovery, &reachability, &relay, &punch, &broadcast, &websocket,
                                 &identity, &limits, &timeouts, &logging})
    section->refuse_unknown();
  return config;
}

log::Level parse_log_level(const std::string& text) {
  if (text == "debug") return log::Level::kDebug;
  if (text == "info") return log::Level::kInfo;
  if (text == "warning") return log::Level::kWarning;
  if (text == "error") return log::Level::kError;
  throw Failure(ExitStatus::kUsage,
                fmt::format("there is no log level \"{}\"; say debug, info, warning or error", text));
}

Multiaddr parse_address(const std::string& text, const std::string& where) {
  auto address = Multiaddr::parse(text);
  if (!address) {
    throw Failure(
        ExitStatus::kUsage,
        fmt::format("{}: \"{}\" is not a multiaddr; write one like /ip4/192.0.2.1/tcp/4001", where, text));
  }
  return std::move(*address);
}

Multiaddr parse_bootstrap(const std::string& text, const std::string& where) {
  Multiaddr address = parse_address(text, where);
  if (!leads_to_peers(address)) {
    throw Failure(ExitStatus::kUsage,
                  fmt::format("{}: \"{}\" does not end in /p2p/<PeerID>; `warren addrs` over there prints it",
                              where, text));
  }
  return address;
}

Multiaddr parse_peer(const std::string& text, const std::string& where) {
  Multiaddr address = parse_bootstrap(text, where);
  if (!PeerId::of(address)) {
    throw Failure(ExitStatus::kUsage, fmt::format("{}: \"{}\" names no peer; write an address that ends in "
                                                  "/p2p/<PeerID>",
                                                  where, text));
  }
  return address;
}

Multiaddr parse_relay(const std::string& text, const std::string& where) {
  Multiaddr address = parse_bootstrap(text, where);
  if (!PeerId::of(address) || address.has(Protocol::kP2pCircuit)) {
    throw Failure(ExitStatus::kUsage, fmt::format("{}: \"{}\" is no relay's address; write one like "
                                                  "/ip4/192.0.2.1/tcp/4001/p2p/12D3KooW...",
                                                  where, text));
  }
  return address;
}

}  // namespace warren::app
