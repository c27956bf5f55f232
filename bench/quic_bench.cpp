// What QUIC costs, both ends in this process and on one core:
//   quic_bench engine [MiB]     a transfer from one connection to another, without sockets: the CPU of each
//   end quic_bench sockets [MiB]    the same over UDP on loopback: the CPU of both together, the kernel's
//   included quic_bench idle [N]         N connections that nothing happens on: the memory of both ends
//   together

#include <fmt/core.h>
#include <malloc.h>
#include <sys/resource.h>

#include <cstdlib>
#include <fstream>
#include <string>

#include "warren/crypto/random.hpp"
#include "warren/env/real/loop.hpp"
#include "warren/env/real/udp_socket.hpp"
#include "warren/transport/quic/switchboard.hpp"

namespace warren::quic {
namespace {

constexpr std::size_t kMebi = 1024 * 1024;
const Endpoint kLocal{IpAddress::v4({127, 0, 0, 1}), 0};

tls::CertifiedKey make_key(Env& env) {
  const PrivateKey key =
      PrivateKey::generate(KeyType::kEd25519, [&](MutableBytes bytes) { env.random.fill(bytes); });
  return tls::make_certificate(key, env.clock.wall_now(), env.random);
}

double seconds_of(Duration duration) {
  return std::chrono::duration<double>(duration).count();
}

// --- engine ---

struct End {
  End(Env& env, Endpoint own)
      : local(own), credentials(make_key(env)), secret(env.random.bytes<kSecretSize>()) {}

  void start(Env& env, Side side, const Endpoint& remote, const FirstPacket* first = nullptr) {
    const EngineSetup engine{.side = side,
                             .path = {local, remote},
                             .now = env.clock.now(),
                             .random = env.random,
                             .reset_secret = secret,
                             .first = first};
    const ConnectionSetup setup{
        .engine = engine, .credentials = credentials, .wall_now = env.clock.wall_now()};
    connection = std::make_unique<Connection>(setup, Limits());
  }

  Endpoint local;
  Credentials credentials;
  std::array<std::uint8_t, kSecretSize> secret;
  std::unique_ptr<Connection> connection;
  Duration spent{};
  std::size_t datagrams = 0;
};

// One batch from one end to the other. False: nothing to be sent.
bool pass(Env& env, End& from, End& to, MutableBytes buffer) {
  const Instant begin = env.clock.now();
  const auto batch = from.connection->take(buffer, begin);
  const Instant taken = env.clock.now();
  from.spent += taken - begin;
  if (!batch) return false;
  for (BytesView left = batch->bytes; !left.empty();) {
    const BytesView datagram = left.first(std::min(left.size(), batch->segment_size));
    left = left.subspan(datagram.size());
    ++from.datagrams;
    if (!to.connection) {
      const FirstPacket first = value_or_throw(decode_first(datagram));
      to.start(env, Side::kResponder, from.local, &first);
    }
    to.connection->receive({to.local, from.local}, datagram, Ecn::kNotCapable, taken);
  }
  to.spent += env.clock.now() - taken;
  return true;
}

void transfer(Env& env, std::size_t total) {
  End client(env, {IpAddress::v4({127, 0, 0, 1}), 1});
  End server(env, {IpAddress::v4({127, 0, 0, 2}), 2});
  client.start(env, Side::kInitiator, server.local);
  Bytes buffer(64 * 1024);
  Bytes bytes(128 * 1024, 7);
  StreamStatePtr ours;
  StreamStatePtr theirs;
  std::size_t received = 0;
  while (received < total) {
    if (!ours && client.connection->established()) ours = value_or_throw(client.connection->open());
    const Instant begin = env.clock.now();
    if (ours) client.connection->write(*ours, bytes);
    client.spent += env.clock.now() - begin;
    const bool sent = pass(env, client, server, buffer);
    if (server.connection) {
      if (!theirs) theirs = server.connection->accept();
      const Instant reading = env.clock.now();
      while (theirs && !theirs->received.empty()) received += server.connection->read(*theirs, bytes);
      server.spent += env.clock.now() - reading;
      if (pass(env, server, client, buffer) || sent) continue;
      server.connection->tick(env.clock.now());
    }
    client.connection->tick(env.clock.now());
  }
  const auto per_byte = [&](const End& end) {
    return seconds_of(end.spent) * 1e9 / static_cast<double>(total);
  };
  fmt::print("sender {:.2f} ns/B, receiver {:.2f} ns/B; {} and {} datagrams\n", per_byte(client),
             per_byte(server), client.datagrams, server.datagrams);
}

// --- sockets ---

struct Node {
  explicit Node(Env& env) : board(env.executor, env.clock, env.random, make_key(env)) {
    auto socket = value_or_throw(real::KernelUdpSocket::open(env.executor, kLocal));
    address = socket->local_endpoint();
    board.add_socket(std::move(socket));
    value_or_throw(board.listen(address, {[](const Endpoint&) { return true; }}));
  }

  Switchboard board;
  Endpoint address;
};

using ConnectionPair = std::pair<std::unique_ptr<QuicConnection>, std::unique_ptr<QuicConnection>>;

Task<ConnectionPair> connect(Node& from, Node& to) {
  auto dialed = co_await from.board.dial(to.address, std::nullopt);
  auto accepted = co_await to.board.accept(to.address);
  co_return ConnectionPair(std::move(dialed), std::move(accepted));
}

Task<void> pour(ByteStream& stream, std::size_t total) {
  const Bytes bytes(256 * 1024, 7);
  for (std::size_t sent = 0; sent < total; sent += bytes.size()) co_await stream.write(bytes);
  co_await stream.close_write();
}

Task<void> drink(Env& env, Node& from, Node& to, std::size_t total) {
  ConnectionPair pair = co_await connect(from, to);
  const StreamPtr ours = co_await pair.first->open_stream();
  TaskGroup group(env.executor, "bench");
  group.spawn(pour(*ours, total));
  const StreamPtr theirs = co_await pair.second->accept_stream();
  Bytes buffer(256 * 1024);
  for (std::size_t size = 1; size > 0;) size = co_await theirs->read_some(buffer);
  co_await group.join();
}

double cpu_seconds() {
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  const auto seconds = [](const timeval& time) {
    return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_usec) * 1e-6;
  };
  return seconds(usage.ru_utime) + seconds(usage.ru_stime);
}

Task<void> close_both(Node& one, Node& other) {
  co_await one.board.close();
  co_await other.board.close();
}

void over_sockets(real::Loop& loop, std::size_t total) {
  Node one(loop.env());
  Node other(loop.env());
  const double cpu = cpu_seconds();
  const Instant begin = loop.env().clock.now();
  loop.run(drink(loop.env(), one, other, total));
  const double wall = seconds_of(loop.env().clock.now() - begin);
  fmt::print("both ends {:.2f} ns/B, {:.2f} Gbit/s\n",
             (cpu_seconds() - cpu) * 1e9 / static_cast<double>(total),
             static_cast<double>(total) * 8e-9 / wall);
  loop.run(close_both(one, other));
}

// --- idle ---

// As identify does: a short exchange, and that's all.
Task<ConnectionPair> meet(Node& from, Node& to) {
  ConnectionPair pair = co_await connect(from, to);
  const Bytes bytes(500, 7);
  const StreamPtr ours = co_await pair.first->open_stream();
  co_await ours->write(bytes);
  co_await ours->close_write();
  const StreamPtr theirs = co_await pair.second->accept_stream();
  co_await read_to_end(*theirs, 1000);
  co_await theirs->write(bytes);
  co_await theirs->close_write();
  co_await read_to_end(*ours, 1000);
  co_return pair;
}

Task<void> rest(Env& env, Duration duration) {
  co_await env.clock.sleep_for(duration);
}

std::size_t anonymous_memory() {
  std::ifstream file("/proc/self/smaps_rollup");
  for (std::string word; file >> word;) {
    if (word != "Anonymous:") continue;
    std::size_t kilobytes = 0;
    file >> kilobytes;
    return kilobytes * 1024;
  }
  return 0;
}

void idle(real::Loop& loop, std::size_t count) {
  Node one(loop.env());
  Node other(loop.env());
  std::vector<ConnectionPair> pairs;
  const auto add = [&](std::size_t more) {
    for (std::size_t i = 0; i < more; ++i) pairs.push_back(loop.run(meet(one, other)));
    loop.run(rest(loop.env(), 3s));
  };
  add(50);  // what is made once
  const std::size_t memory = anonymous_memory();
  const std::size_t heap = mallinfo2().uordblks;
  add(count);
  const auto each = [&](std::size_t bytes) {
    return static_cast<double>(bytes) / 1024 / static_cast<double>(count);
  };
  fmt::print("a connection, both ends: {:.1f} KiB of memory, {:.1f} KiB of them in use\n",
             each(anonymous_memory() - memory), each(mallinfo2().uordblks - heap));
  pairs.clear();
  loop.run(close_both(one, other));
}

int run(const std::string& what, std::size_t amount) {
  real::Loop loop(1);
  if (what == "engine") {
    transfer(loop.env(), (amount > 0 ? amount : 1024) * kMebi);
  } else if (what == "sockets") {
    over_sockets(loop, (amount > 0 ? amount : 1024) * kMebi);
  } else if (what == "idle") {
    idle(loop, amount > 0 ? amount : 1000);
  } else {
    fmt::print("quic_bench engine|sockets|idle [AMOUNT]\n");
    return 2;
  }
  return 0;
}

}  // namespace
}  // namespace warren::quic

int main(int argc, char** argv) {
  return warren::quic::run(argc > 1 ? argv[1] : "", argc > 2 ? std::strtoul(argv[2], nullptr, 10) : 0);
}
