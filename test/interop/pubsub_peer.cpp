// A Warren host with gossipsub that the interoperability tests drive; test/interop/README.md, "The peers of
// topics", has the lines. It is made of the protocol's own classes, so that its settings are at hand.

#include <unistd.h>

#include "test/interop/commands.hpp"
#include "test/interop/line_reader.hpp"
#include "test/interop/peer_main.hpp"
#include "warren/async/as_result.hpp"
#include "warren/async/cancellation.hpp"
#include "warren/core/peer_address.hpp"
#include "warren/crypto/hash.hpp"
#include "warren/protocols/identify/identify.hpp"
#include "warren/protocols/pubsub/gossipsub.hpp"
#include "warren/swarm/test_tcp_node.hpp"

namespace warren::interop {
namespace {

constexpr std::string_view kPubsubUsage =
    "usage:\n"
    "  warren_pubsub_peer listen [--addr MULTIADDR] [--gossip-only] [--seconds N] [--timeout N]\n"
    "--gossip-only sends own messages to the mesh only, which is empty if the others refuse\n";

constexpr Duration kPoll = 10ms;
constexpr std::uint64_t kPayloadMax = 1 << 24;

struct PubsubOptions : ListenOptions {
  bool gossip_only = false;
};

std::optional<PubsubOptions> read_pubsub_options(const std::vector<std::string>& words) {
  PubsubOptions options;
  const auto take = [&](const std::string& name) {
    options.gossip_only = options.gossip_only || name == "--gossip-only";
    return name == "--gossip-only";
  };
  return read_listen(words, options, {.plain = take}) ? std::optional(options) : std::nullopt;
}

std::string hash_of(BytesView data) {
  return to_hex(sha256(data));
}

std::uint64_t read_number(const std::string& text) {
  const auto number = parse_number(text);
  if (!number) throw_error(Errc::kMalformed);
  return *number;
}

pubsub::GossipConfig gossip_config(const PubsubOptions& options) {
  pubsub::GossipConfig config;
  config.params.flood_publish = !options.gossip_only;
  return config;
}

class PubsubPeer {
 public:
  PubsubPeer(Env& env, PubsubOptions options);

  Task<int> run() { return finally(run_started(), close()); }

 private:
  Task<int> run_started();
  Task<void> close();
  Task<Json> command(std::vector<std::string> words);

  Task<Json> connect(std::string address);
  Json subscribe(const std::string& topic);
  Task<Json> publish(std::string topic, std::uint64_t size);
  // Waits for so many messages; those that nobody has been told of.
  Task<Json> received(std::uint64_t count);
  Json peers(const std::string& topic) const;
  Json counters() const;

  Env& env_;
  PubsubOptions options_;
  TcpNode node_;
  SwarmHost& host_ = node_.host;
  identify::Identify identify_;
  pubsub::GossipSub gossip_;
  Subscription told_;
  LineReader lines_;
  Json received_ = Json::array();
};

PubsubPeer::PubsubPeer(Env& env, PubsubOptions options)
    : env_(env),
      options_(std::move(options)),
      node_(env),
      identify_(host_, "warren-interop"),
      gossip_(host_, gossip_config(options_)),
      lines_(env.executor, STDIN_FILENO) {
  told_ = identify_.told().subscribe(
      [this](const ConnectionPtr& connection) { gossip_.review(connection->remote_peer()); });
}

Task<int> PubsubPeer::run_started() {
  identify_.start();
  gossip_.start();
  value_or_throw(host_.listen(options_.address));
  emit(ready_event(host_.peer_id(), host_.addresses()));
  const auto obeyed = [this](std::vector<std::string> words) { return command(std::move(words)); };
  co_await obey(env_.clock, lines_, options_, obeyed);
  co_return kDone;
}

Task<void> PubsubPeer::close() {
  co_await gossip_.close();
  co_await identify_.close();
  co_await host_.close();
}

Task<Json> PubsubPeer::command(std::vector<std::string> words) {
  const std::string form = words[0] + " " + std::to_string(words.size() - 1);
  if (form == "connect 1") co_return co_await connect(words[1]);
  if (form == "subscribe 1") co_return subscribe(words[1]);
  if (form == "publish 2") co_return co_await publish(words[1], read_number(words[2]));
  if (form == "received 1") co_return co_await received(read_number(words[1]));
  if (form == "peers 1") co_return peers(words[1]);
  if (form == "counters 0") co_return counters();
  throw_error(Errc::kUnsupported);
}

Task<Json> PubsubPeer::connect(std::string text) {
  PeerInfo whom = value_or_throw(peer_at(text), text);
  const ConnectionPtr connection = co_await host_.connect(std::move(whom));
  co_return Json{{"event", "connected"}, {"peer_id", connection->remote_peer().to_string()}};
}

Json PubsubPeer::subscribe(const std::string& topic) {
  const auto keep = [this](const std::shared_ptr<const pubsub::Message>& message) {
    Json told;
    told["from"] = message->author.to_string();
    told["hash"] = hash_of(message->data);
    told["size"] = message->data.size();
    received_.push_back(std::move(told));
  };
  value_or_throw(gossip_.join(topic, {}, keep));
  return event_of("subscribed");
}

Task<Json> PubsubPeer::publish(std::string topic, std::uint64_t size) {
  if (size > kPayloadMax) throw_error(Errc::kTooLarge);
  Bytes data(size);
  env_.random.fill(data);
  const std::string hash = hash_of(data);
  const pubsub::PublishReport report = co_await gossip_.publish(std::move(topic), std::move(data));
  co_return Json{{"event", "published"},    {"hash", hash},
                 {"queued", report.queued}, {"sent", report.sent},
                 {"spared", report.spared}, {"dropped", report.dropped}};
}

Task<Json> PubsubPeer::received(std::uint64_t count) {
  while (received_.size() < count) co_await env_.clock.sleep_for(kPoll);
  Json event = event_of("received");
  event["messages"] = std::exchange(received_, Json::array());
  co_return event;
}

Json PubsubPeer::peers(const std::string& topic) const {
  Json event = event_of("peers");
  event["peers"] = Json::array();
  for (const pubsub::TopicView& view : gossip_.topics()) {
    if (view.topic != topic) continue;
    for (const pubsub::TopicPeer& peer : view.peers) {
      event["peers"].push_back({{"peer_id", peer.peer.to_string()},
                                {"protocol", pubsub::protocol_of(peer.version)},
                                {"mesh", peer.in_mesh},
                                {"score", peer.score}});
    }
    return event;
  }
  // Neither joined nor published to yet: there is nothing to tell of a mesh.
  for (const PeerId& peer : gossip_.topic_peers(topic)) {
    event["peers"].push_back(
        {{"peer_id", peer.to_string()}, {"protocol", ""}, {"mesh", false}, {"score", 0}});
  }
  return event;
}

Json PubsubPeer::counters() const {
  const pubsub::RouterCounters& counters = gossip_.counters();
  Json event = event_of("counters");
  event["ihave"] = counters.ihave_ids_in;
  event["iwant"] = counters.iwant_ids_in;
  event["idontwant"] = counters.idontwant_ids_in;
  event["broken_promises"] = counters.broken_promises;
  event["graylisted"] = counters.graylisted;
  event["refused_ids"] = counters.refused_ids;
  return event;
}

}  // namespace
}  // namespace warren::interop

int main(int count, char** arguments) {
  using namespace warren;
  const auto options = interop::read_pubsub_options({arguments + 1, arguments + count});
  return interop::run_peer<interop::PubsubPeer>(options, interop::kPubsubUsage, log::Level::kInfo);
}
