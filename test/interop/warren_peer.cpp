// A Warren node that the interoperability tests drive: flags, commands and events are those of README.md, and
// the same as go/peer's.

#include <unistd.h>

#include <iostream>
#include <nlohmann/json.hpp>
#include <sstream>

#include "test/interop/commands.hpp"
#include "test/interop/echo.hpp"
#include "test/interop/endings.hpp"
#include "test/interop/line_reader.hpp"
#include "test/interop/peer_options.hpp"
#include "warren/async/as_result.hpp"
#include "warren/async/cancellation.hpp"
#include "warren/base/log.hpp"
#include "warren/env/real/loop.hpp"
#include "warren/node/node.hpp"
#include "warren/protocols/identify/identify.hpp"
#include "warren/protocols/ping/ping.hpp"

namespace warren::interop {
namespace {

enum ExitStatus { kDone = 0, kFailed = 1, kUsageError = 2 };

constexpr Duration kIdentifyPoll = 10ms;
constexpr std::uint64_t kPingsMax = 1000;
constexpr std::uint64_t kEchoStreamsMax = 512;
constexpr std::uint64_t kEchoBytesMax = std::uint64_t{1} << 30;

double milliseconds(Duration duration) {
  return std::chrono::duration<double, std::milli>(duration).count();
}

std::vector<std::string> texts(const std::vector<Multiaddr>& addresses) {
  std::vector<std::string> texts;
  for (const Multiaddr& address : addresses) texts.push_back(address.to_string());
  return texts;
}

Config config_of(const Options& options) {
  Config config = Config::ephemeral();
  config.listen.clear();
  config.securities = options.securities;
  if (options.key_type == KeyType::kSm2) {
    config.identity = IdentityMode::kSm2;
    config.peer_key.reset();
  } else {
    config.peer_key = PrivateKey::generate(options.key_type, system_random());
  }
  config.pre_shared_key = options.pre_shared_key;
  if (options.certificates) {
    const std::filesystem::path& folder = *options.certificates;
    config.websocket.tls = {.chain = folder / "chain.pem", .key = folder / "key.pem"};
    config.websocket.authorities = {folder / "ca.pem"};
  }
  if (options.retry) config.limits.half_open_quic_max = 3;  // so that the listener is always taken for busy
  if (options.address) config.listen.push_back(*options.address);
  return config;
}

class TestPeer {
 public:
  TestPeer(Env& env, Options options)
      : env_(env),
        options_(std::move(options)),
        node_(env, config_of(options_)),
        lines_(env.executor, STDIN_FILENO) {}

  Task<int> run() { return finally(run_started(), node_.stop()); }

 private:
  Task<int> run_started();
  Task<int> work();
  Task<bool> dial();
  Task<void> obey();

  // Runs one thing within the step limit and reports its failure. False when it failed.
  Task<bool> step(std::string name, Task<void> body);
  Task<void> command(std::vector<std::string> words);

  Task<void> connect(PeerId* peer);
  Task<void> reconnect(PeerId peer);
  Task<void> identify(PeerId peer);
  Task<void> ping(PeerId peer, std::uint64_t count);
  Task<void> echo(PeerId peer, std::uint64_t streams, std::uint64_t bytes);
  Task<void> endings(PeerId peer);

  // The open connection to the peer; throws kNotFound when there is none, and never dials.
  ConnectionPtr connection_to(const PeerId& peer);
  // What the peer says of itself, asked anew: the node keeps less of it than the event reports.
  Task<identify::Message> ask_identify(ConnectionPtr connection);

  Env& env_;
  Options options_;
  EndingCounts ending_counts_;
  Node node_;
  LineReader lines_;
};

Task<int> TestPeer::run_started() {
  serve_echo(node_.host());
  serve_endings(node_.host(), ending_counts_);
  const bool started = co_await step("start", node_.start());
  if (!started) co_return kFailed;
  Json ready = {{"event", "ready"}, {"peer_id", node_.peer_id().to_string()}, {"addresses", Json::array()}};
  for (const Multiaddr& address : node_.addresses()) {
    ready["addresses"].push_back(address.with(Protocol::kP2p, node_.peer_id().bytes()).to_string());
  }
  emit(ready);
  const auto ended = co_await as_result(with_timeout(env_.clock, options_.whole_limit, work()));
  // A listener that nobody told to end has done its part when the time is over.
  co_return ended ? *ended : options_.dial && !options_.hold ? kFailed : kDone;
}

Task<int> TestPeer::work() {
  if (options_.dial) {
    const bool done = co_await dial();
    if (!done) co_return kFailed;
    if (!options_.hold) co_return kDone;
    emit({{"event", "done"}});
  }
  co_await obey();
  co_return kDone;
}

Task<bool> TestPeer::step(std::string name, Task<void> body) {
  const auto ended = co_await as_result(with_timeout(env_.clock, options_.step_limit, std::move(body)));
  if (!ended) emit({{"event", "error"}, {"command", name}, {"error", ended.error().message()}});
  co_return ended.has_value();
}

Task<bool> TestPeer::dial() {
  PeerId peer;
  bool ok = co_await step("dial", connect(&peer));
  if (ok && options_.identify) ok = co_await step("identify", identify(peer));
  if (ok && options_.pings > 0) ok = co_await step("ping", ping(peer, options_.pings));
  if (ok && options_.echo_streams > 0) {
    ok = co_await step("echo", echo(peer, options_.echo_streams, options_.echo_bytes));
  }
  co_return ok;
}

Task<void> TestPeer::obey() {
  for (;;) {
    const auto line = co_await lines_.next();
    if (!line || *line == "quit") co_return;
    std::istringstream stream(*line);
    std::vector<std::string> words;
    for (std::string word; stream >> word;) words.push_back(word);
    if (words.empty()) continue;
    std::string name = words[0];
    co_await step(std::move(name), command(std::move(words)));
  }
}

Task<void> TestPeer::command(std::vector<std::string> words) {
  std::vector<std::uint64_t> numbers;
  for (std::size_t i = 2; i < words.size(); ++i) {
    const auto number = parse_number(words[i]);
    if (!number || *number == 0) throw_error(Errc::kUnsupported);
    numbers.push_back(*number);
  }
  if (words.size() < 2) throw_error(Errc::kUnsupported);
  const PeerId peer = value_or_throw(PeerId::parse(words[1]));
  if (words[0] == "identify" && numbers.empty()) {
    co_await identify(peer);
  } else if (words[0] == "ping" && numbers.size() <= 1) {
    co_await ping(peer, numbers.empty() ? 1 : numbers[0]);
  } else if (words[0] == "reconnect" && numbers.empty()) {
    co_await reconnect(peer);
  } else if (words[0] == "endings" && numbers.empty()) {
    co_await endings(peer);
  } else if (words[0] == "echo" && numbers.size() == 2) {
    co_await echo(peer, numbers[0], numbers[1]);
  } else {
    throw_error(Errc::kUnsupported);
  }
}

Task<void> TestPeer::connect(PeerId* peer) {
  const Instant start = env_.clock.now();
  const PeerStatus status = co_await node_.connect(*options_.target);
  *peer = status.peer_id;
  emit({{"event", "connected"},
        {"peer_id", status.peer_id.to_string()},
        {"address", status.address.to_string()},
        {"security", connection_to(*peer)->security()},
        {"muxer", connection_to(*peer)->muxer()},
        {"security_redials", node_.metrics().swarm.security_redials},
        {"ms", milliseconds(env_.clock.now() - start)}});
}

Task<void> TestPeer::reconnect(PeerId peer) {
  connection_to(peer)->close();
  while (!node_.host().connections(peer).empty()) co_await env_.clock.sleep_for(kIdentifyPoll);
  PeerId same;
  co_await connect(&same);
}

ConnectionPtr TestPeer::connection_to(const PeerId& peer) {
  const auto connections = node_.host().connections(peer);
  if (connections.empty()) throw_error(Errc::kNotFound);
  return connections.front();
}

Task<identify::Message> TestPeer::ask_identify(ConnectionPtr connection) {
  const identify::Limits limits;
  const StreamPtr stream = co_await connection->open_stream(ProtocolId(identify::kProtocol));
  co_await stream->close_write();
  identify::Message message;
  for (std::size_t i = 0; i < limits.messages_max; ++i) {
    const auto encoded = co_await read_delimited_or_end(*stream, limits.message_size_max);
    if (!encoded) break;
    value_or_throw(message.merge(*encoded, limits));
  }
  co_return message;
}

// The record that the peer sent, if it is good and the node has taken it.
Json record_of(const identify::Message& message, const PeerId& peer, const Peerstore& peerstore) {
  if (!message.signed_peer_record || !peerstore.peer_record_seq(peer)) return nullptr;
  const auto record = PeerRecord::open(*message.signed_peer_record);
  if (!record || record->peer_id != peer) return nullptr;
  return {{"peer_id", record->peer_id.to_string()},
          {"seq", record->seq},
          {"addresses", texts(record->addresses)}};
}

Task<void> TestPeer::identify(PeerId peer) {
  Peerstore& peerstore = node_.host().peerstore();
  while (node_.host().connections(peer).empty() || !peerstore.description(peer)) {
    co_await env_.clock.sleep_for(kIdentifyPoll);
  }
  const identify::Message message = co_await ask_identify(connection_to(peer));
  PeerDescription description = *peerstore.description(peer);
  std::ranges::sort(description.protocols);
  emit({{"event", "identify"},
        {"peer_id", peer.to_string()},
        {"protocols", description.protocols},
        {"agent_version", description.agent_version},
        {"protocol_version", description.protocol_version},
        {"listen_addresses", texts(message.listen_addresses)},
        {"addresses", texts(peerstore.addresses(peer, env_.clock.now()))},
        {"observed_address", message.observed_address ? message.observed_address->to_string() : ""},
        {"signed_peer_record", record_of(message, peer, peerstore)}});
}

Task<void> TestPeer::ping(PeerId peer, std::uint64_t count) {
  if (count > kPingsMax) throw_error(Errc::kTooLarge);
  // One stream for all, as the specification wants: peers allow two at most.
  const ConnectionPtr connection = connection_to(peer);
  const StreamPtr stream = co_await connection->open_stream(ProtocolId(ping::kProtocol));
  for (std::uint64_t i = 0; i < count; ++i) {
    const Duration round_trip_time = co_await ping::ping(env_, *stream);
    emit({{"event", "ping"}, {"peer_id", peer.to_string()}, {"rtt_ms", milliseconds(round_trip_time)}});
  }
  co_await stream->close_write();
}

Task<void> TestPeer::echo(PeerId peer, std::uint64_t streams, std::uint64_t bytes) {
  if (streams > kEchoStreamsMax || bytes > kEchoBytesMax) throw_error(Errc::kTooLarge);
  const Instant start = env_.clock.now();
  co_await interop::echo(env_, connection_to(peer), streams, bytes);
  emit({{"event", "echo"},
        {"peer_id", peer.to_string()},
        {"streams", streams},
        {"bytes", bytes},
        {"ok", true},
        {"ms", milliseconds(env_.clock.now() - start)}});
}

Task<void> TestPeer::endings(PeerId peer) {
  co_await interop::endings(env_, connection_to(peer));
  emit({{"event", "endings"}, {"peer_id", peer.to_string()}, {"ok", true}});
}

}  // namespace
}  // namespace warren::interop

int main(int count, char** arguments) {
  using namespace warren;
  const auto options = interop::read_options({arguments + 1, arguments + count});
  if (!options) {
    std::cerr << interop::kUsage;
    return interop::kUsageError;
  }
  log::set_sink(log::Level::kDebug, [](log::Level, std::string_view component, std::string_view message) {
    std::cerr << (std::string(component) + ": " + std::string(message) + "\n");
  });
  real::Loop loop;
  interop::TestPeer peer(loop.env(), *options);
  return loop.run(peer.run());
}
