// The node's own addresses, and what is known of each.
#include <fmt/format.h>
#include <fmt/ranges.h>

#include "app/commands/reachability_commands.hpp"
#include "app/control_client.hpp"
#include "app/reachability_client.hpp"
#include "app/reachability_text.hpp"

namespace warren::app {
namespace {

bool is_verified(const v1::OwnAddress& address) {
  return address.verdict() != v1::VERDICT_UNKNOWN && address.verified_by_size() > 0;
}

JsonObject json_of(const v1::OwnAddress& address) {
  const auto moment = [](bool known, std::int64_t at_ms) {
    return known ? std::optional(at_ms) : std::nullopt;
  };
  return JsonObject()
      .text("address", address.address())
      .text("source", address.source())
      .flag_or_null("reachable", is_reachable(address.verdict()))
      .flag("verified", is_verified(address))
      .real("confidence", address.confidence())
      .texts("verified_by", {address.verified_by().begin(), address.verified_by().end()})
      .number_or_null("verified_at_ms", moment(address.has_verified_at_ms(), address.verified_at_ms()))
      .number_or_null("expires_at_ms", moment(address.has_expires_at_ms(), address.expires_at_ms()))
      .flag("announced", address.announced());
}

// "interface; not verified; announced", "stun; reachable, said 12D3KooW... 3 s ago; holds for 20 min 1 s"
std::string about(const v1::OwnAddress& address) {
  const bool is_relay = address.source() == "relay";
  std::string text = is_relay ? "through a relay" : address.source();
  if (is_verified(address)) {
    text += fmt::format("; {}, says {}", name_of(address.verdict()), fmt::join(address.verified_by(), ", "));
    if (address.has_verified_at_ms()) text += " " + ago_text(address.verified_at_ms());
  } else if (address.verdict() != v1::VERDICT_UNKNOWN) {
    text += fmt::format("; {}", name_of(address.verdict()));
  } else if (!is_relay) {
    text += "; not verified";
  }
  if (address.has_expires_at_ms())
    text += (is_relay ? "; the reservation ends " : "; to be verified again ") +
            until_text(address.expires_at_ms());
  return text + (address.announced() ? "; others are told" : "; others are not told");
}

}  // namespace

ExitStatus run_addrs(const CommonOptions& options) {
  const DataDir dir = DataDir::choose(options.data_dir);
  const v1::OwnAddresses own = ReachabilityClient(dir).addresses();
  if (options.json) {
    const v1::Addresses listening = ControlClient(dir).addresses();
    std::vector<JsonObject> details;
    for (const v1::OwnAddress& address : own.addresses()) details.push_back(json_of(address));
    const JsonObject line =
        JsonObject()
            .texts("addresses", {listening.addresses().begin(), listening.addresses().end()})
            .objects("details", details);
    fmt::print("{}\n", line.to_string());
    return ExitStatus::kDone;
  }
  // Each on a line of its own, for scripts.
  for (const v1::OwnAddress& address : own.addresses())
    fmt::print("{}\n  {}\n", address.address(), about(address));
  return ExitStatus::kDone;
}

}  // namespace warren::app
