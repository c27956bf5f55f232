// What Noise costs: handshakes, both ends on one core, and bytes through the records against the bare cipher.

#include <openssl/evp.h>

#include <algorithm>

#include "bench/secure_bench.hpp"
#include "warren/security/noise/records.hpp"
#include "warren/security/noise/test_nodes.hpp"

namespace warren::noise {
namespace {

void handshake(benchmark::State& state, KeyType type) {
  security_bench::handshake<test::NoiseNode>(state, type);
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

void pipe_transfer(benchmark::State& state, bool secured) {
  security_bench::pipe_transfer<test::NoiseNode>(state, secured, 64 * 1024);
}
BENCHMARK_CAPTURE(pipe_transfer, bare, false)->Arg(64 * 1024);
BENCHMARK_CAPTURE(pipe_transfer, noise, true)->Arg(64 * 1024)->Arg(256 * 1024);

}  // namespace
}  // namespace warren::noise

BENCHMARK_MAIN();
