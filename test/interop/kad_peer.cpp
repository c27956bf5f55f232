// A Warren node in a DHT that the interoperability tests drive; test/interop/README.md, "The peers of a DHT",
// has the lines. In a Warren network it is the node's own DHT; /ipfs/kad/1.0.0 is put on top of a node here,
// because a node's own keeps the loopback addresses of this test from the public network.

#include <unistd.h>

#include "test/interop/commands.hpp"
#include "test/interop/line_reader.hpp"
#include "test/interop/peer_main.hpp"
#include "warren/async/as_result.hpp"
#include "warren/async/cancellation.hpp"
#include "warren/async/task_group.hpp"
#include "warren/node/binding_validator.hpp"
#include "warren/node/node.hpp"
#include "warren/protocols/kad/wire/ipns_validator.hpp"
#include "warren/protocols/kad/wire/memory_dht_store.hpp"
#include "warren/protocols/kad/wire/pk_validator.hpp"

namespace warren::interop {
namespace {

constexpr std::string_view kKadUsage =
    "usage:\n"
    "  warren_kad_peer listen [--addr MULTIADDR] [--network NAME] [--bootstrap MULTIADDR]\n"
    "                         [--seconds N] [--timeout N]\n"
    "without --network in /ipfs/kad/1.0.0, else in /warren/NAME/kad/1.0.0\n";

constexpr Duration kConsiderPoll = 50ms;

struct KadOptions : ListenOptions {
  std::string network;
  std::optional<Multiaddr> bootstrap;
};

std::optional<KadOptions> read_kad_options(const std::vector<std::string>& words) {
  KadOptions options;
  const auto set = [&](const std::string& name, const std::string& value) {
    if (name == "--network") {
      options.network = value;
      return true;
    }
    const auto address = Multiaddr::parse(value);
    if (name != "--bootstrap" || !address) return false;
    options.bootstrap = *address;
    return true;
  };
  const bool understood = read_listen(words, options, {.with_value = set});
  return understood ? std::optional(options) : std::nullopt;
}

Config config_of(const KadOptions& options) {
  Config config = Config::ephemeral();
  config.listen = {options.address};
  if (options.bootstrap) config.bootstrap.push_back(*options.bootstrap);
  if (!options.network.empty()) config.network = options.network;
  config.discovery.profile = Profile::kServer;
  config.discovery.dht = !options.network.empty();
  return config;
}

kad::Validators public_validators() {
  kad::Validators validators;
  validators.add(std::make_unique<kad::PkValidator>());
  validators.add(std::make_unique<kad::IpnsValidator>());
  return validators;
}

Json names_of(const std::vector<PeerId>& peers) {
  Json names = Json::array();
  for (const PeerId& peer : peers) names.push_back(peer.to_string());
  return names;
}

Bytes read_hex(const std::string& text) {
  return value_or_throw(from_hex(text));
}

class KadPeer {
 public:
  KadPeer(Env& env, KadOptions options)
      : env_(env),
        options_(std::move(options)),
        node_(env, config_of(options_)),
        tasks_(env.executor, "kad peer"),
        lines_(env.executor, STDIN_FILENO) {}

  Task<int> run() { return finally(run_started(), stop()); }

 private:
  Task<int> run_started();
  Task<void> start();
  Task<void> stop();
  // Who has been identified enters the table of a DHT that no node looks after.
  Task<void> consider_all();

  Task<Json> command(std::vector<std::string> words);
  Task<Json> connect(std::string address);
  Task<Json> find(std::string target);
  Task<Json> providers(Bytes multihash);
  Json ready() const;

  Env& env_;
  KadOptions options_;
  Node node_;
  kad::MemoryDhtStore store_;
  std::unique_ptr<kad::Kad> public_kad_;
  kad::Kad* kad_ = nullptr;
  TaskGroup tasks_;
  LineReader lines_;
};

Task<void> KadPeer::start() {
  co_await node_.start();
  kad_ = node_.discovery().dht();
  if (kad_ != nullptr) co_return;
  const kad::Config config{.protocol = ProtocolId(kad::kPublicProtocol)};
  public_kad_ = std::make_unique<kad::Kad>(node_.host(), config, public_validators(), store_);
  kad_ = public_kad_.get();
  co_await kad_->start();
  tasks_.spawn(consider_all());
}

Task<void> KadPeer::stop() {
  co_await tasks_.close();
  if (public_kad_) co_await public_kad_->close();
  co_await node_.stop();
}

Task<void> KadPeer::consider_all() {
  for (;;) {
    for (const PeerStatus& peer : node_.peers()) kad_->consider(peer.peer_id);
    co_await env_.clock.sleep_for(kConsiderPoll);
  }
}

Json KadPeer::ready() const {
  Json event = ready_event(node_.peer_id(), node_.addresses());
  event["pk_key"] = to_hex(kad::record_key("pk", node_.peer_id().bytes()));
  if (const auto key = node_.peer_id().public_key()) event["pk_value"] = to_hex(key->to_protobuf());
  event["node_id"] = node_.node_id().to_string();
  event["node_key"] = to_hex(binding_record_key(node_.node_id()));
  return event;
}

Task<int> KadPeer::run_started() {
  const auto started = co_await as_result(start());
  if (!started) {
    emit({{"event", "error"}, {"command", "start"}, {"error", started.error().message()}});
    co_return kFailed;
  }
  emit(ready());
  const auto obeyed = [this](std::vector<std::string> words) { return command(std::move(words)); };
  co_await obey(env_.clock, lines_, options_, obeyed);
  co_return kDone;
}

Task<Json> KadPeer::command(std::vector<std::string> words) {
  const std::string form = words[0] + " " + std::to_string(words.size() - 1);
  if (form == "connect 1") co_return co_await connect(words[1]);
  if (form == "find 1") co_return co_await find(words[1]);
  if (form == "table 0") co_return Json{{"event", "table"}, {"peers", names_of(kad_->table())}};
  if (form == "provide 1") {
    co_await kad_->provide(read_hex(words[1]));
    co_return event_of("provided");
  }
  if (form == "providers 1") co_return co_await providers(read_hex(words[1]));
  if (form == "put 2") {
    co_await kad_->put_value(read_hex(words[1]), read_hex(words[2]));
    co_return event_of("put");
  }
  if (form == "get 1") {
    const Bytes value = co_await kad_->get_value(read_hex(words[1]));
    co_return Json{{"event", "value"}, {"value", to_hex(value)}};
  }
  throw_error(Errc::kUnsupported);
}

Task<Json> KadPeer::connect(std::string address) {
  const PeerStatus status = co_await node_.connect(value_or_throw(Target::parse(address)));
  co_return Json{{"event", "connected"}, {"peer_id", status.peer_id.to_string()}};
}

// A NodeID through its binding, which the DHT has; a PeerID afresh.
Task<Json> KadPeer::find(std::string target) {
  const Target whom = value_or_throw(Target::parse(target));
  PeerInfo info;
  if (whom.node() != nullptr) {
    const FindReport report = co_await node_.discovery().find(whom, true);
    info = report.peer;
  } else if (whom.peer() != nullptr) {
    info = co_await kad_->find_peer(*whom.peer());
  } else {
    throw_error(Errc::kUnsupported);
  }
  co_return Json{{"event", "found"}, {"peer_id", info.id.to_string()}, {"addresses", texts(info.addresses)}};
}

Task<Json> KadPeer::providers(Bytes multihash) {
  const std::vector<PeerInfo> found = co_await kad_->find_providers(std::move(multihash));
  std::vector<PeerId> ids;
  for (const PeerInfo& info : found) ids.push_back(info.id);
  co_return Json{{"event", "providers"}, {"peers", names_of(ids)}};
}

}  // namespace
}  // namespace warren::interop

int main(int count, char** arguments) {
  using namespace warren;
  const auto options = interop::read_kad_options({arguments + 1, arguments + count});
  return interop::run_peer<interop::KadPeer>(options, interop::kKadUsage, log::Level::kInfo);
}
