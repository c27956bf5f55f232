// `warren topics`: the topics that the node takes part in.
#include <fmt/format.h>

#include <algorithm>

#include "app/commands/topic_commands.hpp"
#include "app/json.hpp"
#include "app/text.hpp"
#include "app/topics_client.hpp"

namespace warren::app {
namespace {

JsonObject json_of(const v1::TopicPeer& peer) {
  return JsonObject()
      .text("peer_id", peer.peer_id())
      .text("version", peer.version())
      .flag("in_mesh", peer.in_mesh())
      .real("score", peer.score());
}

JsonObject json_of(const v1::TopicGap& gap) {
  return JsonObject()
      .text("from_node_id", gap.from_node_id())
      .number("first", static_cast<std::int64_t>(gap.first()))
      .number("last", static_cast<std::int64_t>(gap.last()))
      .text("state", gap.state());
}

JsonObject json_of(const v1::Topic& topic) {
  std::vector<JsonObject> peers;
  std::vector<JsonObject> gaps;
  for (const v1::TopicPeer& peer : topic.peers()) peers.push_back(json_of(peer));
  for (const v1::TopicGap& gap : topic.gaps()) gaps.push_back(json_of(gap));
  const auto number = [](std::uint64_t value) { return static_cast<std::int64_t>(value); };
  return JsonObject()
      .text("topic", topic.topic())
      .text("kind", topic.plain() ? "plain" : "warren")
      .flag("subscribed", topic.subscribed())
      .flag("reliable", topic.reliable())
      .objects("peers", peers)
      .number("published", number(topic.published()))
      .number("delivered", number(topic.delivered()))
      .number("duplicates", number(topic.duplicates()))
      .number("rejected", number(topic.rejected()))
      .number("fetched", number(topic.fetched()))
      .number("lost", number(topic.lost()))
      .number("bytes_in", number(topic.bytes_in()))
      .number("bytes_out", number(topic.bytes_out()))
      .real("messages_per_second", topic.messages_per_second())
      .objects("gaps", gaps);
}

std::string kind_text(const v1::Topic& topic) {
  std::string text = topic.plain() ? "plain" : "warren";
  if (topic.reliable()) text += ", reliable";
  return text + (topic.subscribed() ? ", subscribed" : ", not subscribed");
}

void print_topic(const v1::Topic& topic) {
  const auto in_mesh = std::ranges::count_if(topic.peers(), [](const auto& peer) { return peer.in_mesh(); });
  fmt::print("{}  ({})\n", printable(topic.topic()), kind_text(topic));
  fmt::print("  messages  {} published, {} delivered ({:.1f}/s), {} duplicates, {} rejected\n",
             topic.published(), topic.delivered(), topic.messages_per_second(), topic.duplicates(),
             topic.rejected());
  fmt::print("  bytes     {} in, {} out\n", size_text(topic.bytes_in()), size_text(topic.bytes_out()));
  if (topic.reliable() || topic.fetched() + topic.lost() > 0)
    fmt::print("  missed    {} fetched, {} lost, {} gaps open\n", topic.fetched(), topic.lost(),
               topic.gaps_size());
  fmt::print("  peers     {}, {} of them in the mesh\n", topic.peers_size(), in_mesh);
  for (const v1::TopicPeer& peer : topic.peers()) {
    fmt::print("    {}  {:<4}  {}  score {:.1f}\n", peer.peer_id(), peer.in_mesh() ? "mesh" : "",
               printable(peer.version()), peer.score());
  }
  for (const v1::TopicGap& gap : topic.gaps()) {
    fmt::print("    gap: #{} to #{} of {}\n", gap.first(), gap.last(), gap.from_node_id());
  }
}

}  // namespace

ExitStatus run_topics(const CommonOptions& options) {
  const v1::TopicList list = TopicsClient(DataDir::choose(options.data_dir)).topics();
  if (!options.json) {
    for (const v1::Topic& topic : list.topics()) print_topic(topic);
    if (list.topics().empty()) fmt::print("No topics; `warren subscribe TOPIC` joins one.\n");
    return ExitStatus::kDone;
  }
  std::vector<JsonObject> rows;
  for (const v1::Topic& topic : list.topics()) rows.push_back(json_of(topic));
  fmt::print("{}\n", JsonObject().objects("topics", rows).to_string());
  return ExitStatus::kDone;
}

}  // namespace warren::app
