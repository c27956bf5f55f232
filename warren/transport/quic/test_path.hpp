// For this folder's tests: two ends of a QUIC connection in virtual time, joined by a path that delays, loses
// and reorders datagrams as a seed says.
#pragma once

#include <functional>
#include <map>

#include "warren/sim/random.hpp"
#include "warren/transport/quic/connection.hpp"

namespace warren::quic::test {

struct PathOptions {
  Duration delay = 50ms;  // one way
  Duration jitter{};      // up to so much more, so that datagrams overtake each other
  unsigned loss_percent = 0;
  std::size_t payload_max = 1472;  // larger datagrams are lost
  std::uint64_t seed = 1;
};

inline Endpoint endpoint(std::uint8_t host, std::uint16_t port) {
  return {IpAddress::v4({192, 0, 2, host}), port};
}

inline constexpr WallTime kWallNow{std::chrono::days(20'000)};

struct NodeOptions {
  KeyType key_type = KeyType::kEd25519;
  Limits limits{};
  std::optional<PeerId> expected{};
  UnreadLimits unread{};
  WallTime wall_now = kWallNow;  // by its clock
  // Instead of the certificate that the key makes.
  std::function<tls::CertifiedKey(const PrivateKey&)> certificate{};
};

// One end, whose keys follow from a number.
struct Node {
  Node(std::uint64_t seed, Endpoint address, NodeOptions node_options = {})
      : options(std::move(node_options)),
        random(seed),
        key(PrivateKey::generate(options.key_type, [this](MutableBytes bytes) { random.fill(bytes); })),
        credentials(options.certificate ? options.certificate(key)
                                        : tls::make_certificate(key, kWallNow, random)),
        local(address),
        secret(random.bytes<kSecretSize>()) {}

  PeerId peer() const { return PeerId::from_public_key(key.public_key()); }

  void start(Side side, const Endpoint& remote, Instant now, const FirstPacket* first = nullptr) {
    const EngineSetup engine{.side = side,
                             .path = {local, remote},
                             .now = now,
                             .random = random,
                             .reset_secret = secret,
                             .first = first};
    connection = std::make_unique<Connection>(ConnectionSetup{.engine = engine,
                                                              .credentials = credentials,
                                                              .expected = options.expected,
                                                              .wall_now = options.wall_now,
                                                              .unread = options.unread},
                                              options.limits);
  }

  NodeOptions options;
  sim::SeededRandom random;
  PrivateKey key;
  Credentials credentials;
  Endpoint local;
  std::array<std::uint8_t, kSecretSize> secret;
  std::unique_ptr<Connection> connection;
};

// The two, and the path between them.
class Pair {
 public:
  explicit Pair(PathOptions options = {}, NodeOptions for_client = {}, NodeOptions for_server = {})
      : client(2 * options.seed, endpoint(1, 1001), std::move(for_client)),
        server(2 * options.seed + 1, endpoint(2, 2002), std::move(for_server)),
        options_(options),
        random_(options.seed) {
    client.start(Side::kInitiator, server.local, now);
  }

  // Lets time pass until that is so, for `limit` at most. Returns whether it is.
  bool run_until(const std::function<bool()>& condition, Duration limit = 60s) {
    const Instant end = now + limit;
    while (true) {
      send_all();
      if (condition()) return true;
      send_all();  // what the condition did
      Instant next = std::min(deadline(client), deadline(server));
      if (!flying_.empty()) next = std::min(next, flying_.begin()->first);
      if (next > end) break;
      WARREN_ASSERT((next > now || ++idle_steps_ < 10'000) && "time stands still");
      if (next > now) idle_steps_ = 0;
      now = std::max(now, next);
      step();
    }
    now = end;
    return condition();
  }
  void run_for(Duration duration) {
    run_until([] { return false; }, duration);
  }
  bool connect() {
    return run_until([&] { return established(client) && established(server); });
  }
  static bool established(const Node& node) {
    return node.connection && node.connection->established() && !node.connection->ended();
  }

  // As if it came from there.
  void inject(const Endpoint& from, const Endpoint& to, Bytes datagram) {
    flying_.emplace(now, Flying{{from, to}, std::move(datagram)});
  }

  Node client;
  Node server;
  Instant now{};
  bool cut = false;                        // everything is lost
  std::size_t datagrams = 0;               // that were sent
  std::size_t batches = 0;                 // in so many pieces
  std::size_t largest = 0;                 // of them
  bool quic_bit = true;                    // all of them had it
  std::function<void(Bytes&)> tamper{};    // with what flies
  std::function<void(Path&)> translate{};  // as a NAT does; the sender is `local`

 private:
  struct Flying {
    Path path;  // from the sender's view
    Bytes bytes;
  };

  Instant deadline(const Node& node) const {
    const bool done = !node.connection || node.connection->gone(now);
    return done ? Instant::max() : node.connection->deadline();
  }

  void send_all() {
    send(client);
    if (server.connection) send(server);
  }

  void send(Node& node) {
    while (const auto batch = node.connection->take(buffer_, now)) {
      ++batches;
      for (BytesView left = batch->bytes; !left.empty();) {
        const BytesView datagram = left.first(std::min(left.size(), batch->segment_size));
        left = left.subspan(datagram.size());
        fly(batch->path, datagram);
      }
    }
  }

  void fly(const Path& path, BytesView datagram) {
    ++datagrams;
    largest = std::max(largest, datagram.size());
    quic_bit = quic_bit && (datagram.front() & 0x40) != 0;
    const bool lost = random_.below(100) < options_.loss_percent || datagram.size() > options_.payload_max;
    if (cut || lost) return;
    const auto jitter = static_cast<std::uint64_t>(options_.jitter.count());
    const Duration more(jitter > 0 ? static_cast<Duration::rep>(random_.below(jitter)) : 0);
    Bytes bytes = to_bytes(datagram);
    if (tamper) tamper(bytes);
    Flying flying{path, std::move(bytes)};
    if (translate) translate(flying.path);
    flying_.emplace(now + options_.delay + more, std::move(flying));
  }

  void step() {
    while (!flying_.empty() && flying_.begin()->first <= now) {
      const Flying flying = std::move(flying_.begin()->second);
      flying_.erase(flying_.begin());
      deliver(flying);
    }
    client.connection->tick(now);
    if (server.connection) server.connection->tick(now);
  }

  void deliver(const Flying& flying) {
    Node* node = flying.path.remote == server.local   ? &server
                 : flying.path.remote == client.local ? &client
                                                      : nullptr;
    if (node == nullptr) return;
    // One that came to nothing makes room for the next.
    const bool failed = node->connection && !node->connection->established() && node->connection->gone(now);
    if (!node->connection || (node == &server && failed)) {
      const auto first = decode_first(flying.bytes);
      if (!first) return;
      node->start(Side::kResponder, flying.path.local, now, &*first);
    }
    node->connection->receive({node->local, flying.path.local}, flying.bytes, Ecn::kNotCapable, now);
  }

  PathOptions options_;
  sim::SeededRandom random_;
  std::multimap<Instant, Flying> flying_;
  Bytes buffer_ = Bytes(65536);
  int idle_steps_ = 0;
};

}  // namespace warren::quic::test
