// What Noise costs: handshakes, both ends on one core, and bytes through the records against the bare cipher.

#include <benchmark/benchmark.h>
#include <openssl/evp.h>

#include <algorithm>

#include "warren/core/stream.hpp"
#include "warren/security/noise/records.hpp"
#include "warren/security/noise/test_nodes.hpp"

namespace warren::noise {
namespace {

void handshake(benchmark::State& state, KeyType type) {
  sim::Loop loop;
  test::NoiseNode alice(loop, type, 1);
  test::NoiseNode bob(loop, type, 2);
  for (auto _ : state) {
    security_test::Party initiator{alice, bob.peer(), {"/yamux/1.0.0"}};
    security_test::Party responder{bob, {}, {"/yamux/1.0.0"}};
    loop.run(security_test::secure_both(loop, initiator, responder, sim::pipe(loop)));
    if (!initiator.channel || !responder.channel) state.SkipWithError("the handshake failed");
  }
  state.SetItemsProcessed(state.iterations());
}
BENCHMARK_CAPTURE(handshake, ed25519, KeyType::kEd25519);
BENCHMARK_CAPTURE(handshake, sm2, KeyType::kSm2);

// One record of the largest size, sealed and opened with nothing but OpenSSL.
void openssl_seal_and_open(benchmark::State& state) {
  const std::size_t size = static_cast<std::size_t>(state.range(0));
  const Bytes key(kKeySize, 1);
  std::array<std::uint8_t, 12> nonce{};
  EVP_CIPHER_CTX* seal = EVP_CIPHER_CTX_new();
  EVP_CIPHER_CTX* open = EVP_CIPHER_CTX_new();
  EVP_EncryptInit_ex2(seal, EVP_chacha20_poly1305(), key.data(), nullptr, nullptr);
  EVP_DecryptInit_ex2(open, EVP_chacha20_poly1305(), key.data(), nullptr, nullptr);
  const Bytes plaintext(size, 7);
  Bytes sealed(size + kTagSize);
  Bytes opened(size + kTagSize);
  const int length = static_cast<int>(size);
  for (auto _ : state) {
    int written = 0;
    ++nonce[4];
    EVP_EncryptInit_ex2(seal, nullptr, nullptr, nonce.data(), nullptr);
    EVP_EncryptUpdate(seal, sealed.data(), &written, plaintext.data(), length);
    EVP_EncryptFinal_ex(seal, sealed.data() + size, &written);
    EVP_CIPHER_CTX_ctrl(seal, EVP_CTRL_AEAD_GET_TAG, kTagSize, sealed.data() + size);
    EVP_DecryptInit_ex2(open, nullptr, nullptr, nonce.data(), nullptr);
    EVP_CIPHER_CTX_ctrl(open, EVP_CTRL_AEAD_SET_TAG, kTagSize, sealed.data() + size);
    EVP_DecryptUpdate(open, opened.data(), &written, sealed.data(), length);
    if (EVP_DecryptFinal_ex(open, opened.data() + size, &written) != 1) state.SkipWithError("not opened");
  }
  EVP_CIPHER_CTX_free(seal);
  EVP_CIPHER_CTX_free(open);
  state.SetBytesProcessed(state.iterations() * length);
}
BENCHMARK(openssl_seal_and_open)->Arg(100)->Arg(1000)->Arg(16 * 1024)->Arg(kRecordPlaintextMax);

// The same through RecordWriter and RecordReader: framing, buffers and copies included.
void records_seal_and_open(benchmark::State& state) {
  const std::size_t size = static_cast<std::size_t>(state.range(0));
  const BufferPool pool;
  const std::array<std::uint8_t, kKeySize> key{1};
  RecordWriter writer(CipherState(key), pool);
  RecordReader reader(CipherState(key), pool);
  const Bytes plaintext(size, 7);
  Bytes opened(64 * 1024);
  for (auto _ : state) {
    auto sealed = value_or_throw(writer.seal(plaintext));
    std::size_t got = 0;
    for (BytesView rest = sealed.buffer.bytes().first(sealed.size); !rest.empty();) {
      const MutableBytes space = reader.space();
      const std::size_t part = std::min(space.size(), rest.size());
      std::ranges::copy(rest.first(part), space.begin());
      reader.add(part);
      rest = rest.subspan(part);
      while (const std::size_t more = value_or_throw(reader.read(opened))) got += more;
    }
    if (got != size) state.SkipWithError("not all was opened");
  }
  state.SetBytesProcessed(state.iterations() * static_cast<std::int64_t>(size));
}
BENCHMARK(records_seal_and_open)->Arg(100)->Arg(1000)->Arg(16 * 1024)->Arg(kSealMax);

Task<void> send_all(ByteStream& stream, Bytes chunk, int count) {
  for (int i = 0; i < count; ++i) co_await stream.write(chunk);
  co_await stream.close_write();
}

Task<void> receive_all(ByteStream& stream, std::size_t& got) {
  Bytes buffer(64 * 1024);
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
  test::NoiseNode alice(loop, KeyType::kEd25519, 1);
  test::NoiseNode bob(loop, KeyType::kEd25519, 2);
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
BENCHMARK_CAPTURE(pipe_transfer, bare, false)->Arg(64 * 1024);
BENCHMARK_CAPTURE(pipe_transfer, noise, true)->Arg(64 * 1024)->Arg(256 * 1024);

}  // namespace
}  // namespace warren::noise

BENCHMARK_MAIN();
