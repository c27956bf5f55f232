// What the network lets through to the node.
#include <fmt/format.h>

#include "app/commands/reachability_commands.hpp"
#include "app/reachability_client.hpp"
#include "app/reachability_text.hpp"

namespace warren::app {
namespace {

// Whether any server answered over UDP; nothing when none is known.
std::optional<bool> udp_works(const v1::NetcheckReply& check) {
  if (check.ip4().udp().answered() || check.ip6().udp().answered()) return true;
  return check.ip4().has_udp() || check.ip6().has_udp() ? std::optional(false) : std::nullopt;
}

std::string or_unknown(const std::string& word) {
  return word.empty() ? "unknown" : word;
}

JsonObject udp_json(const v1::Family& family) {
  const v1::Udp& udp = family.udp();
  const bool known = family.has_udp();
  const bool mapped = !udp.mapped_address().empty();
  return JsonObject()
      .flag_or_null("reachable", is_reachable(family.udp_reachable()))
      .flag_or_null("answered", known ? std::optional(udp.answered()) : std::nullopt)
      .text("mapping", or_unknown(udp.mapping()))
      .text("filtering", or_unknown(udp.filtering()))
      .text_or_null("mapped_address", udp.mapped_address())
      .text_or_null("local_address", udp.local_address())
      .flag_or_null("nat", mapped ? std::optional(!udp.is_own_address()) : std::nullopt)
      .texts("servers", {udp.servers().begin(), udp.servers().end()})
      .real_or_null("rtt_ms", udp.has_rtt_ms() ? std::optional(udp.rtt_ms()) : std::nullopt)
      .number_or_null("at_ms", known ? std::optional(udp.at_ms()) : std::nullopt);
}

JsonObject tcp_json(const v1::Family& family) {
  return JsonObject().flag_or_null("reachable", is_reachable(family.tcp_reachable()));
}

std::string json_line(const v1::NetcheckReply& check) {
  return JsonObject()
      .flag_or_null("udp", udp_works(check))
      .flag("ipv4", check.ip4().has_address())
      .flag("ipv6", check.ip6().has_address())
      .object("udp4", udp_json(check.ip4()))
      .object("udp6", udp_json(check.ip6()))
      .object("tcp4", tcp_json(check.ip4()))
      .object("tcp6", tcp_json(check.ip6()))
      .flag_or_null("hairpin", check.has_hairpin() ? std::optional(check.hairpin()) : std::nullopt)
      .objects("relays", relays_json(check.relays()))
      .to_string();
}

const char* yes_or_no(std::optional<bool> fact) {
  if (!fact) return "not known";
  return *fact ? "yes" : "no";
}

void print_family(const char* name, const v1::Family& family) {
  if (!family.has_address()) {
    fmt::print("{:<10} this machine has no address that leads out\n", name);
    return;
  }
  const v1::Udp& udp = family.udp();
  if (!family.has_udp()) {
    fmt::print("{:<10} no STUN server is known: connect to peers, or name some in warren.toml\n", name);
  } else if (!udp.answered()) {
    fmt::print("{:<10} no STUN server answered: UDP is blocked, or they are down\n", name);
  } else {
    fmt::print("{:<10} others see {}: {}\n", name, udp.mapped_address(),
               udp.is_own_address() ? "this machine's own address, no NAT" : "a NAT is in front");
    fmt::print("  mapping    {}\n  filtering  {}\n", or_unknown(udp.mapping()), or_unknown(udp.filtering()));
    if (udp.has_rtt_ms())
      fmt::print("  servers    {}, the nearest {:.1f} ms away\n", udp.servers_size(), udp.rtt_ms());
  }
  fmt::print("  reachable  over UDP: {}; over TCP: {}\n", yes_or_no(is_reachable(family.udp_reachable())),
             yes_or_no(is_reachable(family.tcp_reachable())));
}

}  // namespace

ExitStatus run_netcheck(const NetcheckOptions& options) {
  const v1::NetcheckReply check =
      ReachabilityClient(DataDir::choose(options.data_dir)).netcheck(options.afresh);
  if (options.json) {
    fmt::print("{}\n", json_line(check));
    return ExitStatus::kDone;
  }
  const std::optional<bool> udp = udp_works(check);
  fmt::print("UDP        {}\n", !udp ? "not known" : *udp ? "works" : "no answer");
  print_family("IPv4", check.ip4());
  print_family("IPv6", check.ip6());
  fmt::print("Hairpin    {}\n",
             yes_or_no(check.has_hairpin() ? std::optional(check.hairpin()) : std::nullopt));
  if (check.relays().empty()) fmt::print("Relays     none\n");
  for (const v1::Relay& relay : check.relays())
    fmt::print("Relay      {}: {}\n", relay.peer_id(), relay_state_text(relay));
  return ExitStatus::kDone;
}

ExitStatus run_relays(const CommonOptions& options) {
  const v1::Relays relays = ReachabilityClient(DataDir::choose(options.data_dir)).relays();
  if (options.json) {
    fmt::print("{}\n", JsonObject::list(relays_json(relays.relays())));
    return ExitStatus::kDone;
  }
  if (relays.relays().empty())
    fmt::print("No relay is held or wanted; `warren up --relay MULTIADDR` names one.\n");
  for (const v1::Relay& relay : relays.relays())
    fmt::print("{}: {}\n{}", relay.peer_id(), relay_state_text(relay), relay_details_text(relay));
  return ExitStatus::kDone;
}

}  // namespace warren::app
