// A Warren host with circuit relay v2 and AutoNAT, on either side, that the interoperability tests drive;
// test/interop/README.md, "Peers behind routers", has the lines. It is made of the protocols' own classes,
// and not of a node, which does by itself what is asked for here step by step.

#include <unistd.h>

#include <iostream>
#include <nlohmann/json.hpp>
#include <sstream>
#include <tuple>

#include "test/interop/commands.hpp"
#include "test/interop/echo.hpp"
#include "test/interop/line_reader.hpp"
#include "test/interop/peer_options.hpp"
#include "warren/async/as_result.hpp"
#include "warren/async/cancellation.hpp"
#include "warren/base/log.hpp"
#include "warren/env/real/loop.hpp"
#include "warren/muxer/yamux/muxer.hpp"
#include "warren/node/probe_host.hpp"
#include "warren/protocols/autonat/client.hpp"
#include "warren/protocols/autonat/server.hpp"
#include "warren/protocols/identify/identify.hpp"
#include "warren/protocols/ping/ping.hpp"
#include "warren/protocols/relay/client.hpp"
#include "warren/protocols/relay/service.hpp"
#include "warren/swarm/peerstore.hpp"

namespace warren::interop {
namespace {

enum ExitStatus { kDone = 0, kFailed = 1, kUsageError = 2 };

constexpr std::string_view kNatUsage =
    "usage:\n"
    "  warren_nat_peer listen [--addr MULTIADDR] [--circuits] [--autonat] [--private]\n"
    "                         [--relay [--circuit-seconds N --circuit-bytes N]] [--seconds N] [--timeout N]\n"
    "as go/peer; it always dials and accepts relayed connections, and asks by AutoNAT\n";

constexpr Duration kPoll = 10ms;
constexpr std::uint64_t kEchoStreamsMax = 512;
constexpr std::uint64_t kEchoBytesMax = std::uint64_t{1} << 30;

struct NatOptions {
  Multiaddr address = value_or_throw(Multiaddr::parse("/ip4/127.0.0.1/tcp/0"));
  bool relay = false;
  bool autonat = false;
  bool private_networks = false;
  relay::CircuitLimits circuit{};
  Duration whole_limit = 120s;
  Duration step_limit = 30s;
};

// One that takes a value.
bool set(NatOptions& options, const std::string& name, const std::string& value) {
  const auto address = Multiaddr::parse(value);
  const auto number = parse_number(value);
  if (name == "--addr" && address) {
    options.address = *address;
  } else if (name == "--circuit-seconds" && number) {
    options.circuit.time_max = std::chrono::seconds(*number);
  } else if (name == "--circuit-bytes" && number) {
    options.circuit.bytes_max = *number;
  } else if (name == "--seconds" && number) {
    options.whole_limit = std::chrono::seconds(*number);
  } else if (name == "--timeout" && number) {
    options.step_limit = std::chrono::seconds(*number);
  } else {
    return false;
  }
  return true;
}

std::optional<NatOptions> read_nat_options(const std::vector<std::string>& words) {
  NatOptions options;
  if (words.empty() || words[0] != "listen") return std::nullopt;
  for (std::size_t i = 1; i < words.size(); ++i) {
    if (words[i] == "--relay") {
      options.relay = true;
    } else if (words[i] == "--autonat") {
      options.autonat = true;
    } else if (words[i] == "--private") {
      options.private_networks = true;
    } else if (words[i] != "--circuits") {
      if (i + 1 == words.size() || !set(options, words[i], words[i + 1])) return std::nullopt;
      ++i;
    }
  }
  return options;
}

double milliseconds(Duration duration) {
  return std::chrono::duration<double, std::milli>(duration).count();
}

std::vector<std::string> texts(const std::vector<Multiaddr>& addresses) {
  std::vector<std::string> texts;
  for (const Multiaddr& address : addresses) texts.push_back(address.to_string());
  return texts;
}

// The peer that an address ends in, and how it is reached.
PeerInfo info_of(const std::string& text) {
  const Multiaddr address = value_or_throw(Multiaddr::parse(text));
  const auto peer = PeerId::of(address);
  if (!peer) throw_error(Errc::kBadAddress, "no /p2p");
  return {*peer, {address.before_last(Protocol::kP2p)}};
}

// go-libp2p's words.
std::string_view reachability(autonat::Finding finding) {
  if (finding == autonat::Finding::kReachable) return "Public";
  return finding == autonat::Finding::kUnreachable ? "Private" : "Unknown";
}

class NatPeer {
 public:
  NatPeer(Env& env, NatOptions options);

  Task<int> run() { return finally(run_started(), close()); }

 private:
  Task<int> run_started();
  Task<void> close();
  Task<void> obey();
  Task<void> step(std::string name, Task<void> body);
  Task<void> command(std::vector<std::string> words);

  Task<void> connect(std::string address);
  Task<void> disconnect(PeerId peer);
  Task<void> reserve(std::string relay);
  Task<void> ask(PeerId peer, std::vector<Multiaddr> addresses, bool version_1);
  Task<void> ping(PeerId peer);
  Task<void> echo(PeerId peer, std::uint64_t streams, std::uint64_t bytes);
  // The best one to the peer; throws kNotFound when there is none, and never dials.
  ConnectionPtr connection_to(const PeerId& peer);
  Task<void> wait_for_protocol(PeerId peer, std::string_view protocol);
  std::vector<Multiaddr> addresses() const;

  Env& env_;
  NatOptions options_;
  PrivateKey key_;
  tcp::TcpTransport tcp_;
  noise::NoiseTransport noise_;
  tls::TlsTransport tls_;
  quic::QuicTransport quic_;
  yamux::YamuxMuxer yamux_;
  relay::CircuitTransport circuits_;
  Upgrader upgrader_;
  MemoryPeerstore peerstore_;
  SwarmHost host_;
  identify::Identify identify_;
  autonat::Client asks_;
  std::optional<ProbeHost> probe_;
  std::optional<autonat::Server> answers_;
  relay::Client relays_;
  std::optional<relay::Service> service_;
  LineReader lines_;
};

PrivateKey new_key(Env& env) {
  const RandomFill random = [&env](MutableBytes to) { env.random.fill(to); };
  return PrivateKey::generate(KeyType::kEd25519, random);
}

relay::ClientConfig client_config(const NatOptions& options) {
  relay::ClientConfig config;
  config.private_networks = options.private_networks;
  return config;
}

NatPeer::NatPeer(Env& env, NatOptions options)
    : env_(env),
      options_(std::move(options)),
      key_(new_key(env)),
      tcp_(env),
      noise_(key_, env.random, env.offload),
      tls_(key_, env.clock, env.random),
      quic_(env, key_),
      yamux_(env),
      upgrader_({&noise_, &tls_}, {&yamux_}),
      host_(env, key_, {}, upgrader_, {{&tcp_, &circuits_}, {&quic_}}, peerstore_),
      identify_(host_, "warren-interop"),
      asks_(host_),
      relays_(host_, circuits_, client_config(options_)),
      lines_(env.executor, STDIN_FILENO) {
  circuits_.attach(host_);
  if (options_.autonat) {
    LimitTable& limits = host_.limit_table();
    autonat::ServerOptions server;
    server.private_networks = options_.private_networks;
    probe_.emplace(env, nullptr);
    answers_.emplace(host_, probe_->host(),
                     autonat::Accounts{limits[&SwarmLimits::autonat_dials_max],
                                       limits[&SwarmLimits::autonat_dials_per_peer_max]},
                     server);
  }
  if (options_.relay) {
    relay::ServiceConfig service;
    service.circuit = options_.circuit;
    service.private_networks = options_.private_networks;
    service_.emplace(host_, service);
  }
}

Task<int> NatPeer::run_started() {
  serve_echo(host_);
  ping::serve(host_);
  identify_.start();
  asks_.start();
  if (answers_) answers_->start();
  value_or_throw(host_.listen(options_.address));
  value_or_throw(host_.listen(value_or_throw(Multiaddr::parse("/p2p-circuit"))));
  relays_.start();
  if (service_) service_->start();
  Json ready = {{"event", "ready"}, {"peer_id", host_.peer_id().to_string()}, {"addresses", Json::array()}};
  for (const Multiaddr& address : addresses()) {
    ready["addresses"].push_back(address.with(Protocol::kP2p, host_.peer_id().bytes()).to_string());
  }
  emit(ready);
  // A listener that nobody told to end has done its part when the time is over.
  std::ignore = co_await as_result(with_timeout(env_.clock, options_.whole_limit, obey()));
  co_return kDone;
}

Task<void> NatPeer::close() {
  co_await relays_.close();
  if (service_) co_await service_->close();
  if (answers_) co_await answers_->close();
  co_await asks_.close();
  co_await identify_.close();
  if (probe_) co_await probe_->close();
  co_await host_.close();
}

Task<void> NatPeer::step(std::string name, Task<void> body) {
  const auto ended = co_await as_result(with_timeout(env_.clock, options_.step_limit, std::move(body)));
  if (!ended) emit({{"event", "error"}, {"command", name}, {"error", ended.error().message()}});
}

Task<void> NatPeer::obey() {
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

Task<void> NatPeer::command(std::vector<std::string> words) {
  const std::string form = words[0] + " " + std::to_string(words.size() - 1);
  if (form == "connect 1") co_return co_await connect(words[1]);
  if (form == "reserve 1") co_return co_await reserve(words[1]);
  if (form == "addresses 0") {
    emit({{"event", "addresses"}, {"addresses", texts(addresses())}});
    co_return;
  }
  if (words.size() < 2) throw_error(Errc::kUnsupported);
  const PeerId peer = value_or_throw(PeerId::parse(words[1]));
  if (form == "disconnect 1") co_return co_await disconnect(peer);
  if (form == "ping 1") co_return co_await ping(peer);
  if (form == "echo 3") {
    const auto streams = parse_number(words[2]);
    const auto bytes = parse_number(words[3]);
    if (!streams || !bytes) throw_error(Errc::kUnsupported);
    co_return co_await echo(peer, *streams, *bytes);
  }
  if (words[0] != "autonat1" && words[0] != "autonat2") throw_error(Errc::kUnsupported);
  std::vector<Multiaddr> asked;
  for (std::size_t i = 2; i < words.size(); ++i) asked.push_back(value_or_throw(Multiaddr::parse(words[i])));
  if (asked.empty()) asked = addresses();
  const bool version_1 = words[0] == "autonat1";
  co_await ask(peer, std::move(asked), version_1);
}

// With those through relays.
std::vector<Multiaddr> NatPeer::addresses() const {
  std::vector<Multiaddr> all = host_.addresses();
  for (const Multiaddr& circuit : relays_.addresses()) all.push_back(circuit);
  return all;
}

Task<void> NatPeer::connect(std::string address) {
  const Instant start = env_.clock.now();
  PeerInfo whom = info_of(address);
  const ConnectionPtr connection = co_await host_.connect(std::move(whom));
  const Multiaddr remote = connection->remote_address();
  Json event = {{"event", "connected"},          {"peer_id", connection->remote_peer().to_string()},
                {"address", remote.to_string()}, {"security", connection->security()},
                {"muxer", connection->muxer()},  {"ms", milliseconds(env_.clock.now() - start)}};
  if (is_circuit(remote)) event["relayed"] = true;
  if (connection->circuit_budget() != nullptr) event["limited"] = true;
  emit(event);
}

Task<void> NatPeer::disconnect(PeerId peer) {
  for (const ConnectionPtr& connection : host_.connections(peer)) connection->close();
  while (!host_.connections(peer).empty()) co_await env_.clock.sleep_for(kPoll);
  emit({{"event", "disconnected"}, {"peer_id", peer.to_string()}});
}

// From now on the reservation is kept, however often the relay goes and comes.
Task<void> NatPeer::reserve(std::string address) {
  const PeerInfo relay = info_of(address);
  relays_.offer(relay);
  relays_.want(true);
  for (;;) {
    for (const relay::ReservationStatus& status : relays_.reservations()) {
      if (status.relay != relay.id) continue;
      if (status.state == relay::ReservationState::kBackoff) throw_error(status.error);
      if (status.state != relay::ReservationState::kHeld) continue;
      const Instant now = env_.clock.now();
      emit({{"event", "reserved"},
            {"peer_id", relay.id.to_string()},
            {"life", std::chrono::duration_cast<std::chrono::seconds>(*status.expires - now).count()},
            {"seconds", std::chrono::duration_cast<std::chrono::seconds>(status.limits.time_max).count()},
            {"bytes", status.limits.bytes_max},
            {"addresses", texts(status.addresses)}});
      co_return;
    }
    co_await env_.clock.sleep_for(kPoll);
  }
}

Task<void> NatPeer::wait_for_protocol(PeerId peer, std::string_view protocol) {
  for (;;) {
    const auto description = peerstore_.description(peer);
    if (description && std::ranges::find(description->protocols, protocol) != description->protocols.end()) {
      co_return;
    }
    co_await env_.clock.sleep_for(kPoll);
  }
}

Task<void> NatPeer::ask(PeerId peer, std::vector<Multiaddr> asked, bool version_1) {
  const std::string_view protocol = version_1 ? autonat::v1::kProtocol : autonat::v2::kDialRequestProtocol;
  co_await wait_for_protocol(peer, protocol);
  const ConnectionPtr server = connection_to(peer);
  autonat::Answer answer;
  if (version_1) {
    answer = co_await asks_.ask_v1(server, std::move(asked));
  } else {
    answer = co_await asks_.ask(server, std::move(asked));
  }
  if (answer.finding == autonat::Finding::kFailed) throw_error(answer.error, answer.why);
  emit({{"event", version_1 ? "autonat1" : "autonat2"},
        {"reachability", reachability(answer.finding)},
        {"refused", answer.finding == autonat::Finding::kRefused},
        {"address", answer.address ? answer.address->to_string() : ""},
        {"proven", answer.proven},
        {"data_sent", answer.data_sent},
        {"why", answer.why}});
}

ConnectionPtr NatPeer::connection_to(const PeerId& peer) {
  const auto connections = host_.connections(peer);
  if (connections.empty()) throw_error(Errc::kNotFound);
  return connections.front();
}

Task<void> NatPeer::ping(PeerId peer) {
  const Duration round_trip_time = co_await ping::ping(env_, connection_to(peer));
  emit({{"event", "ping"}, {"peer_id", peer.to_string()}, {"rtt_ms", milliseconds(round_trip_time)}});
}

Task<void> NatPeer::echo(PeerId peer, std::uint64_t streams, std::uint64_t bytes) {
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

}  // namespace
}  // namespace warren::interop

int main(int count, char** arguments) {
  using namespace warren;
  const auto options = interop::read_nat_options({arguments + 1, arguments + count});
  if (!options) {
    std::cerr << interop::kNatUsage;
    return interop::kUsageError;
  }
  log::set_sink(log::Level::kDebug, [](log::Level, std::string_view component, std::string_view message) {
    std::cerr << (std::string(component) + ": " + std::string(message) + "\n");
  });
  real::Loop loop;
  interop::NatPeer peer(loop.env(), *options);
  return loop.run(peer.run());
}
