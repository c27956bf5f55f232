// A Warren host with circuit relay v2 and AutoNAT, on either side, that the interoperability tests drive;
// test/interop/README.md, "Peers behind routers", has the lines. It is made of the protocols' own classes,
// and not of a node, which does by itself what is asked for here step by step.

#include <unistd.h>

#include "test/interop/commands.hpp"
#include "test/interop/echo.hpp"
#include "test/interop/line_reader.hpp"
#include "test/interop/peer_main.hpp"
#include "warren/async/cancellation.hpp"
#include "warren/core/peer_address.hpp"
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

constexpr std::string_view kNatUsage =
    "usage:\n"
    "  warren_nat_peer listen [--addr MULTIADDR] [--circuits] [--autonat] [--private]\n"
    "                         [--relay [--circuit-seconds N --circuit-bytes N]] [--seconds N] [--timeout N]\n"
    "as go/peer; it always dials and accepts relayed connections, and asks by AutoNAT\n";

constexpr Duration kPoll = 10ms;

struct NatOptions : ListenOptions {
  bool relay = false;
  bool autonat = false;
  bool private_networks = false;
  relay::CircuitLimits circuit{};
};

bool take(NatOptions& options, const std::string& name) {
  if (name == "--relay") {
    options.relay = true;
  } else if (name == "--autonat") {
    options.autonat = true;
  } else if (name == "--private") {
    options.private_networks = true;
  } else {
    return name == "--circuits";
  }
  return true;
}

bool set(NatOptions& options, const std::string& name, const std::string& value) {
  const auto number = parse_number(value);
  if (name == "--circuit-seconds" && number) {
    options.circuit.time_max = std::chrono::seconds(*number);
  } else if (name == "--circuit-bytes" && number) {
    options.circuit.bytes_max = *number;
  } else {
    return false;
  }
  return true;
}

std::optional<NatOptions> read_nat_options(const std::vector<std::string>& words) {
  NatOptions options;
  OwnFlags own;
  own.plain = [&](const std::string& name) { return take(options, name); };
  own.with_value = [&](const std::string& name, const std::string& value) {
    return set(options, name, value);
  };
  return read_listen(words, options, own) ? std::optional(options) : std::nullopt;
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
  Task<Json> command(std::vector<std::string> words);

  Task<Json> connect(std::string address);
  Task<Json> disconnect(PeerId peer);
  Task<Json> reserve(std::string relay);
  Task<Json> ask(PeerId peer, std::vector<Multiaddr> addresses, bool version_1);
  Task<Json> ping(PeerId peer);
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

relay::ClientConfig client_config(const NatOptions& options) {
  relay::ClientConfig config;
  config.private_networks = options.private_networks;
  return config;
}

NatPeer::NatPeer(Env& env, NatOptions options)
    : env_(env),
      options_(std::move(options)),
      key_(PrivateKey::generate(KeyType::kEd25519, [&env](MutableBytes to) { env.random.fill(to); })),
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
  emit(ready_event(host_.peer_id(), addresses()));
  const auto obeyed = [this](std::vector<std::string> words) { return command(std::move(words)); };
  co_await interop::obey(env_.clock, lines_, options_, obeyed);
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

Task<Json> NatPeer::command(std::vector<std::string> words) {
  const std::string form = words[0] + " " + std::to_string(words.size() - 1);
  if (form == "connect 1") co_return co_await connect(words[1]);
  if (form == "reserve 1") co_return co_await reserve(words[1]);
  if (form == "addresses 0") co_return Json{{"event", "addresses"}, {"addresses", texts(addresses())}};
  if (words.size() < 2) throw_error(Errc::kUnsupported);
  const PeerId peer = value_or_throw(PeerId::parse(words[1]));
  if (form == "disconnect 1") co_return co_await disconnect(peer);
  if (form == "ping 1") co_return co_await ping(peer);
  if (form == "echo 3") {
    const auto streams = parse_number(words[2]);
    const auto bytes = parse_number(words[3]);
    if (!streams || !bytes) throw_error(Errc::kUnsupported);
    co_return co_await echo_event(env_, connection_to(host_, peer), *streams, *bytes);
  }
  if (words[0] != "autonat1" && words[0] != "autonat2") throw_error(Errc::kUnsupported);
  std::vector<Multiaddr> asked;
  for (std::size_t i = 2; i < words.size(); ++i) asked.push_back(value_or_throw(Multiaddr::parse(words[i])));
  if (asked.empty()) asked = addresses();
  const bool version_1 = words[0] == "autonat1";
  co_return co_await ask(peer, std::move(asked), version_1);
}

// With those through relays.
std::vector<Multiaddr> NatPeer::addresses() const {
  std::vector<Multiaddr> all = host_.addresses();
  for (const Multiaddr& circuit : relays_.addresses()) all.push_back(circuit);
  return all;
}

Task<Json> NatPeer::connect(std::string address) {
  const Instant start = env_.clock.now();
  PeerInfo whom = value_or_throw(peer_at(address), address);
  const ConnectionPtr connection = co_await host_.connect(std::move(whom));
  const Multiaddr remote = connection->remote_address();
  Json event = {{"event", "connected"},          {"peer_id", connection->remote_peer().to_string()},
                {"address", remote.to_string()}, {"security", connection->security()},
                {"muxer", connection->muxer()},  {"ms", milliseconds(env_.clock.now() - start)}};
  if (is_circuit(remote)) event["relayed"] = true;
  if (connection->circuit_budget() != nullptr) event["limited"] = true;
  co_return event;
}

Task<Json> NatPeer::disconnect(PeerId peer) {
  for (const ConnectionPtr& connection : host_.connections(peer)) connection->close();
  while (!host_.connections(peer).empty()) co_await env_.clock.sleep_for(kPoll);
  co_return Json{{"event", "disconnected"}, {"peer_id", peer.to_string()}};
}

// From now on the reservation is kept, however often the relay goes and comes.
Task<Json> NatPeer::reserve(std::string address) {
  const PeerInfo relay = value_or_throw(peer_at(address), address);
  relays_.offer(relay);
  relays_.want(true);
  for (;;) {
    for (const relay::ReservationStatus& status : relays_.reservations()) {
      if (status.relay != relay.id) continue;
      if (status.state == relay::ReservationState::kBackoff) throw_error(status.error);
      if (status.state != relay::ReservationState::kHeld) continue;
      const Instant now = env_.clock.now();
      co_return Json{
          {"event", "reserved"},
          {"peer_id", relay.id.to_string()},
          {"life", std::chrono::duration_cast<std::chrono::seconds>(*status.expires - now).count()},
          {"seconds", std::chrono::duration_cast<std::chrono::seconds>(status.limits.time_max).count()},
          {"bytes", status.limits.bytes_max},
          {"addresses", texts(status.addresses)}};
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

Task<Json> NatPeer::ask(PeerId peer, std::vector<Multiaddr> asked, bool version_1) {
  const std::string_view protocol = version_1 ? autonat::v1::kProtocol : autonat::v2::kDialRequestProtocol;
  co_await wait_for_protocol(peer, protocol);
  const ConnectionPtr server = connection_to(host_, peer);
  autonat::Answer answer;
  if (version_1) {
    answer = co_await asks_.ask_v1(server, std::move(asked));
  } else {
    answer = co_await asks_.ask(server, std::move(asked));
  }
  if (answer.finding == autonat::Finding::kFailed) throw_error(answer.error, answer.why);
  co_return Json{{"event", version_1 ? "autonat1" : "autonat2"},
                 {"reachability", reachability(answer.finding)},
                 {"refused", answer.finding == autonat::Finding::kRefused},
                 {"address", answer.address ? answer.address->to_string() : ""},
                 {"proven", answer.proven},
                 {"data_sent", answer.data_sent},
                 {"why", answer.why}};
}

Task<Json> NatPeer::ping(PeerId peer) {
  const Duration round_trip_time = co_await ping::ping(env_, connection_to(host_, peer));
  co_return Json{{"event", "ping"}, {"peer_id", peer.to_string()}, {"rtt_ms", milliseconds(round_trip_time)}};
}

}  // namespace
}  // namespace warren::interop

int main(int count, char** arguments) {
  using namespace warren;
  const auto options = interop::read_nat_options({arguments + 1, arguments + count});
  return interop::run_peer<interop::NatPeer>(options, interop::kNatUsage, log::Level::kDebug);
}
