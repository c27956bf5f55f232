// A Warren node that the interoperability tests drive: flags, commands and events are those of README.md, and
// the same as go/peer's.

#include <unistd.h>

#include "test/interop/commands.hpp"
#include "test/interop/echo.hpp"
#include "test/interop/endings.hpp"
#include "test/interop/line_reader.hpp"
#include "test/interop/peer_main.hpp"
#include "test/interop/peer_options.hpp"
#include "warren/async/as_result.hpp"
#include "warren/async/cancellation.hpp"
#include "warren/node/node.hpp"
#include "warren/protocols/identify/identify.hpp"
#include "warren/protocols/ping/ping.hpp"

namespace warren::interop {
namespace {

constexpr Duration kIdentifyPoll = 10ms;
constexpr std::uint64_t kPingsMax = 1000;

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
  Task<Json> start();
  Task<bool> dial();
  Task<bool> step(std::string name, Task<Json> work);
  Task<Json> command(std::vector<std::string> words);

  Task<Json> connect(PeerId* peer);
  Task<Json> reconnect(PeerId peer);
  Task<Json> identify(PeerId peer);
  Task<Json> ping(PeerId peer, std::uint64_t count);
  Task<Json> echo(PeerId peer, std::uint64_t streams, std::uint64_t bytes);
  Task<Json> endings(PeerId peer);

  ConnectionPtr connection_to(const PeerId& peer) { return interop::connection_to(node_.host(), peer); }
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
  const bool started = co_await step("start", start());
  if (!started) co_return kFailed;
  const auto ended = co_await as_result(with_timeout(env_.clock, options_.whole_limit, work()));
  // A listener that nobody told to end has done its part when the time is over.
  co_return ended ? *ended : options_.dial && !options_.hold ? kFailed : kDone;
}

Task<Json> TestPeer::start() {
  co_await node_.start();
  co_return ready_event(node_.peer_id(), node_.addresses());
}

Task<int> TestPeer::work() {
  if (options_.dial) {
    const bool done = co_await dial();
    if (!done) co_return kFailed;
    if (!options_.hold) co_return kDone;
    emit(event_of("done"));
  }
  const auto obeyed = [this](std::vector<std::string> words) { return command(std::move(words)); };
  co_await interop::obey(env_.clock, lines_, options_.step_limit, obeyed);
  co_return kDone;
}

Task<bool> TestPeer::step(std::string name, Task<Json> work) {
  return interop::step(env_.clock, options_.step_limit, std::move(name), std::move(work));
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

Task<Json> TestPeer::command(std::vector<std::string> words) {
  std::vector<std::uint64_t> numbers;
  for (std::size_t i = 2; i < words.size(); ++i) {
    const auto number = parse_number(words[i]);
    if (!number || *number == 0) throw_error(Errc::kUnsupported);
    numbers.push_back(*number);
  }
  if (words.size() < 2) throw_error(Errc::kUnsupported);
  const PeerId peer = value_or_throw(PeerId::parse(words[1]));
  if (words[0] == "identify" && numbers.empty()) {
    co_return co_await identify(peer);
  }
  if (words[0] == "ping" && numbers.size() <= 1) {
    co_return co_await ping(peer, numbers.empty() ? 1 : numbers[0]);
  }
  if (words[0] == "reconnect" && numbers.empty()) {
    co_return co_await reconnect(peer);
  }
  if (words[0] == "endings" && numbers.empty()) {
    co_return co_await endings(peer);
  }
  if (words[0] == "echo" && numbers.size() == 2) {
    co_return co_await echo(peer, numbers[0], numbers[1]);
  }
  throw_error(Errc::kUnsupported);
}

Task<Json> TestPeer::connect(PeerId* peer) {
  const Instant start = env_.clock.now();
  const PeerStatus status = co_await node_.connect(*options_.target);
  *peer = status.peer_id;
  co_return Json{{"event", "connected"},
                 {"peer_id", status.peer_id.to_string()},
                 {"address", status.address.to_string()},
                 {"security", connection_to(*peer)->security()},
                 {"muxer", connection_to(*peer)->muxer()},
                 {"security_redials", node_.metrics().swarm.security_redials},
                 {"ms", milliseconds(env_.clock.now() - start)}};
}

Task<Json> TestPeer::reconnect(PeerId peer) {
  connection_to(peer)->close();
  while (!node_.host().connections(peer).empty()) co_await env_.clock.sleep_for(kIdentifyPoll);
  PeerId same;
  co_return co_await connect(&same);
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

Task<Json> TestPeer::identify(PeerId peer) {
  Peerstore& peerstore = node_.host().peerstore();
  while (node_.host().connections(peer).empty() || !peerstore.description(peer)) {
    co_await env_.clock.sleep_for(kIdentifyPoll);
  }
  const identify::Message message = co_await ask_identify(connection_to(peer));
  PeerDescription description = *peerstore.description(peer);
  std::ranges::sort(description.protocols);
  co_return Json{{"event", "identify"},
                 {"peer_id", peer.to_string()},
                 {"protocols", description.protocols},
                 {"agent_version", description.agent_version},
                 {"protocol_version", description.protocol_version},
                 {"listen_addresses", texts(message.listen_addresses)},
                 {"addresses", texts(peerstore.addresses(peer, env_.clock.now()))},
                 {"observed_address", message.observed_address ? message.observed_address->to_string() : ""},
                 {"signed_peer_record", record_of(message, peer, peerstore)}};
}

Task<Json> TestPeer::ping(PeerId peer, std::uint64_t count) {
  if (count > kPingsMax) throw_error(Errc::kTooLarge);
  // One stream for all, as the specification wants: peers allow two at most.
  const ConnectionPtr connection = connection_to(peer);
  const StreamPtr stream = co_await connection->open_stream(ProtocolId(ping::kProtocol));
  for (std::uint64_t i = 0; i < count; ++i) {
    const Duration round_trip_time = co_await ping::ping(env_, *stream);
    emit({{"event", "ping"}, {"peer_id", peer.to_string()}, {"rtt_ms", milliseconds(round_trip_time)}});
  }
  co_await stream->close_write();
  co_return Json();
}

Task<Json> TestPeer::echo(PeerId peer, std::uint64_t streams, std::uint64_t bytes) {
  co_return co_await echo_event(env_, connection_to(peer), streams, bytes);
}

Task<Json> TestPeer::endings(PeerId peer) {
  co_await interop::endings(env_, connection_to(peer));
  co_return Json{{"event", "endings"}, {"peer_id", peer.to_string()}, {"ok", true}};
}

}  // namespace
}  // namespace warren::interop

int main(int count, char** arguments) {
  using namespace warren;
  const auto options = interop::read_options({arguments + 1, arguments + count});
  return interop::run_peer<interop::TestPeer>(options, interop::kUsage, log::Level::kDebug);
}
