// What a UDP datagram costs over loopback, both ends on one core: with a call each, with UDP_SEGMENT, and
// with UDP_GRO at the other end.

#include <benchmark/benchmark.h>

#include "warren/env/real/loop.hpp"
#include "warren/env/real/udp_socket.hpp"

namespace warren::real {
namespace {

// What a QUIC packet is over Ethernet, and what fits in one message.
constexpr std::size_t kDatagram = 1452;
constexpr std::size_t kBurst = 44;

// Sends bursts, and receives each before the next, so that none is lost.
Task<void> bursts(KernelUdpSocket& from, KernelUdpSocket& to, std::size_t count) {
  const Bytes payload(kBurst * kDatagram, 7);
  const Endpoint remote = to.local_endpoint();
  for (std::size_t i = 0; i < count; ++i) {
    co_await from.send(remote.address, remote, payload, kDatagram, Ecn::kNotCapable);
    for (std::size_t received = 0; received < kBurst;) {
      const auto batch = co_await to.receive();
      received += batch.size();
    }
  }
}

void datagrams(benchmark::State& state, UdpOptions options) {
  Loop loop(1);
  const Endpoint local{IpAddress::v4({127, 0, 0, 1}), 0};
  const auto from = value_or_throw(KernelUdpSocket::open(loop.env().executor, local, options));
  const auto to = value_or_throw(KernelUdpSocket::open(loop.env().executor, local, options));
  constexpr std::size_t kBursts = 100;
  while (state.KeepRunningBatch(kBursts * kBurst)) loop.run(bursts(*from, *to, kBursts));
  state.SetItemsProcessed(state.iterations());
  state.SetBytesProcessed(state.iterations() * static_cast<std::int64_t>(kDatagram));
}
BENCHMARK_CAPTURE(datagrams, plain, {.segmentation = false, .coalescing = false});
BENCHMARK_CAPTURE(datagrams, segmentation, {.segmentation = true, .coalescing = false});
BENCHMARK_CAPTURE(datagrams, segmentation_and_coalescing, {});

}  // namespace
}  // namespace warren::real

BENCHMARK_MAIN();
