#include "app/config_file.hpp"

#include <fmt/format.h>

#include "app/bootstrap_list.hpp"
#include "app/config_section.hpp"
#include "app/exit_status.hpp"
#include "warren/messaging/binding.hpp"
#include "warren/node/bootstrap_dns.hpp"

namespace warren::app {
namespace {

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
  section.texts("bootstrap_domains", discovery.bootstrap_domains);
  for (const std::string& domain : discovery.bootstrap_domains) {
    if (!is_domain(domain)) section.fail("bootstrap_domains", "holds what is no name of a domain");
  }
  section.addresses("rendezvous_points", discovery.rendezvous_points, parse_bootstrap);
  section.flag("rendezvous_server", discovery.rendezvous_server);
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

  for (const Section* section : {&root, &discovery, &websocket, &identity, &limits, &timeouts, &logging})
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

}  // namespace warren::app
