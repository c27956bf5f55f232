// What TLS costs beside Noise (noise_bench.cpp): handshakes, both ends on one core, certificates, and bytes
// through the records.

#include <benchmark/benchmark.h>

#include "warren/core/stream.hpp"
#include "warren/security/tls/test_nodes.hpp"

namespace warren::tls {
namespace {

void handshake(benchmark::State& state, KeyType type) {
  sim::Loop loop;
  test::TlsNode alice(loop, type, 1);
  test::TlsNode bob(loop, type, 2);
  for (auto _ : state) {
    security_test::Party initiator{alice, bob.peer(), {"/yamux/1.0.0"}};
    security_test::Party responder{bob, {}, {"/yamux/1.0.0"}};
    loop.run(security_test::secure_both(loop, initiator, responder, sim::pipe(loop)));
    if (!initiator.channel || !responder.channel) state.SkipWithError("the handshake failed");
  }
  state.SetItemsProcessed(state.iterations());
}
BENCHMARK_CAPTURE(handshake, ed25519, KeyType::kEd25519);
BENCHMARK_CAPTURE(handshake, rsa, KeyType::kRsa);
BENCHMARK_CAPTURE(handshake, sm2, KeyType::kSm2);

// The same, when each sees the other's certificate for the first time.
void first_handshake(benchmark::State& state, KeyType type) {
  sim::Loop loop;
  for (auto _ : state) {
    state.PauseTiming();
    test::TlsNode alice(loop, type, 1);
    test::TlsNode bob(loop, type, 2);
    state.ResumeTiming();
    security_test::Party initiator{alice, bob.peer(), {"/yamux/1.0.0"}};
    security_test::Party responder{bob, {}, {"/yamux/1.0.0"}};
    loop.run(security_test::secure_both(loop, initiator, responder, sim::pipe(loop)));
    if (!initiator.channel || !responder.channel) state.SkipWithError("the handshake failed");
  }
  state.SetItemsProcessed(state.iterations());
}
BENCHMARK_CAPTURE(first_handshake, ed25519, KeyType::kEd25519);

// Parsing included.
void verify(benchmark::State& state, KeyType type) {
  sim::Loop loop;
  test::TlsNode node(loop, type, 1);
  const CertifiedKey made = make_certificate(node.key, loop.clock().wall_now(), node.random);
  const std::array<BytesView, 1> chain = {made.certificate};
  for (auto _ : state) {
    if (!verify_certificates(chain, loop.clock().wall_now())) state.SkipWithError("not verified");
  }
  state.SetItemsProcessed(state.iterations());
}
BENCHMARK_CAPTURE(verify, ed25519, KeyType::kEd25519);

Task<void> send_all(ByteStream& stream, Bytes chunk, int count) {
  for (int i = 0; i < count; ++i) co_await stream.write(chunk);
  co_await stream.close_write();
}

Task<void> receive_all(ByteStream& stream, std::size_t& got) {
  Bytes buffer(128 * 1024);
  while (const std::size_t size = co_await stream.read_some(buffer)) got += size;
}

Task<void> transfer(sim::Loop& loop, ByteStream& from, ByteStream& to, std::size_t chunk, int count,
                    std::size_t& got) {
  TaskGroup group(loop.executor(), "bench");
  group.spawn(send_all(from, Bytes(chunk, 7), count));
  group.spawn(receive_all(to, got));
  co_await group.join();
}

// 16 MiB through a simulated pipe, bare or secured: the difference is what a channel costs.
void pipe_transfer(benchmark::State& state, bool secured) {
  const std::size_t chunk = static_cast<std::size_t>(state.range(0));
  constexpr std::size_t kTotal = 16 * 1024 * 1024;
  sim::Loop loop;
  test::TlsNode alice(loop, KeyType::kEd25519, 1);
  test::TlsNode bob(loop, KeyType::kEd25519, 2);
  for (auto _ : state) {
    state.PauseTiming();
    auto ends = sim::pipe(loop, {.buffer = 2 * kTotal});
    security_test::Party initiator{alice};
    security_test::Party responder{bob};
    if (secured) loop.run(security_test::secure_both(loop, initiator, responder, std::move(ends)));
    ByteStream& from = secured ? **initiator.channel : *ends.first;
    ByteStream& to = secured ? **responder.channel : *ends.second;
    std::size_t got = 0;
    state.ResumeTiming();
    loop.run(transfer(loop, from, to, chunk, static_cast<int>(kTotal / chunk), got));
    if (got != kTotal / chunk * chunk) state.SkipWithError("not all arrived");
  }
  state.SetBytesProcessed(state.iterations() * static_cast<std::int64_t>(kTotal));
}
BENCHMARK_CAPTURE(pipe_transfer, bare, false)->Arg(128 * 1024);
BENCHMARK_CAPTURE(pipe_transfer, tls, true)->Arg(16 * 1024)->Arg(128 * 1024);

}  // namespace
}  // namespace warren::tls

BENCHMARK_MAIN();
