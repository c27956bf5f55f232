// What noise_bench and tls_bench measure alike: handshakes, both ends on one core, and bytes through the
// channel.
#pragma once

#include <benchmark/benchmark.h>

#include "warren/core/stream.hpp"
#include "warren/security/test_nodes.hpp"

namespace warren::security_bench {

inline void shake_hands(benchmark::State& state, sim::Loop& loop, security_test::Node& alice,
                        security_test::Node& bob) {
  security_test::Party initiator{alice, bob.peer(), {"/yamux/1.0.0"}};
  security_test::Party responder{bob, {}, {"/yamux/1.0.0"}};
  loop.run(security_test::secure_both(loop, initiator, responder, sim::pipe(loop)));
  if (!initiator.channel || !responder.channel) state.SkipWithError("the handshake failed");
}

// Two nodes that meet again and again.
template <class Node>
void handshake(benchmark::State& state, KeyType type) {
  sim::Loop loop;
  Node alice(loop, type, 1);
  Node bob(loop, type, 2);
  for (auto _ : state) shake_hands(state, loop, alice, bob);
  state.SetItemsProcessed(state.iterations());
}

inline Task<void> send_all(ByteStream& stream, Bytes chunk, int count) {
  for (int i = 0; i < count; ++i) co_await stream.write(chunk);
  co_await stream.close_write();
}

inline Task<void> receive_all(ByteStream& stream, std::size_t buffer_size, std::size_t& got) {
  Bytes buffer(buffer_size);
  while (const std::size_t size = co_await stream.read_some(buffer)) got += size;
}

inline Task<void> transfer(sim::Loop& loop, ByteStream& from, ByteStream& to, std::size_t chunk, int count,
                           std::size_t buffer_size, std::size_t& got) {
  TaskGroup group(loop.executor(), "bench");
  group.spawn(send_all(from, Bytes(chunk, 7), count));
  group.spawn(receive_all(to, buffer_size, got));
  co_await group.join();
}

// 16 MiB through a simulated pipe, bare or secured, read with a buffer of so many bytes: the difference is
// what a channel costs.
template <class Node>
void pipe_transfer(benchmark::State& state, bool secured, std::size_t buffer_size) {
  const std::size_t chunk = static_cast<std::size_t>(state.range(0));
  constexpr std::size_t kTotal = 16 * 1024 * 1024;
  sim::Loop loop;
  Node alice(loop, KeyType::kEd25519, 1);
  Node bob(loop, KeyType::kEd25519, 2);
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
    loop.run(transfer(loop, from, to, chunk, static_cast<int>(kTotal / chunk), buffer_size, got));
    if (got != kTotal / chunk * chunk) state.SkipWithError("not all arrived");
  }
  state.SetBytesProcessed(state.iterations() * static_cast<std::int64_t>(kTotal));
}

}  // namespace warren::security_bench
