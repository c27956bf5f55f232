// A relay, and those who use it. Driven by relay_bench.py, which has the same relay of go-libp2p beside this
// one:
//   relay_pair serve                a relay without limits; prints its address. A line for each line of
//   stdin:
//                                   {"reservations": N}
//   relay_pair ends ADDRESS COUNT   so many circuits through that relay, each between two peers of its own. A
//                                   line for each line of stdin: that many bytes are sent over them, shared
//                                   out; the nanoseconds until all have been received
//   relay_pair hold ADDRESS         peers that hold reservations: as many as the line of stdin says; a line
//                                   when they are held
// What the ends send is not sealed again: it is the relay that is measured.

#include <fmt/core.h>
#include <malloc.h>
#include <unistd.h>

#include <charconv>
#include <deque>

#include "test/interop/line_reader.hpp"
#include "warren/async/cancellation.hpp"
#include "warren/async/task_group.hpp"
#include "warren/core/stream.hpp"
#include "warren/env/real/loop.hpp"
#include "warren/muxer/yamux/muxer.hpp"
#include "warren/protocols/relay/message.hpp"
#include "warren/protocols/relay/service.hpp"
#include "warren/security/noise/transport.hpp"
#include "warren/swarm/host.hpp"
#include "warren/swarm/peerstore.hpp"
#include "warren/transport/tcp/transport.hpp"

namespace warren::relay {
namespace {

constexpr std::size_t kMany = 20'000;
constexpr std::size_t kPiece = 64 * 1024;
constexpr int kOwnPagesMin = 1024 * 1024;
constexpr int kTrimMin = 4 * 1024 * 1024;

Multiaddr address(std::string_view text) {
  return value_or_throw(Multiaddr::parse(text));
}

void say(const std::string& line) {
  fmt::print("{}\n", line);
  std::fflush(stdout);
}

SwarmLimits limits() {
  SwarmLimits limits;
  for (auto* limit : {&limits.connections_max, &limits.connections_inbound_max, &limits.connections_high,
                      &limits.connections_low, &limits.relay_reservations_max, &limits.relay_circuits_max}) {
    *limit = kMany;
  }
  return limits;
}

// A node over TCP and Noise.
struct Node {
  explicit Node(Env& env)
      : key(PrivateKey::generate(KeyType::kEd25519, [&env](MutableBytes to) { env.random.fill(to); })),
        tcp(env),
        noise(key, env.random, env.offload),
        yamux(env),
        upgrader({&noise}, {&yamux}),
        host(env, key, limits(), upgrader, {.pipes = {&tcp}}, peerstore) {}

  PrivateKey key;
  tcp::TcpTransport tcp;
  noise::NoiseTransport noise;
  yamux::YamuxMuxer yamux;
  Upgrader upgrader;
  MemoryPeerstore peerstore;
  SwarmHost host;
};

// --- serve ---

Task<void> answer_lines(Env& env, const Service& service) {
  interop::LineReader lines(env.executor, STDIN_FILENO);
  while (true) {
    const auto line = co_await lines.next();
    if (!line) co_return;
    say(fmt::format("{{\"reservations\": {}}}", service.counters().reservations));
  }
}

Task<void> serve(Env& env) {
  Node node(env);
  LimitTable& table = node.host.limit_table();
  Service service(node.host, {.circuit = {}, .private_networks = true},
                  {.reservations = &table[&SwarmLimits::relay_reservations_max],
                   .circuits = &table[&SwarmLimits::relay_circuits_max]});
  service.start();
  const Multiaddr bound = value_or_throw(node.host.listen(address("/ip4/127.0.0.1/tcp/0")));
  say(bound.with(Protocol::kP2p, node.host.peer_id().bytes()).to_string());
  co_await answer_lines(env, service);
  co_await service.close();
  co_await node.host.close();
}

// --- ends and hold ---

PeerInfo info_of(const Multiaddr& relay) {
  const auto peer = PeerId::of(relay);
  if (!peer) throw_error(Errc::kBadAddress);
  return {*peer, {relay.before_last(Protocol::kP2p)}};
}

// The stream, after the relay said OK to the message.
Task<StreamPtr> ask(ConnectionPtr connection, HopMessage message) {
  StreamPtr stream = co_await connection->open_stream(ProtocolId(kHopProtocol));
  const Bytes encoded = encode(message);
  co_await write_delimited(*stream, encoded);
  const Bytes bytes = co_await read_delimited(*stream, kMessageSizeMax);
  const auto answer = value_or_throw(decode_hop(bytes));
  const Status status = answer.status.value_or(Status::kUnused);
  if (status != Status::kOk) throw_error(error_of(status), std::string(to_string(status)));
  co_return stream;
}

Task<void> reserve(Node& node, Multiaddr relay) {
  const ConnectionPtr connection = co_await node.host.connect(info_of(relay));
  const HopMessage request;
  const StreamPtr stream = co_await ask(connection, request);
  co_await stream->close_write();
}

class Ends {
 public:
  explicit Ends(Env& env) : env_(env), tasks_(env.executor, "ends") {}

  Task<void> open(Multiaddr relay) {
    Node& holder = nodes_.emplace_back(env_);
    holder.host.handle(ProtocolId(kStopProtocol), [this](ConnectionPtr connection, StreamPtr stream) {
      return receive(std::move(connection), std::move(stream));
    });
    co_await reserve(holder, relay);
    Node& sender = nodes_.emplace_back(env_);
    const ConnectionPtr connection = co_await sender.host.connect(info_of(relay));
    HopMessage message{.type = HopMessage::Type::kConnect,
                       .peer = Peer{holder.host.peer_id(), {}},
                       .reservation = {},
                       .limit = {},
                       .status = {}};
    StreamPtr stream = co_await ask(connection, std::move(message));
    circuits_.push_back(std::move(stream));
  }

  Task<void> carry(std::uint64_t amount) {
    const std::uint64_t each = amount / circuits_.size();
    const std::uint64_t expected = received_ + each * circuits_.size();
    for (const StreamPtr& circuit : circuits_) tasks_.spawn(send(*circuit, each));
    while (received_ < expected) co_await arrived_.wait();
  }

  Task<void> close() {
    circuits_.clear();
    for (Node& node : nodes_) co_await node.host.close();
    co_await tasks_.close();
  }

 private:
  Task<void> receive(ConnectionPtr, StreamPtr stream) {
    const Bytes request = co_await read_delimited(*stream, kMessageSizeMax);
    value_or_throw(decode_stop(request));
    const StopMessage accepted{
        .type = StopMessage::Type::kStatus, .peer = {}, .limit = {}, .status = Status::kOk};
    const Bytes encoded = encode(accepted);
    co_await write_delimited(*stream, encoded);
    Bytes buffer(2 * kPiece);
    while (true) {
      const std::size_t size = co_await stream->read_some(buffer);
      if (size == 0) co_return;
      received_ += size;
      arrived_.notify_all();
    }
  }
  Task<void> send(ByteStream& stream, std::uint64_t amount) {
    static const Bytes piece(kPiece, 0x5a);
    while (amount > 0) {
      const auto size = std::min<std::uint64_t>(amount, piece.size());
      co_await stream.write(BytesView(piece).first(size));
      amount -= size;
    }
  }

  Env& env_;
  std::deque<Node> nodes_;
  std::vector<StreamPtr> circuits_;
  std::uint64_t received_ = 0;
  Event arrived_;
  TaskGroup tasks_;
};

std::uint64_t number(std::string_view text) {
  std::uint64_t value = 0;
  std::from_chars(text.data(), text.data() + text.size(), value);
  return value;
}

Task<void> carry_lines(Env& env, Ends& ends, Multiaddr relay, std::uint64_t count) {
  for (std::uint64_t i = 0; i < count; ++i) co_await ends.open(relay);
  say("ready");
  interop::LineReader lines(env.executor, STDIN_FILENO);
  while (true) {
    const auto line = co_await lines.next();
    if (!line) co_return;
    const Instant began = env.clock.now();
    co_await ends.carry(number(*line));
    say(fmt::format("{}", (env.clock.now() - began).count()));
  }
}

Task<void> run_ends(Env& env, Multiaddr relay, std::uint64_t count) {
  Ends ends(env);
  co_await finally(carry_lines(env, ends, std::move(relay), count), ends.close());
}

Task<void> hold_lines(Env& env, std::deque<Node>& nodes, Multiaddr relay) {
  interop::LineReader lines(env.executor, STDIN_FILENO);
  while (true) {
    const auto line = co_await lines.next();
    if (!line) co_return;
    while (nodes.size() < number(*line)) co_await reserve(nodes.emplace_back(env), relay);
    say(fmt::format("{}", nodes.size()));
  }
}

Task<void> close_all(std::deque<Node>& nodes) {
  for (Node& node : nodes) co_await node.host.close();
}

Task<void> hold(Env& env, Multiaddr relay) {
  std::deque<Node> nodes;
  co_await finally(hold_lines(env, nodes, std::move(relay)), close_all(nodes));
}

}  // namespace
}  // namespace warren::relay

int main(int argc, char** argv) {
  using namespace warren;
  const std::string_view command = argc > 1 ? argv[1] : "";
  // Buffers come and go by the thousand: the heap keeps them (the first line as the `warren` program has it).
  mallopt(M_MMAP_THRESHOLD, relay::kOwnPagesMin);
  mallopt(M_TRIM_THRESHOLD, relay::kTrimMin);
  try {
    real::Loop loop;
    if (command == "serve") {
      loop.run(relay::serve(loop.env()));
    } else if (command == "ends" && argc > 3) {
      loop.run(relay::run_ends(loop.env(), relay::address(argv[2]), relay::number(argv[3])));
    } else if (command == "hold" && argc > 2) {
      loop.run(relay::hold(loop.env(), relay::address(argv[2])));
    } else {
      fmt::print(stderr, "usage: relay_pair serve | ends ADDRESS COUNT | hold ADDRESS\n");
      return 2;
    }
  } catch (const std::exception& error) {
    fmt::print(stderr, "relay_pair: {}\n", error.what());
    return 1;
  }
}
