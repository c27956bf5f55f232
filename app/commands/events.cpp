#include <fmt/chrono.h>
#include <fmt/format.h>

#include <cstdio>

#include "app/commands/commands.hpp"
#include "app/control_client.hpp"
#include "app/json.hpp"
#include "app/path_text.hpp"
#include "app/text.hpp"
#include "app/transport_name.hpp"

namespace warren::app {
namespace {

std::string json_line(const v1::Event& event) {
  JsonObject line;
  line.number("at_ms", event.at_ms()).text("event", event.event());
  if (event.event() == "dropped") {
    line.number("dropped", static_cast<std::int64_t>(event.dropped()));
    return line.to_string();
  }
  if (!event.state().empty()) line.text("state", event.state());
  if (event.event() == "reachability") return line.to_string();
  line.text_or_null("peer_id", event.peer_id())
      .text_or_null("node_id", event.node_id())
      .text_or_null("address", event.address())
      .text_or_null("direction", event.direction());
  if (event.event() == "connected") line.text("security", event.security()).text("muxer", event.muxer());
  if (event.event() == "identified")
    line.text("version", event.version()).number("protocols", event.protocols());
  if (!event.reason().empty()) line.text("reason", event.reason()).text("message", event.message());
  if (event.event() == "refused")
    line.text_or_null("knob", event.knob()).text_or_null("protocol", event.protocol());
  return line.to_string();
}

// "2026-01-31 12:00:00", as the clock on this machine's wall shows it.
std::string local_time(std::int64_t unix_ms) {
  return fmt::format("{:%Y-%m-%d %H:%M:%S}", fmt::localtime(static_cast<std::time_t>(unix_ms / 1000)));
}

// What is particular to this kind of event.
std::string details(const v1::Event& event) {
  if (event.event() == "connected") return event.security() + ", " + event.muxer();
  if (event.event() == "identified") {
    const std::string version = event.version().empty() ? "of no version" : event.version();
    return fmt::format("{}, {} protocols", printable(version), event.protocols());
  }
  if (event.event() == "arrived") return {};
  if (event.event() == "relay")
    return event.state() == "held" ? "held" : event.state() + ": " + event.message();
  if (event.event() == "left") return event.reason() == "closed" ? "it said goodbye" : event.message();
  std::string text = event.message().empty() ? event.reason() : event.message();
  if (!event.protocol().empty()) text = printable(event.protocol()) + ": " + text;
  return event.knob().empty() ? text : fmt::format("{} ({})", text, event.knob());
}

// " from /ip4/192.0.2.1/tcp/4001", " over relay via 12D3KooW... (inbound)"
std::string place_of(const v1::Event& event) {
  const Result<Multiaddr> address = Multiaddr::parse(event.address());
  const std::string relay = address ? relay_of(*address) : "";
  if (!relay.empty()) {
    const std::string direction = event.direction().empty() ? "" : " (" + event.direction() + ")";
    return " over relay via " + relay + direction;
  }
  if (event.address().empty() && event.direction().empty()) return {};
  const char* preposition = event.direction() == "inbound" ? " from" : " at";
  return preposition + (event.address().empty() ? "" : " " + event.address());
}

// "what goes to PEER now takes the path direct quic /ip4/192.0.2.1/udp/4001/quic-v1", "relay via 12D3KooW..."
std::string path_sentence(const v1::Event& event, const std::string& who) {
  if (event.state() == "none") return "there is no path to " + who + " any more";
  const Result<Multiaddr> address = Multiaddr::parse(event.address());
  std::string path = event.state();
  if (address && event.state() == "relayed") path = "relay via " + relay_of(*address);
  if (address && event.state() == "direct")
    path = fmt::format("direct {} {}", path_word(std::string(transport_name(*address))), event.address());
  return fmt::format("what goes to {} now takes the path {}", who, path);
}

std::string text_line(const v1::Event& event) {
  const std::string time = local_time(event.at_ms());
  if (event.event() == "dropped") {
    return fmt::format("{}  {} events were dropped: they came faster than they were read", time,
                       event.dropped());
  }
  if (event.event() == "reachability")
    return fmt::format("{}  {:<12}  this node is now {}", time, event.event(), event.state());
  std::string who = event.peer_id().empty() ? "a peer" : event.peer_id();
  if (!event.node_id().empty()) who += " (" + event.node_id() + ")";
  if (event.event() == "path")
    return fmt::format("{}  {:<12}  {}", time, event.event(), path_sentence(event, who));
  who += place_of(event);
  const std::string more = details(event);
  return fmt::format("{}  {:<12}  {}{}", time, event.event(), who, more.empty() ? "" : ": " + more);
}

}  // namespace

ExitStatus run_events(const EventsOptions& options) {
  const StopFlag stop;
  ControlClient client(DataDir::choose(options.data_dir));
  bool any = false;
  client.events(options.follow, stop, [&](const v1::Event& event) {
    any = true;
    fmt::print("{}\n", options.json ? json_line(event) : text_line(event));
    std::fflush(stdout);
  });
  if (!any && !options.json && !options.follow)
    fmt::print("Nothing happened yet; `warren events --follow` waits for it.\n");
  return ExitStatus::kDone;
}

}  // namespace warren::app
