#include <fmt/format.h>

#include <algorithm>
#include <cstdio>

#include "app/commands/commands.hpp"
#include "app/control_client.hpp"
#include "app/path_policy.hpp"
#include "app/path_text.hpp"
#include "app/seconds.hpp"

namespace warren::app {
namespace {

JsonObject json_of(const v1::DialAttempt& attempt) {
  JsonObject line;
  line.text("address", attempt.address())
      .text_or_null("transport", attempt.transport())
      .text("outcome", attempt.outcome());
  if (attempt.outcome() == "left_out") {
    line.null("began_ms").null("took_ms");
  } else {
    line.real("began_ms", attempt.began_ms()).real("took_ms", attempt.took_ms());
  }
  return line.text_or_null("reason", attempt.reason()).text_or_null("message", attempt.message());
}

std::string what_became_of(const v1::DialAttempt& attempt) {
  if (attempt.outcome() == "connected") return fmt::format("connected in {:.1f} ms", attempt.took_ms());
  const std::string why = attempt.message().empty() ? "" : ": " + attempt.message();
  if (attempt.outcome() == "left_out") return "left out" + why;
  return fmt::format("{} after {:.1f} ms{}", attempt.outcome(), attempt.took_ms(), why);
}

// "   250.1 ms  tcp      /ip4/192.0.2.1/tcp/4001  failed after 3.1 ms: connection refused": when it began,
// what it was over, where it led, and what became of it.
void print_attempts(const std::vector<v1::DialAttempt>& attempts) {
  std::size_t width = 0;
  for (const v1::DialAttempt& attempt : attempts) width = std::max(width, attempt.address().size());
  for (const v1::DialAttempt& attempt : attempts) {
    const bool left_out = attempt.outcome() == "left_out";
    const std::string began = left_out ? "-   " : fmt::format("{:.1f} ms", attempt.began_ms());
    fmt::print("{:>12}  {:<8}  {:<{}}  {}\n", began, attempt.transport(), attempt.address(), width,
               what_became_of(attempt));
  }
}

JsonObject json_of(const v1::Peer& peer) {
  JsonObject line;
  line.text_or_null("peer_id", peer.peer_id())
      .text_or_null("node_id", peer.node_id())
      .text_or_null("path", peer.path())
      .text_or_null("transport", peer.transport())
      .flag("relayed", peer.relayed());
  if (peer.relayed()) line.text("relay", peer.relay());
  if (peer.has_budget()) line.object("budget", budget_json(peer.budget()));
  return line;
}

DialResult connect(const ConnectOptions& options) {
  ControlClient client(DataDir::choose(options.data_dir));
  v1::ConnectRequest request;
  request.set_target(options.target);
  request.set_path(policy_of(options));
  const Duration timeout = seconds(options.timeout_seconds);
  if (options.verbose) return client.dial(request, timeout);
  return {.attempts = {}, .peer = client.connect(request, timeout), .failure = {}};
}

}  // namespace

ExitStatus run_connect(const ConnectOptions& options) {
  const DialResult result = connect(options);
  const v1::Peer& peer = result.peer;
  if (options.json) {
    JsonObject line = json_of(peer);
    std::vector<JsonObject> attempts;
    for (const v1::DialAttempt& attempt : result.attempts) attempts.push_back(json_of(attempt));
    if (options.verbose) line.objects("attempts", attempts);
    fmt::print("{}\n", line.to_string());
  } else {
    print_attempts(result.attempts);
  }
  std::fflush(stdout);
  if (result.failure) throw *result.failure;
  if (!options.json) {
    if (options.verbose && result.attempts.empty()) fmt::print("It was connected already.\n");
    fmt::print("Connected to {} ({}) over {}\n",
               peer.node_id().empty() ? "a peer that is no Warren node" : peer.node_id(), peer.peer_id(),
               peer.relayed() ? path_text(peer) : peer.path());
    if (peer.has_budget()) fmt::print("The path {}\n", budget_text(peer.budget()));
  }
  return options.direct && peer.relayed() ? ExitStatus::kRelayedOnly : ExitStatus::kDone;
}

}  // namespace warren::app
