// What a byte costs on its way through a connection: CPU time of both ends together, on one core, over a real
// TCP connection on loopback, layer by layer. OpenSSL's bare cipher is measured in the same run, in turn with
// the others: A B C C B A, so that a machine that slows down or speeds up favours nobody.
//
//   channel_bench [BLOCKS]        default 15; each measures every row twice

#include <fmt/format.h>
#include <openssl/evp.h>
#include <sched.h>
#include <sys/resource.h>

#include <algorithm>
#include <map>
#include <ranges>

#include "warren/async/task_group.hpp"
#include "warren/env/real/loop.hpp"
#include "warren/muxer/yamux/muxer.hpp"
#include "warren/security/noise/transport.hpp"
#include "warren/transport/tcp/transport.hpp"

namespace warren {
namespace {

constexpr std::size_t kChunk = 64 * 1024;
constexpr std::size_t kMeasured = 256 * 1024 * 1024;
constexpr std::size_t kWarmUp = 32 * 1024 * 1024;  // until the windows have their size

enum class Row { kOpenssl, kTcp, kYamux, kNoise, kNoiseYamux };

constexpr std::array kRows{Row::kOpenssl, Row::kTcp, Row::kYamux, Row::kNoise, Row::kNoiseYamux};

std::string_view name_of(Row row) {
  switch (row) {
    case Row::kOpenssl: return "OpenSSL ChaCha20-Poly1305, 64 KiB, seal + open";
    case Row::kTcp: return "TCP";
    case Row::kYamux: return "TCP + yamux";
    case Row::kNoise: return "TCP + Noise";
    case Row::kNoiseYamux: return "TCP + Noise + yamux";
  }
  return {};
}

struct Sample {
  double cpu_ns = 0;  // a byte, user and system, all threads
  double gbit_s = 0;  // by the wall clock
};

// Measures from its construction on.
class Stopwatch {
 public:
  Sample stop(std::size_t bytes) const {
    const auto size = static_cast<double>(bytes);
    const std::chrono::duration<double> wall = std::chrono::steady_clock::now() - wall_;
    return {.cpu_ns = (cpu() - cpu_) * 1e9 / size, .gbit_s = size * 8e-9 / wall.count()};
  }

 private:
  static double cpu() {
    rusage usage{};
    getrusage(RUSAGE_SELF, &usage);
    const auto seconds = [](const timeval& time) {
      return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_usec) * 1e-6;
    };
    return seconds(usage.ru_utime) + seconds(usage.ru_stime);
  }

  std::chrono::steady_clock::time_point wall_ = std::chrono::steady_clock::now();
  double cpu_ = cpu();
};

// Nothing but the cipher, which is what any channel pays at least.
Sample measure_openssl() {
  const Bytes key(32, 1);
  std::array<std::uint8_t, 12> nonce{};
  EVP_CIPHER_CTX* seal = EVP_CIPHER_CTX_new();
  EVP_CIPHER_CTX* open = EVP_CIPHER_CTX_new();
  EVP_EncryptInit_ex2(seal, EVP_chacha20_poly1305(), key.data(), nullptr, nullptr);
  EVP_DecryptInit_ex2(open, EVP_chacha20_poly1305(), key.data(), nullptr, nullptr);
  const Bytes plaintext(kChunk, 7);
  Bytes sealed(kChunk + 16);
  Bytes opened(kChunk);
  const int size = kChunk;
  bool ok = true;
  const Stopwatch watch;
  for (std::size_t done = 0; done < kMeasured; done += kChunk) {
    int written = 0;
    ++nonce[4 + done / kChunk % 8];
    EVP_EncryptInit_ex2(seal, nullptr, nullptr, nonce.data(), nullptr);
    EVP_EncryptUpdate(seal, sealed.data(), &written, plaintext.data(), size);
    EVP_EncryptFinal_ex(seal, sealed.data() + size, &written);
    EVP_CIPHER_CTX_ctrl(seal, EVP_CTRL_AEAD_GET_TAG, 16, sealed.data() + size);
    EVP_DecryptInit_ex2(open, nullptr, nullptr, nonce.data(), nullptr);
    EVP_CIPHER_CTX_ctrl(open, EVP_CTRL_AEAD_SET_TAG, 16, sealed.data() + size);
    EVP_DecryptUpdate(open, opened.data(), &written, sealed.data(), size);
    ok = EVP_DecryptFinal_ex(open, opened.data() + size, &written) == 1 && ok;
  }
  const Sample sample = watch.stop(kMeasured);
  EVP_CIPHER_CTX_free(seal);
  EVP_CIPHER_CTX_free(open);
  if (!ok) throw_error(Errc::kDecryptFailed);
  return sample;
}

// --- a connection, up to the layers that a row has ---

struct End {
  StreamPtr stream;
  std::unique_ptr<MuxedConnection> muxed;  // none: the row has no yamux
};

// One node; both are in this process, on one loop.
struct Node {
  explicit Node(Env& env)
      : env(env),
        key(PrivateKey::generate(KeyType::kEd25519, [&env](MutableBytes bytes) { env.random.fill(bytes); })),
        tcp(env),
        noise(key, env.random, env.offload),
        yamux(env) {}

  Env& env;
  PrivateKey key;
  tcp::TcpTransport tcp;
  noise::NoiseTransport noise;
  yamux::YamuxMuxer yamux;
};

Task<void> upgrade(Node& node, Row row, Side side, StreamPtr raw, End& end) {
  if (row == Row::kNoise || row == Row::kNoiseYamux) {
    std::vector<ProtocolId> no_muxers;
    raw = co_await node.noise.secure(std::move(raw), side, std::nullopt, std::move(no_muxers));
  }
  if (row != Row::kYamux && row != Row::kNoiseYamux) {
    end.stream = std::move(raw);
    co_return;
  }
  end.muxed = node.yamux.multiplex(std::move(raw), side);
  end.muxed->start();
  if (side == Side::kInitiator) {
    end.stream = co_await end.muxed->open_stream();
  } else {
    end.stream = co_await end.muxed->accept_stream();
  }
}

Task<void> dial(Node& node, Row row, Multiaddr address, End& end) {
  RawConnection raw = co_await node.tcp.dial(std::move(address));
  co_await upgrade(node, row, Side::kInitiator, std::move(raw.stream), end);
}

Task<void> answer(Node& node, Row row, TransportListener& listener, End& end) {
  RawConnection raw = co_await listener.accept();
  co_await upgrade(node, row, Side::kResponder, std::move(raw.stream), end);
}

Task<void> send(ByteStream& stream, std::size_t size) {
  const Bytes chunk(kChunk, 7);
  for (std::size_t done = 0; done < size; done += kChunk) co_await stream.write(chunk);
}

Task<void> receive(ByteStream& stream, std::size_t size) {
  Bytes buffer(kChunk);
  while (size > 0) size -= co_await stream.read_some(buffer);
}

Task<void> transfer(const Executor& executor, End& from, End& to, std::size_t size) {
  TaskGroup group(executor, "bench");
  group.spawn(send(*from.stream, size));
  group.spawn(receive(*to.stream, size));
  co_await group.join();
}

Task<Sample> measure_channel(Node& dialer, Node& listener, Row row) {
  const Multiaddr address = value_or_throw(Multiaddr::parse("/ip4/127.0.0.1/tcp/0"));
  const auto listening = value_or_throw(listener.tcp.listen(address));
  End from;
  End to;
  {
    TaskGroup group(dialer.env.executor, "bench");
    group.spawn(dial(dialer, row, listening->address(), from));
    group.spawn(answer(listener, row, *listening, to));
    co_await group.join();
  }
  co_await transfer(dialer.env.executor, from, to, kWarmUp);
  const Stopwatch watch;
  co_await transfer(dialer.env.executor, from, to, kMeasured);
  const Sample sample = watch.stop(kMeasured);
  for (End* end : {&from, &to}) {
    if (end->muxed) co_await end->muxed->close();
  }
  co_return sample;
}

// --- the table ---

double median(std::vector<double> values) {
  std::ranges::sort(values);
  const std::size_t half = values.size() / 2;
  return values.size() % 2 == 1 ? values[half] : (values[half - 1] + values[half]) / 2;
}

void print_table(std::map<Row, std::vector<Sample>>& samples) {
  fmt::print("{:<48}{:>16}{:>14}{:>12}{:>10}\n", "CPU, both ends, one core", "ns/B, median", "min - max",
             "/ OpenSSL", "Gbit/s");
  for (const Row row : kRows) {
    std::vector<double> costs;
    std::vector<double> ratios;
    std::vector<double> rates;
    for (std::size_t i = 0; i < samples[row].size(); ++i) {
      costs.push_back(samples[row][i].cpu_ns);
      ratios.push_back(samples[row][i].cpu_ns / samples[Row::kOpenssl][i].cpu_ns);
      rates.push_back(samples[row][i].gbit_s);
    }
    const auto [low, high] = std::ranges::minmax(costs);
    fmt::print("{:<48}{:>16.2f}{:>14}{:>12.2f}{:>10.1f}\n", name_of(row), median(costs),
               fmt::format("{:.2f} - {:.2f}", low, high), median(ratios), median(rates));
  }
}

void pin_to_one_core() {
  cpu_set_t cores;
  CPU_ZERO(&cores);
  CPU_SET(static_cast<std::size_t>(sched_getcpu()), &cores);
  sched_setaffinity(0, sizeof(cores), &cores);
}

int run(int blocks) {
  pin_to_one_core();
  real::Loop loop;
  Node dialer(loop.env());
  Node listener(loop.env());
  const auto measure = [&](Row row) {
    return row == Row::kOpenssl ? measure_openssl() : loop.run(measure_channel(dialer, listener, row));
  };
  std::map<Row, std::vector<Sample>> samples;
  for (int block = 0; block < blocks; ++block) {
    for (const Row row : kRows) samples[row].push_back(measure(row));
    for (const Row row : kRows | std::views::reverse) samples[row].push_back(measure(row));
  }
  print_table(samples);
  return 0;
}

}  // namespace
}  // namespace warren

int main(int argc, char** argv) {
  return warren::run(argc > 1 ? std::max(1, std::atoi(argv[1])) : 15);
}
