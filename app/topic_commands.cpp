// The words for topics: broadcast, subscribe, topics.
#include "app/commands/topic_commands.hpp"

#include "app/command.hpp"

namespace warren::app {
namespace {

template <class Options>
CLI::Option* add_topic(const Command<Options>& command) {
  command.app
      ->add_option("TOPIC", command.options->topic,
                   "Its name: up to 128 bytes of text without control characters")
      ->required()
      ->type_name("");
  return command.app->add_flag("--plain", command.options->plain,
                               "A topic as other libp2p programs have it (gossipsub): messages are signed by "
                               "the peer, not by the node");
}

void describe_broadcast(CLI::App& program, std::function<ExitStatus()>& chosen) {
  const auto broadcast = add<BroadcastCommandOptions>(
      program, chosen, "broadcast", "Send a signed message to all who subscribed to a topic",
      "  warren broadcast weather 'Rain at noon'\n"
      "  warren broadcast news --file news.html --reliable --ttl 2d\n"
      "  tail -f sensor.log | warren broadcast sensor --lines\n"
      "  warren broadcast chat --plain 'hello' --json\n\n"
      "A message has 1000 KiB at most. That nobody is there is said on standard error, and is no failure. "
      "After --reliable\n"
      "the node takes part in the topic as long as the message lives, so that others can fetch it from "
      "here.\n\n"
      "In JSON, `queued` is for how many peers copies were queued; of these, `sent` is how many have left, "
      "`spared` how\n"
      "many peers had it already, and `dropped` how many copies found no room.",
      run_broadcast);
  CLI::Option* plain = add_topic(broadcast);
  auto* file =
      broadcast.app->add_option("--file", broadcast.options->file, "Read it from this file")->type_name("F");
  auto* text = broadcast.app
                   ->add_option("TEXT", broadcast.options->text,
                                "The text to send; without it and --file, standard input is read")
                   ->type_name("")
                   ->excludes(file);
  broadcast.app
      ->add_flag("--lines", broadcast.options->lines,
                 "Each line of standard input is a message, sent when it is read")
      ->excludes(file)
      ->excludes(text);
  auto* reliable = broadcast.app
                       ->add_flag("--reliable", broadcast.options->reliable,
                                  "Others keep it for those who missed it and subscribed with --reliable")
                       ->excludes(plain);
  broadcast.app
      ->add_option("--ttl", broadcast.options->ttl, "For how long, up to 7d; 90s, 30m, 1h; default: 1h")
      ->type_name("TIME")
      ->needs(reliable);
  add_json(broadcast, "Print one JSON object a message");
}

void describe_subscribe(CLI::App& program, std::function<ExitStatus()>& chosen) {
  const auto subscribe = add<SubscribeCommandOptions>(
      program, chosen, "subscribe", "Show what comes on a topic, verified, until Ctrl-C",
      "  warren subscribe weather\n"
      "  warren subscribe news --reliable --json\n"
      "  warren subscribe sensor --json | jq -r 'select(.text) | .text'\n\n"
      "In JSON, the first line is {\"event\":\"subscribed\",...}, and messages are as those of `warren "
      "inbox`. Gaps in the\n"
      "numbers of an origin are {\"event\":\"gap\",...} with the numbers `first` to `last` and a `state`: "
      "open (missing),\n"
      "closed (all there by now) or lost. {\"event\":\"dropped\",...}: so many were not shown, since they "
      "came faster\n"
      "than they were read. `verified`: by the node's SM2 signature, which plain topics have not.",
      run_subscribe);
  CLI::Option* plain = add_topic(subscribe);
  subscribe.app
      ->add_flag("--reliable", subscribe.options->reliable,
                 "Fetch what was missed, also while this node was down, as far as others keep it")
      ->excludes(plain);
  add_json(subscribe, "Print one JSON object a message");
}

}  // namespace

void describe_topics(CLI::App& program, std::function<ExitStatus()>& chosen) {
  describe_broadcast(program, chosen);
  describe_subscribe(program, chosen);
  add_json(add<CommonOptions>(program, chosen, "topics",
                              "The topics that the node takes part in: peers, scores, rates, gaps",
                              "  warren topics\n"
                              "  warren topics --json | jq '.topics[] | {topic, mesh: [.peers[] | "
                              "select(.in_mesh) | .peer_id]}'",
                              run_topics),
           "Print one JSON object");
}

}  // namespace warren::app
