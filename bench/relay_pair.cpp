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

#include <deque>

#include "bench/pair_program.hpp"
#include "warren/async/cancellation.hpp"
#include "warren/async/task_group.hpp"
#include "warren/core/peer_address.hpp"
#include "warren/core/stream.hpp"
#include "warren/protocols/relay/message.hpp"
#include "warren/protocols/relay/service.hpp"
#include "warren/swarm/test_tcp_node.hpp"

namespace warren::relay {
namespace {

constexpr std::size_t kMany = 20'000;
constexpr std::size_t kPiece = 64 * 1024;

using bench::number;
using bench::say;

SwarmLimits limits() {
  SwarmLimits limits;
  for (auto* limit : {&limits.connections_max, &limits.connections_inbound_max, &limits.connections_high,
                      &limits.connections_low, &limits.relay_reservations_max, &limits.relay_circuits_max}) {
    *limit = kMany;
  }
  return limits;
}

struct Node : TcpNode {
  explicit Node(Env& env) : TcpNode(env, limits()) {}
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
  say(node.listen().to_string());
  co_await answer_lines(env, service);
  co_await service.close();
  co_await node.host.close();
}

// --- ends and hold ---

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

Task<void> reserve(Node& node, PeerInfo relay) {
  const ConnectionPtr connection = co_await node.host.connect(std::move(relay));
  const HopMessage request;
  const StreamPtr stream = co_await ask(connection, request);
  co_await stream->close_write();
}

class Ends {
 public:
  explicit Ends(Env& env) : env_(env), tasks_(env.executor, "ends") {}

  Task<void> open(PeerInfo relay) {
    Node& holder = nodes_.emplace_back(env_);
    holder.host.handle(ProtocolId(kStopProtocol), [this](ConnectionPtr connection, StreamPtr stream) {
      return receive(std::move(connection), std::move(stream));
    });
    co_await reserve(holder, relay);
    Node& sender = nodes_.emplace_back(env_);
    const ConnectionPtr connection = co_await sender.host.connect(std::move(relay));
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

Task<void> carry_lines(Env& env, Ends& ends, PeerInfo relay, std::uint64_t count) {
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

Task<void> run_ends(Env& env, PeerInfo relay, std::uint64_t count) {
  Ends ends(env);
  co_await finally(carry_lines(env, ends, std::move(relay), count), ends.close());
}

Task<void> hold_lines(Env& env, std::deque<Node>& nodes, PeerInfo relay) {
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

Task<void> hold(Env& env, PeerInfo relay) {
  std::deque<Node> nodes;
  co_await finally(hold_lines(env, nodes, std::move(relay)), close_all(nodes));
}

}  // namespace
}  // namespace warren::relay

int main(int argc, char** argv) {
  using namespace warren;
  const std::string_view command = argc > 1 ? argv[1] : "";
  bench::keep_heap();
  const auto choose = [&](Env& env) -> std::optional<Task<void>> {
    if (command == "serve") return relay::serve(env);
    if (command == "ends" && argc > 3) {
      return relay::run_ends(env, value_or_throw(peer_at(argv[2])), bench::number(argv[3]));
    }
    if (command == "hold" && argc > 2) return relay::hold(env, value_or_throw(peer_at(argv[2])));
    return std::nullopt;
  };
  return bench::run("relay_pair", "serve | ends ADDRESS COUNT | hold ADDRESS", choose);
}
