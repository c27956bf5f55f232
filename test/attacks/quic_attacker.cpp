// Floods a UDP port of loopback, from many addresses of 127.0.0.0/8, for test/cli/cases_quic_attacks.py. One
// line of JSON says what was sent.
//
//   warren_quic_attacker PORT KIND COUNT RATE      so many datagrams, so many a second
//
//   noise     random bytes, of random sizes
//   short     what looks like packets of connections: each could be answered with a stateless reset
//   forged    what looks like a client's first packet, and is not encrypted as one
//   hello     first packets of clients that will never be heard of again
//   version   first packets of a version that does not exist

#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <charconv>
#include <chrono>
#include <iostream>
#include <nlohmann/json.hpp>

#include "warren/env/real/loop.hpp"
#include "warren/transport/quic/connection.hpp"

namespace warren::attacks {
namespace {

constexpr std::size_t kSources = 200;
constexpr std::size_t kPrepared = 2000;
constexpr std::size_t kBurst = 50;

using Datagrams = std::vector<Bytes>;

sockaddr_in address_of(std::uint32_t host, std::uint16_t port) {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(port);
  address.sin_addr.s_addr = htonl(host);
  return address;
}

// Sockets bound to 127.x.y.z, whose answers nobody reads.
std::vector<int> open_sources() {
  std::vector<int> sources;
  for (std::uint32_t i = 0; i < kSources; ++i) {
    const int socket = ::socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    const sockaddr_in address = address_of((127u << 24) + ((i + 1) << 10) + 7, 0);
    if (::bind(socket, reinterpret_cast<const sockaddr*>(&address), sizeof(address)) != 0) {
      throw_error(Errc::kAddressNotAvailable, "127.0.0.0/8");
    }
    sources.push_back(socket);
  }
  return sources;
}

Bytes noise(Random& random, std::size_t size) {
  Bytes bytes(size);
  random.fill(bytes);
  return bytes;
}

// A long header (RFC 9000, section 17.2) before noise.
Bytes first_packet(Random& random, std::uint32_t version) {
  Bytes bytes = noise(random, 1200);
  bytes[0] = 0xc3;
  for (std::size_t i = 0; i < 4; ++i) bytes[1 + i] = static_cast<std::uint8_t>(version >> (24 - 8 * i));
  bytes[5] = 8;   // a connection ID
  bytes[14] = 8;  // another
  bytes[23] = 0;  // no token
  bytes[24] = 0x44;
  bytes[25] = 0x96;  // the length of the rest: 1174
  return bytes;
}

Datagrams hellos(Env& env) {
  const PrivateKey key =
      PrivateKey::generate(KeyType::kEd25519, [&](MutableBytes bytes) { env.random.fill(bytes); });
  const quic::Credentials credentials(tls::make_certificate(key, env.clock.wall_now(), env.random));
  const auto secret = env.random.bytes<quic::kSecretSize>();
  const Endpoint local{IpAddress::v4({127, 0, 0, 1}), 1};
  const quic::Limits limits;
  Datagrams datagrams;
  Bytes buffer(limits.datagram_max);
  for (std::size_t i = 0; i < kPrepared; ++i) {
    const quic::EngineSetup engine{.side = Side::kInitiator,
                                   .path = {local, local},
                                   .now = env.clock.now(),
                                   .random = env.random,
                                   .reset_secret = secret};
    quic::Connection connection(
        {.engine = engine, .credentials = credentials, .wall_now = env.clock.wall_now()}, limits);
    const auto batch = connection.take(buffer, env.clock.now());
    datagrams.push_back(to_bytes(batch->bytes));
  }
  return datagrams;
}

Datagrams prepare(Env& env, std::string_view kind) {
  if (kind == "hello") return hellos(env);
  Datagrams datagrams;
  for (std::size_t i = 0; i < kPrepared; ++i) {
    if (kind == "forged") {
      datagrams.push_back(first_packet(env.random, 1));
    } else if (kind == "version") {
      datagrams.push_back(first_packet(env.random, 0x7a7a7a7a));
    } else {
      datagrams.push_back(noise(env.random, 1 + env.random.below(1400)));
      if (kind == "short") datagrams.back()[0] = 0x40;
    }
  }
  return datagrams;
}

Task<void> flood(Env& env, std::uint16_t port, Datagrams datagrams, std::size_t count, std::size_t rate) {
  const std::vector<int> sources = open_sources();
  sockaddr_in to = address_of((127u << 24) + 1, port);
  const Instant begin = env.clock.now();
  std::size_t sent = 0;
  for (std::size_t burst = 0; sent < count; ++burst) {
    std::array<iovec, kBurst> pieces{};
    std::array<mmsghdr, kBurst> messages{};
    for (std::size_t i = 0; i < kBurst; ++i) {
      const Bytes& datagram = datagrams[(sent + i) % datagrams.size()];
      pieces[i] = {const_cast<std::uint8_t*>(datagram.data()), datagram.size()};
      messages[i].msg_hdr = {.msg_name = &to,
                             .msg_namelen = sizeof(to),
                             .msg_iov = &pieces[i],
                             .msg_iovlen = 1,
                             .msg_control = nullptr,
                             .msg_controllen = 0,
                             .msg_flags = 0};
    }
    const int done = ::sendmmsg(sources[burst % sources.size()], messages.data(), kBurst, 0);
    if (done > 0) sent += static_cast<std::size_t>(done);
    co_await env.clock.sleep_until(begin + std::chrono::nanoseconds(1'000'000'000ULL * sent / rate));
  }
  const std::chrono::duration<double> took = env.clock.now() - begin;
  for (const int socket : sources) ::close(socket);
  std::cout << nlohmann::ordered_json{{"event", "sent"}, {"sent", sent}, {"seconds", took.count()}}.dump()
            << std::endl;
}

std::size_t number_of(std::string_view text) {
  std::size_t number = 0;
  const auto parsed = std::from_chars(text.data(), text.data() + text.size(), number);
  if (parsed.ec != std::errc() || number == 0) throw_error(Errc::kMalformed, std::string(text));
  return number;
}

}  // namespace
}  // namespace warren::attacks

int main(int argc, char** argv) {
  using namespace warren;
  if (argc != 5) {
    std::cerr << "usage: warren_quic_attacker PORT KIND COUNT RATE\n";
    return 2;
  }
  real::Loop loop(1);
  const auto port = static_cast<std::uint16_t>(attacks::number_of(argv[1]));
  loop.run(attacks::flood(loop.env(), port, attacks::prepare(loop.env(), argv[2]),
                          attacks::number_of(argv[3]), attacks::number_of(argv[4])));
  return 0;
}
