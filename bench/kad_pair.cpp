// FIND_NODE requests a second over one connection. Driven by find_node_bench.py, which has the same server of
// go-libp2p-kad-dht beside this one:
//   kad_pair serve               a DHT server with 200 peers in its table; prints its address
//   kad_pair ask ADDRESS         a line of stdin, the number of requests; one of stdout, the nanoseconds
//             [STREAMS [DEPTH]]   so many streams, and so many requests under way on each (32, 1)

#include <map>

#include "bench/pair_program.hpp"
#include "warren/async/cancellation.hpp"
#include "warren/async/task_group.hpp"
#include "warren/base/varint.hpp"
#include "warren/core/peer_address.hpp"
#include "warren/core/test_connection.hpp"
#include "warren/protocols/kad/frame_reader.hpp"
#include "warren/protocols/kad/kad.hpp"
#include "warren/protocols/kad/wire/memory_dht_store.hpp"
#include "warren/protocols/kad/wire/message.hpp"
#include "warren/swarm/test_tcp_node.hpp"

namespace warren::kad {
namespace {

constexpr std::size_t kTable = 200;
constexpr std::size_t kBucket = 20;

using bench::number;
using bench::say;

PrivateKey random_key(Env& env) {
  return PrivateKey::generate(KeyType::kEd25519, [&env](MutableBytes to) { env.random.fill(to); });
}

Multiaddr address(std::string_view text) {
  return value_or_throw(Multiaddr::parse(text));
}

// A connection to a peer of the crowd, on which nothing is ever sent.
using CrowdConnection = testing::StubConnection;

// The node's host, which says that the crowd is connected, too. Nobody of it is ever reached.
class CrowdedHost final : public Host {
 public:
  explicit CrowdedHost(SwarmHost& host) : host_(host) {}

  void add(const PeerId& peer, ConnectionPtr connection) { crowd_[peer] = std::move(connection); }

  Env& env() override { return host_.env(); }
  const PeerId& peer_id() const override { return host_.peer_id(); }
  const PrivateKey& key() const override { return host_.key(); }
  Peerstore& peerstore() override { return host_.peerstore(); }
  HostEvents& events() override { return host_.events(); }
  std::vector<Multiaddr> addresses() const override { return host_.addresses(); }
  void handle(ProtocolId protocol, StreamHandler handler) override {
    host_.handle(std::move(protocol), std::move(handler));
  }
  void unhandle(const ProtocolId& protocol) override { host_.unhandle(protocol); }
  std::vector<ProtocolId> protocols() const override { return host_.protocols(); }
  Task<ConnectionPtr> connect(PeerInfo peer) override {
    // Our own limits say nothing of a peer: it stays in the table.
    if (crowd_.contains(peer.id)) throw_error(Errc::kLimitReached);
    return host_.connect(std::move(peer));
  }
  Task<ConnectionPtr> connect_over(PathPolicy /*policy*/, PeerInfo peer) override {
    return connect(std::move(peer));
  }
  std::vector<ConnectionPtr> connections(const PeerId& peer) const override {
    const auto found = crowd_.find(peer);
    if (found != crowd_.end()) return {found->second};
    return host_.connections(peer);
  }
  std::vector<ConnectionPtr> connections() const override { return host_.connections(); }
  Result<> protect(const PeerId& peer, std::string_view tag) override { return host_.protect(peer, tag); }
  bool unprotect(const PeerId& peer, std::string_view tag) override { return host_.unprotect(peer, tag); }

 private:
  SwarmHost& host_;
  std::map<PeerId, ConnectionPtr> crowd_;
};

// --- serve ---

// Until the table has so many: full buckets, as they are in a large network.
void crowd(CrowdedHost& host, Kad& kad, const ProtocolId& protocol) {
  Env& env = host.env();
  const Instant expires = env.clock.now() + std::chrono::hours(24);
  std::array<std::size_t, kKeyBits + 1> buckets{};
  for (std::uint16_t port = 1; kad.table().size() < kTable;) {
    const PublicKey key = random_key(env).public_key();
    const PeerId peer = PeerId::from_public_key(key);
    if (++buckets[Key::of(peer).common_prefix(Key::of(host.peer_id()))] > kBucket) continue;
    ++port;
    const std::vector<Multiaddr> addresses = {address(fmt::format("/ip4/127.0.0.1/tcp/{}", port)),
                                              address(fmt::format("/ip4/127.0.0.1/udp/{}/quic-v1", port))};
    host.peerstore().add_addresses(peer, addresses, AddressSource::kIdentify, expires);
    host.peerstore().set_description(peer, {.protocols = {protocol}});
    host.add(peer, std::make_shared<CrowdConnection>(peer, key, addresses.front()));
    kad.consider(peer);
  }
}

Task<void> wait_for_end(Env& env) {
  interop::LineReader lines(env.executor, STDIN_FILENO);
  while (true) {
    const auto line = co_await lines.next();
    if (!line) co_return;
  }
}

Task<void> serve(Env& env) {
  TcpNode node(env);
  CrowdedHost host(node.host);
  MemoryDhtStore store;
  Config config;
  config.protocol = kPublicProtocol;
  config.probe_interval = std::chrono::hours(24);
  config.refresh_interval = std::chrono::hours(24);
  Kad kad(host, config, {}, store);
  co_await kad.start();
  crowd(host, kad, config.protocol);
  say(node.listen().to_string());
  co_await wait_for_end(env);
  co_await kad.close();
  co_await node.host.close();
}

// --- ask ---

struct Load {
  std::size_t streams = 32;
  std::size_t depth = 1;
};

Bytes question(Env& env) {
  Message message{.type = MessageType::kFindNode};
  message.key = to_bytes(PeerId::from_public_key(random_key(env).public_key()).bytes());
  const Bytes encoded = message.encode();
  Bytes framed;
  append_varint(framed, encoded.size());
  append(framed, encoded);
  return framed;
}

// Takes answers as they come, and asks as often again while there are questions left.
Task<void> ask_on(ByteStream& stream, const std::vector<Bytes>& questions, std::size_t depth,
                  std::size_t& left) {
  FrameReader reader(stream, kMessageSizeMax);
  std::size_t waiting = 0;
  while (left > 0 || waiting > 0) {
    Bytes batch;
    for (; waiting < depth && left > 0; ++waiting) append(batch, questions[--left % questions.size()]);
    if (!batch.empty()) co_await stream.write(batch);
    while (const auto answer = reader.take()) {
      if (answer->size() < 20 * 40) throw_error(Errc::kMalformed, "an answer without twenty peers");
      --waiting;
    }
    if (waiting == 0 || (waiting < depth && left > 0)) continue;
    const bool more = co_await reader.fill();
    if (!more) throw_error(Errc::kEndOfStream);
  }
}

Task<void> run(Env& env, std::vector<StreamPtr>& streams, const std::vector<Bytes>& questions,
               const Load& load, std::size_t count) {
  TaskGroup tasks(env.executor, "ask");
  for (const StreamPtr& stream : streams) tasks.spawn(ask_on(*stream, questions, load.depth, count));
  co_await tasks.join();
  if (count > 0) throw_error(Errc::kReset, "the server");
}

Task<void> ask_lines(Env& env, TcpNode& node, PeerInfo server, const Load& load) {
  const ConnectionPtr connection = co_await node.host.connect(std::move(server));
  std::vector<StreamPtr> streams;
  for (std::size_t i = 0; i < load.streams; ++i) {
    StreamPtr stream = co_await connection->open_stream(ProtocolId(kPublicProtocol));
    streams.push_back(std::move(stream));
  }
  std::vector<Bytes> questions;
  for (int i = 0; i < 1000; ++i) questions.push_back(question(env));
  interop::LineReader lines(env.executor, STDIN_FILENO);
  while (true) {
    const auto line = co_await lines.next();
    if (!line) co_return;
    const Instant began = env.clock.now();
    co_await run(env, streams, questions, load, number(*line));
    say(fmt::format("{}", (env.clock.now() - began).count()));
  }
}

Task<void> ask(Env& env, PeerInfo server, Load load) {
  TcpNode node(env);
  co_await finally(ask_lines(env, node, std::move(server), load), node.host.close());
}

}  // namespace
}  // namespace warren::kad

int main(int argc, char** argv) {
  using namespace warren;
  const std::string_view command = argc > 1 ? argv[1] : "";
  const auto choose = [&](Env& env) -> std::optional<Task<void>> {
    if (command == "serve") return kad::serve(env);
    if (command != "ask" || argc < 3) return std::nullopt;
    kad::Load load;
    if (argc > 3) load.streams = bench::number(argv[3]);
    if (argc > 4) load.depth = bench::number(argv[4]);
    return kad::ask(env, value_or_throw(peer_at(argv[2])), load);
  };
  return bench::run("kad_pair", "serve | ask ADDRESS [STREAMS [DEPTH]]", choose);
}
