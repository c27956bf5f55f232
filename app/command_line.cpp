#include "app/command_line.hpp"

#include <CLI/App.hpp>
#include <CLI/Config.hpp>
#include <CLI/Formatter.hpp>

#include "app/command.hpp"
#include "app/commands/commands.hpp"
#include "app/version.hpp"

namespace warren::app {
namespace {

constexpr const char* kTarget =
    "A NodeID (zEPJ...), a PeerID (12D3KooW...) or a multiaddr with /p2p/<PeerID>";

const CLI::IsMember kProfiles({"home", "server", "lan"});

template <class Options>
void add_target(const Command<Options>& command) {
  command.app->add_option("ID", command.options->target, kTarget)->required()->type_name("");
}

template <class Options>
void add_payload(const Command<Options>& command) {
  auto* file =
      command.app->add_option("--file", command.options->file, "Read it from this file")->type_name("F");
  command.app
      ->add_option("TEXT", command.options->text,
                   "The text to send; without it and --file, standard input is read")
      ->type_name("")
      ->excludes(file);
}

template <class Options>
CLI::Option* add_timeout(const Command<Options>& command, const std::string& about) {
  return command.app->add_option("--timeout", command.options->timeout_seconds, about)
      ->type_name("SECONDS")
      ->check(between(0.001, 86400.0));
}

template <class Options>
void add_path_policy(const Command<Options>& command) {
  auto* prefer = command.app->add_flag("--prefer-direct", command.options->prefer_direct,
                                       "Try direct paths first, even when a relayed one is open");
  command.app
      ->add_flag("--direct-only", command.options->direct_only,
                 "Never go through a relay; exit with 6 when that is the only path")
      ->excludes(prefer);
}

void describe_node(CLI::App& program, std::function<ExitStatus()>& chosen) {
  const auto init =
      add<InitOptions>(program, chosen, "init", "Make a node: its keys and a commented warren.toml",
                       "  warren init\n"
                       "  warren init --data-dir ./alice --network lab\n"
                       "  warren init --psk-file swarm.key         a member of a private network\n"
                       "  warren init --identity sm2               its PeerID is that of the SM2 key, too",
                       run_init);
  init.app->add_option("--network", init.options->network, "Nodes of different networks refuse each other")
      ->capture_default_str()
      ->type_name("NAME");
  init.app
      ->add_option(
          "--identity", init.options->identity,
          "bound: a PeerID that all libp2p peers take; sm2: that of the node's SM2 key, for networks in "
          "which all know such keys")
      ->capture_default_str()
      ->type_name("MODE");
  init.app
      ->add_option("--profile", init.options->profile,
                   "Its machine: behind a router, reachable by all, or among others in a local network")
      ->capture_default_str()
      ->check(kProfiles);
  init.app
      ->add_option(
          "--psk-file", init.options->psk_file,
          "Join the private network of this key (libp2p's swarm.key); who has not the same can't connect")
      ->type_name("F");
  add_json(init, "Print one JSON object");

  const auto up = add<UpOptions>(program, chosen, "up", "Run the node in the foreground until Ctrl-C",
                                 "  warren up\n"
                                 "  warren up --listen /ip4/127.0.0.1/tcp/0 --json\n"
                                 "  warren up --bootstrap /ip4/192.0.2.1/tcp/4001/p2p/12D3KooW...\n"
                                 "  warren up --relay /ip4/192.0.2.1/tcp/4001/p2p/12D3KooW...",
                                 run_up);
  up.app
      ->add_option("--listen", up.options->listen,
                   "Where to listen, instead of warren.toml's list; repeatable")
      ->type_name("MULTIADDR")
      ->allow_extra_args(false);
  up.app->add_option("--bootstrap", up.options->bootstrap, "A node to stay connected to; repeatable")
      ->type_name("MULTIADDR")
      ->allow_extra_args(false);
  up.app->add_option("--relay", up.options->relays, "A relay to be reached through; repeatable")
      ->type_name("MULTIADDR")
      ->allow_extra_args(false);
  up.app
      ->add_option("--profile", up.options->profile, "The machine's kind, instead of warren.toml's `profile`")
      ->check(kProfiles);
  up.app->add_option("--log-level", up.options->log_level, "debug, info, warning or error")
      ->type_name("LEVEL");
  up.app
      ->add_option("--metrics", up.options->metrics,
                   "Serve metrics for Prometheus there, such as 127.0.0.1:9464; default: nowhere")
      ->type_name("ADDRESS");
  up.app->add_option("--qlog-dir", up.options->qlog_dir, "Write a file about each QUIC connection there")
      ->type_name("FOLDER");
  add_json(up, "When the node listens, print one line {\"event\":\"ready\",...}");
}

void describe_looking(CLI::App& program, std::function<ExitStatus()>& chosen) {
  const std::string json = "Print one JSON object";
  add_json(add<CommonOptions>(program, chosen, "id", "Who this node is; needs no daemon",
                              "  warren id\n  warren id --json", run_id),
           json);
  add_json(
      add<CommonOptions>(program, chosen, "status",
                         "How the node is doing, whether others reach it, and what would help",
                         "  warren status\n"
                         "  warren status --json\n\n"
                         "Stages of a node's life: starting, listening, bootstrapping, joined, announced, "
                         "leaving, stopped. Without a\n"
                         "daemon the exit status is 3, and JSON has `running` false and the `stage`.",
                         run_status),
      json);
  describe_being_reached(program, chosen);
  const auto peers =
      add<PeersOptions>(program, chosen, "peers", "The connected peers, and over which path",
                        "  warren peers\n  warren peers --sort latency\n  warren peers --json", run_peers);
  peers.app
      ->add_option("--sort", peers.options->sort,
                   "By round trip, by NodeID, or by how long they are connected, the longest first")
      ->check(CLI::IsMember({"latency", "name", "time"}));
  add_json(peers, json);
}

void describe_reaching(CLI::App& program, std::function<ExitStatus()>& chosen) {
  const auto connect = add<ConnectOptions>(program, chosen, "connect", "Connect to another node",
                                           "  warren connect /ip4/192.0.2.1/tcp/4001/p2p/12D3KooW...\n"
                                           "  warren connect zEPJ...\n"
                                           "  warren connect -v 12D3KooW...",
                                           run_connect);
  add_target(connect);
  add_timeout(connect, "Give up after this time")->capture_default_str();
  connect.app->add_flag("-v,--verbose", connect.options->verbose,
                        "Tell what became of each of its addresses, when and why");
  connect.app->add_flag("--direct", connect.options->direct, "Exit with 6 when there is only a relayed path");
  add_path_policy(connect);
  add_json(connect, "Print one JSON object; with -v it has an array `attempts`, also when all failed");

  const auto ping =
      add<PingOptions>(program, chosen, "ping", "Measure round trips to another node",
                       "  warren ping zEPJ...\n"
                       "  warren ping 12D3KooW... -c 1 --json\n"
                       "  warren ping zEPJ... --until-direct --timeout 60\n\n"
                       "Each reply tells its path: `direct quic ADDRESS`, `direct tcp "
                       "ADDRESS`, or `relay via PEERID`.\n"
                       "With --until-direct the exit status is 0 after a direct reply, 6 when "
                       "all were relayed (the reason is on\n"
                       "standard error, and `warren why` has all of it), 4 when there was none.",
                       run_ping);
  add_target(ping);
  auto* count = ping.app->add_option("-c,--count", ping.options->count, "How many; 0: until Ctrl-C");
  count->capture_default_str()->type_name("N");
  ping.app->add_option("-i,--interval", ping.options->interval_seconds, "The time between two")
      ->capture_default_str()
      ->type_name("SECONDS")
      ->check(between(0.0, 3600.0));
  ping.app->add_flag("--direct", ping.options->direct, "Exit with 6 when the path is relayed");
  auto* until = ping.app->add_flag("--until-direct", ping.options->until_direct,
                                   "Look for a direct path now, and ping until a reply came over one");
  until->excludes(count);
  add_timeout(ping, "Give up --until-direct after this time")->capture_default_str()->needs(until);
  add_path_policy(ping);
  add_json(ping,
           "Print one JSON object a reply, with `path`: its `kind` (direct, relay), `transport` and "
           "`address`");

  const auto why = add<WhyOptions>(
      program, chosen, "why", "Why the path to another node is direct, or why it is not, and what would help",
      "  warren why zEPJ...\n"
      "  warren why 12D3KooW... --json | jq -r .reason\n\n"
      "`verdict` is direct, relayed or unconnected. The reason of a path that is not direct is one of "
      "NO_PUBLIC_MAPPING,\n"
      "BOTH_HARD_NAT, UDP_BLOCKED, PEER_NO_DCUTR, SYNC_TIMEOUT, ROLE_CONFLICT, PROBES_UNANSWERED, "
      "LIMITED_BY_BUDGET,\n"
      "POLICY_RELAY_ONLY, NO_RESERVATION, RECENT_FAIL_BACKOFF. Nothing is dialed; `warren ping "
      "--until-direct` "
      "tries.",
      run_why);
  add_target(why);
  add_json(why, "Print one JSON object");
}

void describe_measuring(CLI::App& program, std::function<ExitStatus()>& chosen) {
  const auto bench = add<BenchOptions>(program, chosen, "bench",
                                       "Measure how fast bytes come from another node and go to it",
                                       "  warren bench zEPJ...                     10 s down, then 10 s up\n"
                                       "  warren bench zEPJ... --seconds 3 --streams 8\n"
                                       "  warren bench 12D3KooW... --download 1GiB --json\n"
                                       "  warren bench 12D3KooW... --download 100M --upload 10M\n\n"
                                       "The other node has to serve /perf/1.0.0: `perf` in its warren.toml "
                                       "says to whom, and `warren allow` over\n"
                                       "there adds to them. Any libp2p peer that serves it will do. Ctrl-C "
                                       "ends it with what was measured so far.",
                                       run_bench);
  add_target(bench);
  const std::string size = "; 500K, 10M, 1.5GiB (10MB is 10,000,000); 0: none";
  bench.app->add_option("--download", bench.options->download, "How many bytes come" + size)->type_name("N");
  bench.app->add_option("--upload", bench.options->upload, "How many bytes go" + size)->type_name("N");
  bench.app
      ->add_option("--seconds", bench.options->seconds,
                   "The most that a direction takes; default: 10 without a number of bytes, else no limit")
      ->type_name("S")
      ->check(between(0.1, 600.0));
  bench.app->add_option("--streams", bench.options->streams, "How many at once; they share the bytes")
      ->capture_default_str()
      ->type_name("K")
      ->check(between(1U, 100U));
  add_json(bench, "Print one JSON object, and no progress");
}

void describe_messages(CLI::App& program, std::function<ExitStatus()>& chosen) {
  const auto send = add<SendOptions>(program, chosen, "send",
                                     "Send a signed message; done when the receiver has it on its disk",
                                     "  warren send zEPJ... 'Hello'\n"
                                     "  warren send zEPJ... --file report.pdf\n"
                                     "  date | warren send /ip4/192.0.2.1/tcp/4001/p2p/12D3KooW...",
                                     run_send);
  add_target(send);
  add_payload(send);
  add_timeout(send, "Give up after this time")->capture_default_str();
  add_path_policy(send);
  add_json(send, "Print one JSON object");

  const auto inbox = add<InboxOptions>(program, chosen, "inbox", "Show the verified messages that came",
                                       "  warren inbox\n"
                                       "  warren inbox --follow --json",
                                       run_inbox);
  inbox.app->add_flag("--follow,-f", inbox.options->follow, "Then wait for new ones, until Ctrl-C");
  inbox.app->add_option("--after", inbox.options->after, "Only those with a greater number")
      ->type_name("NUMBER");
  add_json(inbox, "Print one JSON object a message");
}

void describe_services(CLI::App& program, std::function<ExitStatus()>& chosen) {
  const auto serve = add<ServeOptions>(
      program, chosen, "serve", "Answer other nodes' requests with a command's output, until Ctrl-C",
      "  warren serve upper --exec 'tr a-z A-Z'\n"
      "  warren serve report --exec ./report.sh --time-limit 120 --jobs 1\n\n"
      "The request is on the command's standard input. It knows $WARREN_FROM_NODE_ID, $WARREN_FROM_PEER_ID "
      "and\n"
      "$WARREN_SERVICE. A non-zero exit status fails the request.",
      run_serve);
  ServeOptions& options = *serve.options;
  serve.app->add_option("NAME", options.name, "What others ask for")->required()->type_name("");
  serve.app->add_option("--exec", options.command, "The command, for /bin/sh -c")
      ->required()
      ->type_name("CMD");
  serve.app->add_option("--time-limit", options.time_limit_seconds, "Kill it after this time")
      ->capture_default_str()
      ->type_name("SECONDS")
      ->check(between(0.001, 86400.0));
  serve.app->add_option("--size-limit", options.size_limit, "Kill it when its answer is larger")
      ->capture_default_str()
      ->type_name("BYTES")
      ->check(between(std::size_t{1}, std::size_t{16 * 1024 * 1024}));
  serve.app->add_option("--jobs", options.jobs, "How many run at once")
      ->capture_default_str()
      ->type_name("N")
      ->check(between(1U, 256U));

  const auto request = add<RequestOptions>(program, chosen, "request",
                                           "Ask another node's service; its answer goes to standard output",
                                           "  warren request zEPJ... upper 'hello'\n"
                                           "  warren request zEPJ... report --file query.json > answer.json",
                                           run_request);
  add_target(request);
  request.app->add_option("NAME", request.options->service, "The service")->required()->type_name("");
  add_payload(request);
  add_path_policy(request);
  add_timeout(request, "Give up after this time; default: request_seconds of warren.toml");
}

}  // namespace

void describe_commands(CLI::App& app, std::function<ExitStatus()>& chosen) {
  app.description("Warren: nodes that exchange signed messages and requests over libp2p");
  app.set_version_flag("--version", std::string("warren ") + kVersion);
  app.require_subcommand(1);
  app.get_formatter()->column_width(30);
  describe_node(app, chosen);
  describe_looking(app, chosen);
  describe_reaching(app, chosen);
  describe_measuring(app, chosen);
  describe_finding(app, chosen);
  describe_messages(app, chosen);
  describe_services(app, chosen);
  describe_topics(app, chosen);
  describe_operating(app, chosen);
  app.footer(
      "Examples:\n"
      "  warren init && warren up                 make a node and run it\n"
      "  warren send zEPJ... 'Hello'              from another terminal\n\n"
      "`warren COMMAND --help` has more. Exit status: 0 done, 1 failed, 2 usage, 3 no daemon, 4 unreachable "
      "or\n"
      "timed out, 5 refused by verification, 6 reached through a relay only, where a direct path was asked "
      "for or "
      "is needed.");
}

}  // namespace warren::app
