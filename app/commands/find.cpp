#include <fmt/format.h>

#include <algorithm>
#include <cstdio>

#include "app/commands/discovery_commands.hpp"
#include "app/discovery_client.hpp"
#include "app/errors.hpp"
#include "app/json.hpp"
#include "app/lookup_text.hpp"
#include "app/seconds.hpp"
#include "app/text.hpp"

namespace warren::app {
namespace {

constexpr std::size_t kTargetsAtOnceMax = 100;  // as the daemon takes them

bool was_found(const v1::FindReply& reply) {
  return reply.reason().empty();
}

std::string json_line(const v1::FindReply& reply) {
  JsonObject line;
  line.text("target", reply.target())
      .text_or_null("peer_id", reply.peer_id())
      .text_or_null("node_id", reply.node_id())
      .texts("addresses", {reply.addresses().begin(), reply.addresses().end()})
      .text_or_null("source", reply.source());
  if (was_found(reply)) {
    std::vector<JsonObject> steps;
    for (JsonObject& step : steps_json(reply.binding())) steps.push_back(step.text("for", "binding"));
    for (JsonObject& step : steps_json(reply.lookup())) steps.push_back(step.text("for", "peer"));
    line.real("took_ms", reply.took_ms())
        .number("hops", std::max(reply.binding().hops(), reply.lookup().hops()))
        .objects("steps", steps);
  } else {
    line.text("reason", reply.reason()).text("message", reply.message());
  }
  return line.to_string();
}

const char* words_for(const v1::FindReply& reply) {
  if (reply.source() == "self") return "it is this node";
  if (reply.source() == "connected") return "it is connected";
  if (reply.source() == "known") return "known from before";
  if (reply.source() == "record") return "it has published this itself; it was not reached";
  const bool asked = reply.binding().steps_size() + reply.lookup().steps_size() > 0;
  return asked ? "the DHT told" : "it is in the routing table";
}

void print_lookup(const char* what, const v1::Lookup& lookup) {
  if (lookup.steps_size() == 0) return;
  fmt::print("{}: {} questions, {} hops, {:.1f} ms\n{}", what, lookup.steps_size(), lookup.hops(),
             lookup.took_ms(), steps_text(lookup));
}

void print_found(const v1::FindReply& reply) {
  fmt::print("PeerID     {}\n", reply.peer_id());
  fmt::print("NodeID     {}\n", reply.node_id().empty() ? "not known" : reply.node_id());
  const char* label = "Addresses";
  for (const std::string& address : reply.addresses()) {
    fmt::print("{:<9}  {}\n", label, address);
    label = "";
  }
  if (reply.addresses().empty()) fmt::print("Addresses  none\n");
  fmt::print("Found      in {:.1f} ms: {}\n", reply.took_ms(), words_for(reply));
  print_lookup("From the NodeID to the PeerID", reply.binding());
  print_lookup("From the PeerID to its addresses", reply.lookup());
}

Failure failure_of(const v1::FindReply& reply) {
  const ErrorDescription& error = describe(std::string_view(reply.reason()));
  std::string sentence = printable(reply.message());
  if (!sentence.contains(reply.target())) sentence = printable(reply.target()) + ": " + sentence;
  if (!error.advice.empty()) sentence += "; " + std::string(error.advice);
  return {error.exit_status, sentence};
}

}  // namespace

ExitStatus run_find(const FindOptions& options) {
  if (options.targets.size() > kTargetsAtOnceMax)
    throw Failure(ExitStatus::kUsage, "more than 100 IDs at once; ask in several commands");
  DiscoveryClient client(DataDir::choose(options.data_dir));
  v1::FindRequest request;
  for (const std::string& target : options.targets) request.add_targets(target);
  request.set_afresh(options.afresh);
  std::vector<v1::FindReply> failed;
  std::size_t shown = 0;
  client.find(request, seconds(options.timeout_seconds), [&](const v1::FindReply& reply) {
    if (options.json) {
      fmt::print("{}\n", json_line(reply));
    } else if (was_found(reply)) {
      if (shown++ > 0) fmt::print("\n");
      print_found(reply);
    }
    std::fflush(stdout);
    if (!was_found(reply)) failed.push_back(reply);
  });
  if (failed.empty()) return ExitStatus::kDone;
  if (options.targets.size() == 1) throw failure_of(failed.front());
  const Failure first = failure_of(failed.front());
  throw Failure(first.status(), fmt::format("{} of {} were not found; {}", failed.size(),
                                            options.targets.size(), first.what()));
}

}  // namespace warren::app
