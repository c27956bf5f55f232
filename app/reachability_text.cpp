#include "app/reachability_text.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>

#include "app/text.hpp"

namespace warren::app {
namespace {

namespace v1 = control::v1;

std::int64_t now_ms() {
  return unix_ms(std::chrono::floor<std::chrono::milliseconds>(std::chrono::system_clock::now()));
}

JsonObject limits_json(const v1::Relay::Limits& limits) {
  const auto or_none = [](std::uint64_t value) {
    return value == 0 ? std::nullopt : std::optional(static_cast<std::int64_t>(value));
  };
  return JsonObject()
      .number_or_null("bytes", or_none(limits.bytes()))
      .number_or_null("time_ms", or_none(limits.time_ms()));
}

std::string limits_text(const v1::Relay::Limits& limits) {
  if (limits.bytes() == 0 && limits.time_ms() == 0) return "no limits";
  std::string text = limits.bytes() == 0 ? "" : size_text(limits.bytes()) + " each way";
  if (limits.time_ms() == 0) return text;
  const std::string time = duration_text(static_cast<std::int64_t>(limits.time_ms()));
  return text + (text.empty() ? "" : ", ") + time;
}

JsonObject relay_json(const v1::Relay& relay) {
  JsonObject line;
  line.text("peer_id", relay.peer_id())
      .text_or_null("node_id", relay.node_id())
      .text("state", relay.state())
      .flag("configured", relay.configured())
      .real_or_null("rtt_ms", relay.has_rtt_ms() ? std::optional(relay.rtt_ms()) : std::nullopt);
  const auto moment = [&](const char* key, bool known, std::int64_t at_ms) {
    line.number_or_null(key, known ? std::optional(at_ms) : std::nullopt);
  };
  moment("held_at_ms", relay.has_held_at_ms(), relay.held_at_ms());
  moment("expires_at_ms", relay.has_expires_at_ms(), relay.expires_at_ms());
  moment("next_try_at_ms", relay.has_next_try_at_ms(), relay.next_try_at_ms());
  if (relay.has_limits()) {
    line.object("limits", limits_json(relay.limits()));
  } else {
    line.null("limits");
  }
  return line.texts("addresses", {relay.addresses().begin(), relay.addresses().end()})
      .text_or_null("reason", relay.reason())
      .text_or_null("message", relay.message());
}

}  // namespace

std::optional<bool> is_reachable(v1::Verdict verdict) {
  if (verdict == v1::VERDICT_UNKNOWN) return std::nullopt;
  return verdict == v1::VERDICT_REACHABLE;
}

std::string_view name_of(v1::Verdict verdict) {
  if (verdict == v1::VERDICT_REACHABLE) return "reachable";
  return verdict == v1::VERDICT_UNREACHABLE ? "unreachable" : "unknown";
}

std::string ago_text(std::int64_t at_ms) {
  return duration_text(std::max<std::int64_t>(0, now_ms() - at_ms)) + " ago";
}

std::string until_text(std::int64_t at_ms) {
  return "in " + duration_text(std::max<std::int64_t>(0, at_ms - now_ms()));
}

std::vector<JsonObject> relays_json(const RelayList& relays) {
  std::vector<JsonObject> list;
  for (const v1::Relay& relay : relays) list.push_back(relay_json(relay));
  return list;
}

std::string relay_state_text(const v1::Relay& relay) {
  return relay.has_rtt_ms() ? fmt::format("{}, {:.1f} ms", relay.state(), relay.rtt_ms()) : relay.state();
}

std::string relay_details_text(const v1::Relay& relay) {
  std::string text;
  const auto line = [&](const std::string& words) { text += "  " + words + "\n"; };
  if (!relay.node_id().empty()) line("NodeID " + relay.node_id());
  if (relay.configured()) line("of warren.toml or --relay: never given up");
  if (relay.has_held_at_ms()) line("reserved " + ago_text(relay.held_at_ms()));
  if (relay.has_expires_at_ms()) line("expires " + until_text(relay.expires_at_ms()));
  if (relay.has_limits()) line("for each connection: " + limits_text(relay.limits()));
  for (const std::string& address : relay.addresses()) line("at " + address);
  if (!relay.message().empty()) line("the last try failed: " + printable(relay.message()));
  if (relay.has_next_try_at_ms()) line("tries again " + until_text(relay.next_try_at_ms()));
  return text;
}

}  // namespace warren::app
