// The words for finding nodes: find, dht, bootstrap.
#include "app/commands/discovery_commands.hpp"

#include "app/command.hpp"
#include "app/dht_key.hpp"

namespace warren::app {
namespace {

const std::string kJson = "Print one JSON object";

// A command that is a group of others.
CLI::App& add_group(CLI::App& program, const std::string& name, const std::string& about,
                    const std::string& examples) {
  CLI::App& group = *program.add_subcommand(name, about);
  group.require_subcommand(1);
  group.get_formatter()->column_width(30);
  group.footer("Examples:\n" + examples);
  return group;
}

template <class Options>
void add_time_limit(const Command<Options>& command) {
  command.app->add_option("--timeout", command.options->timeout_seconds, "Give up after this time")
      ->capture_default_str()
      ->type_name("SECONDS")
      ->check(between(0.001, 86400.0));
}

template <class Options>
void add_dht(const Command<Options>& command, const std::string& otherwise) {
  command.app
      ->add_option("--dht", command.options->dht,
                   "Which one: own, public, lan, or its protocol; default: " + otherwise)
      ->type_name("NAME");
}

void describe_find(CLI::App& program, std::function<ExitStatus()>& chosen) {
  const auto find =
      add<FindOptions>(program, chosen, "find", "Find out where nodes are, and show how they were found",
                       "  warren find zEPJ...\n"
                       "  warren find 12D3KooW... --afresh\n"
                       "  warren find zEPJ... zEPJ... --json",
                       run_find);
  find.app->add_option("ID", find.options->targets, "NodeIDs (zEPJ...) or PeerIDs (12D3KooW...), up to 100")
      ->required()
      ->type_name("");
  find.app->add_flag("--afresh", find.options->afresh, "Ask the DHT whatever is known");
  add_time_limit(find);
  add_json(find, "Print one JSON object for each ID, with the questions asked as `steps`");
}

void describe_records(CLI::App& dht, std::function<ExitStatus()>& chosen) {
  const std::string rules = std::string("\n\n") + kRecordKeyRules;
  const auto put =
      add<DhtPutOptions>(dht, chosen, "put", "Store a record at the nearest peers, and keep it there",
                         "  warren dht put /pk/12D3KooW... --file key.pb\n"
                         "  warren dht put /ipns/k51... --dht public <record.pb" +
                             rules,
                         run_dht_put);
  put.app->add_option("KEY", put.options->key, kRecordKeyHelp)->required()->type_name("");
  put.app->add_option("--file", put.options->file, "Read the value from it instead of standard input")
      ->type_name("F");
  const auto get = add<DhtGetOptions>(dht, chosen, "get", "Print the value of a record",
                                      "  warren dht get /warren-node/zEPJ... >binding.pb\n"
                                      "  warren dht get /ipns/k51... --dht public --json" +
                                          rules,
                                      run_dht_get);
  get.app->add_option("KEY", get.options->key, kRecordKeyHelp)->required()->type_name("");
  add_dht(put, "own, the network's");
  add_dht(get, "own, the network's");
  add_time_limit(put);
  add_time_limit(get);
  add_json(put, kJson);
  add_json(get, kJson + ", the value in base64");
}

template <class Options>
void add_content(const Command<Options>& command) {
  auto* content = command.app->add_option("CONTENT", command.options->content, kContentHelp)->type_name("");
  command.app->add_option("--text", command.options->text, "What has this text's sha2-256")
      ->type_name("TEXT")
      ->excludes(content);
  add_dht(command, "own, the network's");
  add_time_limit(command);
  add_json(command, kJson);
}

void describe_providers(CLI::App& dht, std::function<ExitStatus()>& chosen) {
  add_content(add<DhtContentOptions>(dht, chosen, "provide",
                                     "Announce that this node has something, from now on",
                                     "  warren dht provide bafybei...\n"
                                     "  warren dht provide --text 'weather in Oslo'",
                                     run_dht_provide));
  const auto providers =
      add<DhtContentOptions>(dht, chosen, "providers", "Who has announced to have something",
                             "  warren dht providers bafybei...\n"
                             "  warren dht providers --text 'weather in Oslo' --count 1",
                             run_dht_providers);
  add_content(providers);
  providers.app->add_option("--count", providers.options->count, "So many are enough")
      ->capture_default_str()
      ->type_name("N")
      ->check(between(1U, 1000U));
}

void describe_dht(CLI::App& program, std::function<ExitStatus()>& chosen) {
  CLI::App& dht = add_group(program, "dht", "Records and providers in the DHT, and how it is doing",
                            "  warren dht stats\n"
                            "  warren dht providers bafybei...");
  describe_records(dht, chosen);
  describe_providers(dht, chosen);
  const auto stats =
      add<DhtOptions>(dht, chosen, "stats", "How the DHTs are doing that the node is in",
                      "  warren dht stats\n  warren dht stats --dht own --json", run_dht_stats);
  add_dht(stats, "all");
  add_json(stats, kJson);
}

void describe_bootstrap(CLI::App& program, std::function<ExitStatus()>& chosen) {
  CLI::App& bootstrap = add_group(program, "bootstrap", "The peers that the node begins with",
                                  "  warren bootstrap add /ip4/192.0.2.1/tcp/4001/p2p/12D3KooW...\n"
                                  "  warren bootstrap ls");
  const auto describe = [&](const char* name, const char* about, auto* run) {
    const auto change = add<BootstrapChangeOptions>(
        bootstrap, chosen, name, about,
        std::string("  warren bootstrap ") + name + " /ip4/192.0.2.1/tcp/4001/p2p/12D3KooW...", run);
    change.app->add_option("ADDRESS", change.options->address, "A multiaddr that ends in /p2p/<PeerID>")
        ->required()
        ->type_name("");
    add_json(change, kJson);
  };
  describe("add", "Begin with this peer, too: now, and after restarts", run_bootstrap_add);
  describe("rm", "No longer begin with a peer that was added", run_bootstrap_rm);
  add_json(add<CommonOptions>(bootstrap, chosen, "ls", "Who they are, who told of them, what became of them",
                              "  warren bootstrap ls\n  warren bootstrap ls --json", run_bootstrap_ls),
           kJson);
  const auto zone = add<BootstrapZoneOptions>(
      bootstrap, chosen, "zone", "Lines for the DNS of a domain, so that others find this node by its name",
      "  warren bootstrap zone example.com\n"
      "  warren bootstrap zone example.com --address /ip4/192.0.2.1/tcp/4001\n\n"
      "Nodes find it with `bootstrap_domains = [\"example.com\"]` under [discovery] in warren.toml.",
      run_bootstrap_zone);
  zone.app->add_option("DOMAIN", zone.options->domain, "The domain")->required()->type_name("");
  zone.app
      ->add_option("--address", zone.options->addresses,
                   "Where the node is reached, instead of where its daemon listens; repeatable")
      ->type_name("MULTIADDR")
      ->allow_extra_args(false);
  add_json(zone, kJson);
}

}  // namespace

void describe_finding(CLI::App& program, std::function<ExitStatus()>& chosen) {
  describe_find(program, chosen);
  describe_dht(program, chosen);
  describe_bootstrap(program, chosen);
}

}  // namespace warren::app
